"""Scores of runs whose numbers are known, and runs that must be refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from invented_runs import FAMILIES, Episode, failing, run_of, suite, write_run
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import RecordError
from drivebench.evaluation.manifest import Selection
from drivebench.evaluation.record import Status, checksums_of
from leaderboard.outcomes import MEASURES, outcomes_of
from leaderboard.scores import score_run
from leaderboard.statistics import Estimate
from leaderboard.table import make_table

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def test_a_perfect_run_scores_100(tmp_path: Path) -> None:
    score = score_run(run_of(tmp_path / "run", suite()))
    assert score.overall.dbs.value == 100.0
    assert score.overall.measures["success"].value == 100.0
    assert score.overall.measures["off_road"].value == 0.0
    assert score.overall.at_fault is not None
    assert score.overall.at_fault.value == 0.0
    assert score.overall.dbs.n == len(suite())
    assert score.faults == {}


def test_the_headline_is_the_mean_over_families(tmp_path: Path) -> None:
    # 4 merge episodes crash, 8 lane-keeping episodes are perfect: 50, not 67.
    episodes = [Episode(family="lane-keeping", seed=2_000_000 + k) for k in range(8)]
    episodes += [Episode(family="merge", seed=2_000_000 + k, crashed=True) for k in range(4)]
    score = score_run(run_of(tmp_path / "run", episodes))
    assert score.families["lane-keeping"].dbs.value == 100.0
    assert score.families["merge"].dbs.value == 0.0
    assert score.overall.dbs.value == 50.0
    assert score.worst_family == ("merge", 0.0)
    # by hand: 4 collisions in 12 × 475 m = 5.7 km are 70.2 per 100 km
    assert score.overall.at_fault is not None
    assert score.overall.at_fault.value == pytest.approx(4 / 5.7 * 100)


def test_parts_are_percentages(tmp_path: Path) -> None:
    # by hand: 3 of 30 s uncomfortable is C = 0.9; DBS = 100 (0.6 + 0.4 (5 + 3 + 1.8) / 10) = 99.2
    episodes = [replace(episode, uncomfortable_s=3.0) for episode in suite()]
    score = score_run(run_of(tmp_path / "run", episodes))
    assert score.overall.measures["c"].value == pytest.approx(90.0)
    assert score.overall.dbs.value == pytest.approx(99.2)


def test_an_ability_is_tested_by_episodes(tmp_path: Path) -> None:
    episodes = [replace(e, crashed=e.condition == "off-course" and e.family == "merge") for e in suite()]
    score = score_run(run_of(tmp_path / "run", episodes))
    assert list(score.abilities) == ["lane-keeping", "recovery", "interaction"]
    assert score.abilities["lane-keeping"].dbs.value == 100.0
    assert score.abilities["lane-keeping"].dbs.n == 3  # nominal ones
    assert score.abilities["recovery"].dbs.value == 75.0  # merge 0, the other three families 100
    assert score.abilities["recovery"].dbs.n == 12
    assert score.abilities["interaction"].dbs.value == 100.0
    assert score.abilities["interaction"].dbs.n == 9
    assert score.conditions["off-course"].dbs.value == 75.0


def test_a_fault_of_the_policy_scores_0_and_is_counted(tmp_path: Path) -> None:
    episodes = [replace(e, status=Status.TIMED_OUT) if e.seed == 2_000_000 else e for e in suite()]
    score = score_run(run_of(tmp_path / "run", episodes))
    assert score.faults == {"timed-out": 8}
    assert score.overall.dbs.value == pytest.approx(100 * 2 / 3)
    assert score.overall.measures["success"].value == pytest.approx(100 * 2 / 3)


def test_what_a_run_lacks_scores_0(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole", failing(suite(), 1), name="whole")
    part = [episode for episode in suite() if episode.family == "merge"]
    lacking = run_of(tmp_path / "part", part, name="part", selection=Selection(scenarios=("merge-v1",)))
    assert score_run(lacking).overall.dbs.value == 100.0
    assert set(score_run(lacking, whole.manifest.episodes).families) == set(FAMILIES)
    table = make_table([outcomes_of(whole), outcomes_of(lacking)])
    scores = {row.label: row.cells["dbs"] for row in table.rows}
    assert {label: cell.value for label, cell in scores.items() if isinstance(cell, Estimate)} == {
        "whole": 0.0,
        "part": 25.0,
    }
    assert any("part is a partial run (merge-v1); 18 episodes" in note for note in table.notes)


def test_same_records_same_numbers(tmp_path: Path) -> None:
    one = score_run(run_of(tmp_path / "one", failing(suite(), 3)))
    other = score_run(run_of(tmp_path / "other", failing(suite(), 3)))
    assert one.as_json() == other.as_json()


def test_score_prints_one_object(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", failing(suite(), 3), training_seed=4)
    result = CliRunner().invoke(cli.app, ["score", str(path), "--json"])
    assert result.exit_code == 0, result.output
    (run,) = json.loads(result.stdout)["runs"]
    assert set(MEASURES) | {"at_fault_per_100_km"} == set(run["overall"])
    assert run["overall"]["dbs"] == {"value": pytest.approx(200 / 3), "low": run["overall"]["dbs"]["low"]} | {
        "high": run["overall"]["dbs"]["high"],
        "n": 24,
    }
    assert run["policy"]["training_seed"] == 4
    assert run["suite"]["partial"] is False


def test_score_for_people_says_when_there_is_no_interval(tmp_path: Path) -> None:
    episodes = [Episode(family="merge", status=Status.RAISED)]
    result = CliRunner().invoke(cli.app, ["score", str(write_run(tmp_path / "run", episodes))])
    assert result.exit_code == 0
    assert "DBS                  0.0, n = 1: too few for an interval" in result.stdout
    assert "ValueError: no such road" in result.stdout


def edit_episode(path: Path) -> str:
    text = (path / "episodes.jsonl").read_text()
    (path / "episodes.jsonl").write_text(text.replace('"overspeed_m":0.0', '"overspeed_m":0.5', 1))
    return "episodes.jsonl"


def cut_the_last_line(path: Path) -> str:
    text = (path / "episodes.jsonl").read_text()
    (path / "episodes.jsonl").write_text(text[:-40])
    return "episodes.jsonl"


def drop_an_episode(path: Path) -> str:
    lines = (path / "episodes.jsonl").read_text().splitlines(keepends=True)
    (path / "episodes.jsonl").write_text("".join(lines[1:]))
    return "lane-keeping-v1/nominal/2000000"


def lose_the_actions(path: Path) -> str:
    (path / "actions" / "0000.npy").unlink()
    return "actions/0000.npy"


def never_finish(path: Path) -> str:
    (path / "checksums.json").unlink()
    return "not finished"


def repeat_an_episode(path: Path) -> str:
    lines = (path / "episodes.jsonl").read_text().splitlines(keepends=True)
    (path / "episodes.jsonl").write_text("".join([lines[0], *lines]))
    return "repeats lane-keeping-v1/nominal/2000000"


def come_from_the_future(path: Path) -> str:
    content = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(
        json.dumps({**content, "schema_version": 9, "drivebench": "3.0", "new": 1})
    )
    return "was written in schema 9 by drivebench 3.0"


def lines_of(path: Path) -> list[str]:
    return (path / "episodes.jsonl").read_text().splitlines(keepends=True)


def seal_again(path: Path, lines: list[str]) -> None:
    """As somebody does who edits a record on purpose: every checksum fits."""
    (path / "episodes.jsonl").write_text("".join(lines))
    (path / "checksums.json").write_text(json.dumps(checksums_of(path)))


def repeat_and_seal(path: Path) -> str:
    lines = lines_of(path)
    seal_again(path, [lines[0], *lines])
    return "repeats lane-keeping-v1/nominal/2000000"


def drop_and_seal(path: Path) -> str:
    seal_again(path, lines_of(path)[1:])
    return "lacks lane-keeping-v1/nominal/2000000"


def swap_and_seal(path: Path) -> str:
    one, other, *lines = lines_of(path)
    seal_again(path, [other, one, *lines])
    return "is not in the order of run.json"


def take_a_stranger_and_seal(path: Path) -> str:
    lines = lines_of(path)
    seal_again(path, [*lines, lines[0].replace('"seed":2000000', '"seed":7')])
    return "has the unexpected lane-keeping-v1/nominal/7"


def measure_nothing_and_seal(path: Path) -> str:
    lines = lines_of(path)
    seal_again(path, [lines[0].replace('"overspeed_m":0.0', '"overspeed_m":NaN'), *lines[1:]])
    return "episodes.jsonl:1"


def claim_a_new_status_and_seal(path: Path) -> str:
    lines = lines_of(path)
    seal_again(path, [lines[0].replace('"status":"driven"', '"status":"brilliant"'), *lines[1:]])
    return "status"


def come_sealed_from_the_future(path: Path) -> str:
    content = json.loads((path / "checksums.json").read_text())
    (path / "checksums.json").write_text(json.dumps({**content, "schema_version": 9}))
    return "it is of another schema"


@pytest.mark.parametrize("command", ["score", "table"])
@pytest.mark.parametrize(
    "spoil",
    [
        edit_episode,
        cut_the_last_line,
        drop_an_episode,
        repeat_an_episode,
        lose_the_actions,
        never_finish,
        come_from_the_future,
        repeat_and_seal,
        drop_and_seal,
        swap_and_seal,
        take_a_stranger_and_seal,
        measure_nothing_and_seal,
        claim_a_new_status_and_seal,
        come_sealed_from_the_future,
    ],
)
def test_a_spoilt_run_is_refused_by_name(tmp_path: Path, spoil: object, command: str) -> None:
    path = write_run(tmp_path / "spoilt-run", suite())
    said = spoil(path)  # type: ignore[operator]
    result = CliRunner().invoke(cli.app, [command, str(path)])
    assert result.exit_code == cli.NOT_GOOD
    assert result.stdout == ""
    assert "spoilt-run" in result.stderr
    assert said in result.stderr


def test_a_missing_episode_has_the_worst_of_everything(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", suite()[:-1])
    score = score_run(run, [*run.manifest.episodes, "merge-v1/nominal/2009999"])
    missing = score_run(run, ["merge-v1/nominal/2009999", "merge-v1/nominal/2009998"])
    assert missing.overall.measures["off_road"].value == 100.0
    assert missing.overall.dbs.value == 0.0
    assert score.faults == {"missing": 1}


def test_a_policy_that_never_answered_has_no_latency(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", suite())
    assert outcomes_of(run).latency_s == 0.004
    silent = replace(run, timing=tuple(replace(chunk, decisions=0) for chunk in run.timing))
    assert outcomes_of(silent).latency_s is None


def test_a_run_of_another_metric_is_not_scored_by_this_one(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", suite(), metric_version=0, metric_digest="0" * 64)
    with pytest.raises(RecordError, match="measured by version 0 of the metric"):
        score_run(run)
