"""The published records: whole, true to the simulator, and the first lesson on three training seeds."""

import itertools
from pathlib import Path

import pytest

from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.verify import verify_run
from leaderboard.quickstart.plan import CORRECTED, PLAIN
from leaderboard.scores import score_run
from leaderboard.statistics import Estimate

RECORDS = Path(__file__).parents[2] / "leaderboard" / "records"
RUNS = sorted(RECORDS.glob("*/*.zip"))
SEEDS = (0, 1, 2)


def _run(suite: str, method: str, seed: int) -> Run:
    return _record(suite, f"{method}-seed-{seed}")


def _record(suite: str, name: str) -> Run:
    return load_run(RECORDS / suite / f"{name}.zip")


def _ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@pytest.mark.slow
@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_number_of_a_record_is_what_its_action_logs_give(path: Path) -> None:
    assert verify_run(path).disagreements == ()


def test_records_are_light_and_nothing_else_is_there() -> None:
    assert len(RUNS) >= 2 * len(SEEDS)
    assert sum(path.stat().st_size for path in RUNS) < 25_000_000
    assert max(path.stat().st_size for path in RUNS) < 1_000_000
    assert sorted(path for path in RECORDS.rglob("*") if path.is_file()) == sorted(
        [*RUNS, RECORDS / "README.md"]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_side_cameras_bring_back_what_a_clone_loses(seed: int) -> None:
    plain, corrected = (_run("recovery", method, seed) for method in (PLAIN, CORRECTED))
    assert plain.manifest.policy.training is not None
    assert plain.manifest.policy.training["open_loop"]["steering_r2"] > 0.95
    lost, brought_back = (score_run(run).overall.dbs for run in (plain, corrected))
    assert brought_back.value - lost.value >= 30.0
    assert _ends(brought_back)[0] > _ends(lost)[1]


def test_the_score_tells_the_expert_from_a_trained_policy_from_chance() -> None:
    names = ("expert", f"{PLAIN}-seed-0", "random")
    scores = [score_run(_record("test", name)).overall.dbs for name in names]
    for better, worse in itertools.pairwise(scores):
        assert _ends(better)[0] > _ends(worse)[1]


@pytest.mark.parametrize("suite", ["test", "recovery"])
@pytest.mark.parametrize("method", [PLAIN, CORRECTED])
def test_records_are_whole_runs_of_that_method_and_seed(suite: str, method: str) -> None:
    for seed in SEEDS:
        manifest = _run(suite, method, seed).manifest
        assert (manifest.policy.name, manifest.suite.name) == (method, suite)
        assert manifest.policy.training is not None
        assert (manifest.policy.training["seed"], manifest.policy.training["budget"]) == (seed, "full")
        assert not manifest.selection.partial
