"""The tables of the READMEs are what the published records give."""

from pathlib import Path

import pytest
from invented_runs import failing, run_of, suite

from drivebench.errors import DataError
from drivebench.evaluation.publish import publish
from leaderboard import readme
from leaderboard.marked import marked, replace_marked
from leaderboard.outcomes import outcomes_of
from leaderboard.readme import Published

DOCUMENT = "Before.\n<!-- scores: made by a command -->\nold\n<!-- end of scores -->\nAfter.\n"

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def test_the_tables_are_not_stale() -> None:
    assert readme.stale() == [], "run `python -m leaderboard.readme`"


def test_a_number_that_was_edited_or_a_record_that_was_added_makes_a_table_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    body = readme._stamped("| policy | DBS |\n|---|---|\n| mine | 71.2 |", readme.records_digest(tmp_path))
    page.write_text(replace_marked(DOCUMENT, "scores", body))
    monkeypatch.setattr(readme, "TABLES", {page: {"scores": lambda published: ""}})
    assert readme.stale(tmp_path) == []
    page.write_text(page.read_text().replace("71.2", "81.2"))
    assert readme.stale(tmp_path) == [f"{page}: scores"]
    page.write_text(page.read_text().replace("81.2", "71.2"))
    publish(run_of(tmp_path / "run", suite(1)), tmp_path / "test" / "mine.zip")
    assert readme.stale(tmp_path) == [f"{page}: scores"]


def test_a_method_has_its_mean_over_training_seeds(tmp_path: Path) -> None:
    runs = [
        Published(test=outcomes_of(run_of(tmp_path / str(seed), episodes, training_seed=seed)), recovery=None)
        for seed, episodes in enumerate((suite(4), failing(suite(4), 4), failing(suite(4), 2)))
    ]
    reference = run_of(tmp_path / "x", suite(4), name="expert", track="privileged")
    expert = Published(test=outcomes_of(reference), recovery=None)
    table = readme._methods_table([*runs, expert])
    # By hand: 100, 75 and 50 have the mean 75 and the standard deviation 25; t(0.975, 2) = 4.3027, so the
    # half width is 4.3027 * 25 / sqrt(3) = 62.1, and the high end is cut at 100.
    assert "| `some-policy` | camera | 75.0 [12.9, 100.0] | 75.0 | 100.0, 75.0, 50.0 |" in table
    # what nobody trained has no spread over trainings
    assert table.splitlines()[-1] == "| `expert` | privileged | 100.0 | 100.0 | not trained |"


def test_a_part_of_a_document_is_replaced_and_the_rest_stays() -> None:
    text = replace_marked(DOCUMENT, "scores", "new\n")
    assert text == DOCUMENT.replace("old", "new")
    assert marked(text, "scores") == "new"
    with pytest.raises(DataError, match="found 0 and 0"):
        replace_marked("nothing here", "scores", "new")
    with pytest.raises(DataError, match="found 2 and 2"):
        replace_marked(DOCUMENT + DOCUMENT, "scores", "new")
