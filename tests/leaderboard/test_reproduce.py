"""Runs held against published ones: every verdict, the plan, and a reference driven for real."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from invented_runs import Episode, failing, run_of, suite
from typer.testing import CliRunner

from drivebench import cli, registry
from drivebench.errors import UnknownNameError
from drivebench.evaluation.record import Run
from leaderboard.jobs.crew import Crew
from leaderboard.jobs.ledger import Ledger
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.reproduce.compare import PUBLISHED, Verdict, compare, published_runs
from leaderboard.reproduce.plan import TABLE, Entrant, Layout, entrants
from leaderboard.reproduce.report import as_json, as_text, comparisons

pytestmark = pytest.mark.usefixtures("fewer_resamples")

SEED_0 = Entrant(name="some-policy", seed=0)


def trained(path: Path, episodes: list[Episode], seed: int, **training: object) -> Run:
    run = run_of(path, episodes, training_seed=seed)
    card = replace(run.manifest.policy, training={"seed": seed, "budget": "full", **training})
    return replace(run, manifest=replace(run.manifest, policy=card))


@pytest.fixture
def published(tmp_path: Path) -> list[Outcomes]:
    """Three training seeds: 100, 75 and 88 points."""
    episodes = (suite(8), failing(suite(8), 4), failing(suite(8), 8))
    runs = [trained(tmp_path / f"seed-{seed}", part, seed) for seed, part in enumerate(episodes)]
    return [outcomes_of(run) for run in runs]


def test_the_same_actions_are_identical(tmp_path: Path, published: list[Outcomes]) -> None:
    found = compare(SEED_0, trained(tmp_path / "new", suite(8), 0), published)
    assert found.verdict is Verdict.IDENTICAL
    assert found.difference is not None
    assert found.difference.value == 0.0
    assert found.good


def test_a_difference_that_the_episodes_leave_open_is_reproduced(
    tmp_path: Path, published: list[Outcomes]
) -> None:
    episodes = suite(8)
    episodes[3] = replace(episodes[3], progress=0.97)
    found = compare(SEED_0, trained(tmp_path / "new", episodes, 0), published)
    assert found.verdict is Verdict.REPRODUCED
    assert found.difference is not None
    assert found.difference.value < 0.0


def test_one_policy_may_differ_as_training_seeds_do(tmp_path: Path, published: list[Outcomes]) -> None:
    found = compare(SEED_0, trained(tmp_path / "new", failing(suite(8), 3), 0), published)
    assert found.verdict is Verdict.DIFFERENT
    assert found.good
    assert found.difference is not None
    assert found.difference.high is not None
    assert found.difference.high < 0.0
    assert found.why.startswith("one more training seed: ")


def test_what_no_training_seed_explains_is_not_good(tmp_path: Path, published: list[Outcomes]) -> None:
    found = compare(SEED_0, trained(tmp_path / "new", failing(suite(8), 1), 0), published)
    assert (found.verdict, found.good) == (Verdict.BEYOND, False)
    alone = compare(SEED_0, trained(tmp_path / "alone", failing(suite(8), 1), 0), published[:1])
    assert alone.verdict is Verdict.BEYOND  # one seed says nothing about others


def test_other_seeds_budgets_and_engines_are_not_compared(tmp_path: Path, published: list[Outcomes]) -> None:
    new = trained(tmp_path / "new", suite(8), 0)
    assert compare(Entrant(name="some-policy", seed=3), new, published).verdict is Verdict.NOT_PUBLISHED
    smoke = compare(SEED_0, trained(tmp_path / "smoke", suite(8), 0, budget="smoke"), published)
    assert smoke.verdict is Verdict.NOT_COMPARABLE
    assert smoke.why == "the budget of the training: smoke, published full"
    engine = replace(new, manifest=replace(new.manifest, engine_digest="f" * 16))
    found = compare(SEED_0, engine, published)
    assert (found.verdict, found.published) == (Verdict.NOT_COMPARABLE, None)
    assert found.why == "the engine digest is another one than when seed-0 was published"


def test_the_plan_shares_demonstrations_and_names_runs_as_records_are_named(tmp_path: Path) -> None:
    wanted = entrants(["behavior-cloning", "camera-correction", "idle", "idle"], [0, 1, 0])
    assert [each.folder for each in wanted] == [
        "behavior-cloning-seed-0",
        "behavior-cloning-seed-1",
        "camera-correction-seed-0",
        "camera-correction-seed-1",
        "idle",
    ]
    layout = Layout(out=tmp_path, budget="full", workers=1000)
    jobs = [layout.job(entrant) for entrant in wanted]
    assert [[step.verb for step in job.steps] for job in jobs[3:]] == [
        ["collect", "train", "evaluate"],
        ["evaluate"],
    ]
    assert jobs[0].steps[0] == jobs[1].steps[0]
    assert jobs[0].steps[1].product != jobs[1].steps[1].product
    for job in jobs:
        assert job.steps[-1].to_run[-2:] == ("--workers", "1")


def test_a_misspelt_row_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'behavior-cloning'"):
        entrants(["behaviour-clonning"], [0])


def test_every_baseline_of_the_house_is_a_row_of_the_table() -> None:
    names = registry.names("baseline")
    assert {name for name in names if registry.where("baseline", name).startswith("baselines.")} <= set(TABLE)


def test_a_reference_driven_again_is_the_published_one(tmp_path: Path) -> None:
    part = ("--scenario", "lane-keeping-v1", "--condition", "nominal", "--limit", "2")
    layout = Layout(out=tmp_path / "out", budget="full", part=part)
    wanted = [Entrant(name="idm", seed=None), Entrant(name="expert", seed=None)]
    crew = Crew(Ledger(layout.out, "reproduce", {}), [layout.job(wanted[0])], 1)
    crew.work()
    found = comparisons(layout, wanted, {"expert": "`evaluate` exited with code 2: no road"}, PUBLISHED)
    assert [each.verdict for each in found] == [Verdict.IDENTICAL, Verdict.FAILED]
    text = as_text(layout, found)
    assert "a part of suite test v" in text
    assert "+0.0 [" in text
    assert "failed: `evaluate` exited with code 2: no road" in text
    content = json.loads(as_json(layout, found))
    assert not content["good"]
    assert content["runs"][0]["verdict"] == "identical"
    assert content["runs"][0]["new"]["value"] == content["runs"][0]["published"]["value"]


def test_the_command_exits_with_2_for_a_name_that_nobody_knows(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["reproduce", "nobody", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "unknown baseline or driver 'nobody'" in result.output
    assert not (tmp_path / "out").exists()


def test_published_runs_are_found_by_what_they_say_they_are() -> None:
    runs = published_runs(["behavior-cloning", "behavior"], PUBLISHED / "recovery")
    assert [run.training_seed for run in runs["behavior-cloning"]] == [0, 1, 2]
    assert runs["behavior"] == []
