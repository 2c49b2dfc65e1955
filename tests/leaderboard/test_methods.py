"""Claims about methods: over training seeds alone, and never in one table with claims about policies."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_runs import failing, run_of, suite
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import ConfigurationError
from drivebench.evaluation.manifest import Selection
from drivebench.evaluation.record import Run
from leaderboard.formats import FORMATS
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.rows import Table
from leaderboard.statistics import Estimate, mean_over_seeds
from leaderboard.table import make_table

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def trained(run: Run, **settings: Any) -> Outcomes:
    """The same with further words on its training."""
    training = {**(run.manifest.policy.training or {}), **settings}
    card = replace(run.manifest.policy, training=training)
    return outcomes_of(replace(run, manifest=replace(run.manifest, policy=card)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> list[Outcomes]:
    """A method with crashes in every 2nd, 3rd and 4th episode, one with a single seed, and the untrained."""
    folder = tmp_path_factory.mktemp("runs")
    made = [
        run_of(folder / f"three-{every}", failing(suite(), every), name="three", training_seed=every)
        for every in (2, 3, 4)
    ]
    made.append(run_of(folder / "one", suite(), name="one", training_seed=0))
    made.append(run_of(folder / "idle", failing(suite(), 1), name="idle"))
    made.append(run_of(folder / "expert", suite(), name="expert", track="privileged"))
    return [outcomes_of(run) for run in made]


@pytest.fixture(scope="module")
def table(runs: list[Outcomes]) -> Table:
    return make_table(runs, claim="method")


def test_a_row_is_a_method_with_the_interval_over_its_seeds(table: Table) -> None:
    rows = {row.label: row for row in table.rows}
    # by hand: every 2nd, 3rd and 4th of 24 crashes: 50, 66.7 and 75
    cell, by_hand = rows["three"].cells["dbs"], mean_over_seeds([50.0, 200 / 3, 75.0])
    assert isinstance(cell, Estimate)
    assert (cell.value, cell.low, cell.n) == (
        pytest.approx(by_hand.value),
        pytest.approx(by_hand.low),
        3,
    )
    assert rows["three"].cells["k"] == 3
    assert set(rows) == {"three", "one", "idle", "expert"}


def test_one_seed_and_no_training_have_no_interval(table: Table) -> None:
    rows = {row.label: row for row in table.rows}
    assert rows["one"].cells["dbs"] == Estimate(value=100.0, low=None, high=None, n=1)
    assert rows["idle"].cells["dbs"] == 0.0
    assert rows["idle"].cells["k"] is None
    # nothing is known of another training of the one, so that it may stand anywhere
    assert rows["one"].rank == (1, 3)
    assert rows["three"].rank == (1, 2)
    assert rows["idle"].rank == (2, 3)


def test_the_caption_and_the_notes_say_what_a_row_is(table: Table) -> None:
    assert "Student's t over training seeds" in table.caption
    assert any("A row is a method" in note for note in table.notes)
    assert (
        "three: DBS of each training seed 50.0, 66.7, 75.0; fewer than 5: little can be said." in table.notes
    )
    checkpoint = FORMATS["text"](table).replace("k = 1", "")
    assert "n = 1]" not in checkpoint


def test_a_table_of_policies_makes_no_claim_about_methods(runs: list[Outcomes]) -> None:
    policies = make_table(runs)
    assert len(policies.rows) == len(runs)
    text = FORMATS["text"](policies)
    assert "Student" not in text
    assert "not its method" in text


@pytest.mark.parametrize("by", ["family", "ability", "condition", "aggregate"])
def test_every_breakdown_in_every_format(runs: list[Outcomes], by: Any) -> None:
    table, again = make_table(runs, by, claim="method"), make_table(runs[::-1], by, claim="method")
    for form, write in FORMATS.items():
        assert write(table) == write(again), form


def test_the_same_seed_twice_is_refused(tmp_path: Path) -> None:
    one = run_of(tmp_path / "one", failing(suite(), 2), name="m", training_seed=0)
    other = run_of(tmp_path / "other", failing(suite(), 3), name="m", training_seed=0)
    with pytest.raises(ConfigurationError, match="the training seed 0"):
        make_table([outcomes_of(one), outcomes_of(other)], claim="method")


def test_other_settings_are_another_method(tmp_path: Path) -> None:
    runs = [
        trained(run_of(tmp_path / str(k), failing(suite(), k + 2), name="m", training_seed=k), budget=budget)
        for k, budget in enumerate(("full", "full", "smoke"))
    ]
    table = make_table(runs, claim="method")
    assert sorted((row.label.partition(" (")[0], row.cells["k"]) for row in table.rows) == [
        ("m", 1),
        ("m", 2),
    ]
    assert len({row.label for row in table.rows}) == 2


def test_a_part_of_a_suite_is_no_claim_about_a_method(tmp_path: Path) -> None:
    part = run_of(tmp_path / "part", suite(1), name="m", selection=Selection(limit=1))
    with pytest.raises(ConfigurationError, match="part of the suite"):
        make_table([outcomes_of(part)], claim="method")


LITERATURE = """
[[row]]
name = "Theirs <b> \\\\input{x}"
cite = "they2026"
claim = "CLAIM"
track = "camera"
suite_digest = "DIGEST"
dbs = 41.2
interval = [38.0, 44.4]
n = 5
cells = { success = 30.5 }
bibtex = "@article{they2026, title = {Theirs}}"
"""


def literature(path: Path, *, claim: str = "checkpoint", digest: str = "a" * 12, **edit: str) -> Path:
    text = LITERATURE.replace("CLAIM", claim).replace("DIGEST", digest)
    for old, new in edit.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_numbers_from_a_paper_stand_apart_and_are_marked(runs: list[Outcomes], tmp_path: Path) -> None:
    made = literature(tmp_path / "papers.toml")
    arguments = ["table", *(str(run.path) for run in runs), "--literature", str(made)]
    result = CliRunner().invoke(cli.app, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.stderr
    row = json.loads(result.stdout)["rows"][-1]
    assert (row["cite"], row["rank"], row["marks"]) == ("they2026", None, "§")
    assert row["cells"]["dbs"] == {"value": 41.2, "low": 38.0, "high": 44.4, "n": 5}
    assert row["cells"]["success"] == 30.5
    assert row["cells"]["ep"] is None
    latex = CliRunner().invoke(cli.app, [*arguments, "--format", "latex"]).stdout
    assert r"\cite{they2026}" in latex
    assert "not verified" in latex
    assert r"\input" not in latex
    cited = CliRunner().invoke(cli.app, [*arguments, "--bibtex"]).stdout
    assert "@article{they2026, title = {Theirs}}" in cited
    assert "@misc{highway-env," in cited
    assert "@software{drivebench," in cited


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"claim": "method"}, "claim about a method"),
        ({"digest": "b" * 12}, "cannot share a table"),
        ({"digest": "a"}, "12 digits"),
        ({"41.2": "141.2"}, "expected 0 to 100"),
        ({"41.2": "nan"}, "finite"),
        ({"success": "sucess"}, "has the cells sucess"),
        ({"cite": "site"}, "Expected [[row]]"),
        ({"[[row]]": "[[rows]]"}, "expected [[row]] alone"),
        ({"[[row]]": "[[row"}, "cannot be read as TOML"),
    ],
)
def test_numbers_from_a_paper_that_do_not_belong_are_refused(
    runs: list[Outcomes], tmp_path: Path, edit: dict[str, str], said: str
) -> None:
    made = literature(tmp_path / "papers.toml", **edit)
    result = CliRunner().invoke(cli.app, ["table", str(runs[0].path), "--literature", str(made)])
    assert result.exit_code == cli.WRONG_USAGE
    assert said in result.stderr.replace("\n", " ")
