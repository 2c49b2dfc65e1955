"""The score under other weights and thresholds: the page is of these records, changes have effects."""

from pathlib import Path

import pytest

from drivebench.evaluation.record import Run
from leaderboard.scores import score_run
from leaderboard.sensitivity import AS_IT_IS, VARIANTS, headline, page, published

PAGE = Path(__file__).parents[2] / "docs" / "score.md"


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    return published()


def test_without_a_change_it_is_the_score(runs: dict[str, Run]) -> None:
    for name in ("expert", "idm", "random"):
        assert headline(runs[name], AS_IT_IS) == pytest.approx(score_run(runs[name]).overall.dbs.value)


def test_every_variant_changes_somebodys_score(runs: dict[str, Run]) -> None:
    some = {name: runs[name] for name in ("camera-correction-seed-2", "idm", "random")}
    now = {name: headline(run, AS_IT_IS) for name, run in some.items()}
    without = [v.name for v in VARIANTS if all(headline(run, v) == now[name] for name, run in some.items())]
    assert without == []


def test_the_page_is_of_these_records(runs: dict[str, Run]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(runs), "make it again: python -m leaderboard.sensitivity"
