"""Whole evaluations on small suites: what a run holds, that it resumes, that failures are scored 0."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_suites import STEADY, submission, suite

from drivebench.errors import ConfigurationError, RecordError, UnknownNameError
from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module
from drivebench.evaluation.engines.engine import HarnessError
from drivebench.evaluation.isolation.tiers import choose, try_tier
from drivebench.evaluation.manifest import Driven, Limits, Selection
from drivebench.evaluation.record import Run, Status, load_run
from drivebench.evaluation.rollout import DriverPilot
from drivebench.evaluation.run import EvaluationRequest, evaluate, select
from drivebench.evaluation.verify import verify_run
from drivebench.suite import Suite

SUITE = suite()
LIMITS = Limits(start_up_s=60.0, decision_s=20.0)


@pytest.fixture(autouse=True)
def _small_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Suite:
        assert name == SUITE.name
        return SUITE

    monkeypatch.setattr(run_module, "load_suite", load)
    monkeypatch.setattr(verify_module, "load_suite", load)


def request(out: Path, what: object, **changes: object) -> EvaluationRequest:
    settings: dict[str, object] = {"workers": 1, "chunk_size": 2, "limits": LIMITS} | changes
    return EvaluationRequest(what=str(what), suite=SUITE.name, out=out, **settings)  # type: ignore[arg-type]


def results(path: Path) -> dict[str, bytes]:
    """The files that are the same in every run."""
    files = [path / "episodes.jsonl", *sorted((path / "actions").iterdir())]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


COUNTING = STEADY.replace(
    "import numpy", "import math; math.batches = getattr(math, 'batches', 0) + 1; import numpy"
)
"""Would drive otherwise in each batch, as far as it can tell which one it is."""


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    code = COUNTING.replace("6.0", "5.0 + math.batches")
    return submission(tmp_path_factory.mktemp("submissions") / "steady", code)


@pytest.fixture(scope="module")
def finished(steady: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, to be copied before it is changed."""
    out = tmp_path_factory.mktemp("runs") / "steady"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "load_suite", lambda name: SUITE)
        evaluate(request(out, steady))
    return out


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def test_a_run_holds_everything_that_was_asked(finished: Path) -> None:
    run = load_run(finished)
    assert [record.key for record in run.episodes] == [entry.key for entry in SUITE.entries]
    assert run.manifest.policy.kind is Driven.SUBMISSION
    assert run.manifest.policy.name == "steady"
    assert run.manifest.isolation == choose().value
    assert run.manifest.attempts[0].machine["landlock"] == try_tier(choose()).landlock
    assert not run.failures
    assert [timing.episodes for timing in run.timing] == [2, 2, 2]
    assert all(timing.decisions > 0 for timing in run.timing)
    (attempt,) = run.manifest.attempts
    assert (attempt.outcome, attempt.chunks) == ("finished", 3)
    assert {file.name for file in finished.iterdir()} == {
        "run.json", "episodes.jsonl", "actions", "timing.jsonl", "checksums.json",
    }  # fmt: skip
    assert verify_run(finished).agrees


def test_results_depend_neither_on_workers_nor_on_the_time_of_day(
    finished: Path, steady: Path, tmp_path: Path
) -> None:
    done: list[tuple[int, int]] = []
    run = evaluate(request(tmp_path / "run", steady, workers=2), lambda *counts: done.append(counts))
    assert results(tmp_path / "run") == results(finished)
    assert run.results == load_run(finished).results
    assert done[0] == (0, 6)
    assert done[-1] == (6, 6)


def test_an_interrupted_run_resumes_to_the_same_bytes(finished: Path, steady: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(request(out, steady), interrupt)
    assert not (out / "checksums.json").exists()
    with pytest.raises(RecordError, match=r"not finished.*6 episodes in 3 chunks.*--resume"):
        load_run(out)
    with pytest.raises(ConfigurationError, match="exists and is not overwritten"):
        evaluate(request(out, steady))
    first_chunk = (out / "actions" / "0000.npy").stat().st_mtime_ns
    evaluate(request(out, steady, resume=True))
    assert (out / "actions" / "0000.npy").stat().st_mtime_ns == first_chunk
    assert results(out) == results(finished)
    attempts = load_run(out).manifest.attempts
    assert [(attempt.outcome, attempt.chunks) for attempt in attempts] == [
        ("interrupted", 1),
        ("finished", 2),
    ]


def test_resuming_a_finished_run_changes_nothing(copied: Path, steady: Path) -> None:
    def everything() -> dict[Path, bytes]:
        return {path: path.read_bytes() if path.is_file() else b"" for path in copied.rglob("*")}

    before = everything()
    evaluate(request(copied, steady, resume=True))
    assert everything() == before


def test_another_policy_or_suite_cannot_resume_a_run(copied: Path, steady: Path, tmp_path: Path) -> None:
    other = submission(tmp_path / "other", STEADY + "\n# edited\n")
    with pytest.raises(ConfigurationError, match="cannot be resumed: its policy"):
        evaluate(request(copied, other, resume=True))
    with pytest.raises(ConfigurationError, match="cannot be resumed: its chunk_size is 2, but now it is 3"):
        evaluate(request(copied, steady, resume=True, chunk_size=3))
    with pytest.raises(ConfigurationError, match="cannot be resumed: its selection"):
        evaluate(request(copied, steady, resume=True, selection=Selection(limit=1)))


FAILS_LATER = """
import numpy as np, os, time

class Fails:
    def reset(self, slots):
        self.left = 5

    def act(self, observation, slots):
        self.left -= 1
        actions = np.zeros((len(slots), 2), np.float32)
        if self.left < 0:
            {fault}
        return actions

def load(directory):
    return Fails()
"""
FAULTS = {
    "raise ValueError('no more')": (Status.RAISED, "ValueError: no more", 5),
    "time.sleep(600)": (Status.TIMED_OUT, "no answer within 1 s", 5),
    "os._exit(9)": (Status.EXITED, "its process exited with code 9", 5),
    "actions = actions[:1]": (Status.WRONG_SHAPE, "actions of shape (1, 2); expected (2, 2)", 5),
    "actions[:] = np.nan": (
        Status.NOT_FINITE,
        "the action (nan, nan); expected finite numbers in [-1, 1]",
        5,
    ),
    "actions[:] = 1.5": (Status.OUT_OF_RANGE, "the action (1.5, 1.5); expected numbers in [-1, 1]", 5),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_policy_that_fails_is_scored_zero_and_the_run_goes_on(fault: str, tmp_path: Path) -> None:
    status, reason, decisions = FAULTS[fault]
    made = submission(tmp_path / "fails", FAILS_LATER.format(fault=fault))
    limits = replace(LIMITS, decision_s=1.0)
    run = evaluate(request(tmp_path / "run", made, limits=limits, selection=Selection(limit=2)))
    assert len(run.failures) == len(run.episodes) == 4
    assert run.manifest.selection.partial
    for record in run.episodes:
        assert (record.status, record.reason) == (status, reason)
        assert record.score == 0.0
        assert not record.success
        assert record.actions.decisions == decisions
        assert record.measurement.duration_s == 1.0
    assert verify_run(tmp_path / "run").agrees


def test_only_the_episode_with_the_bad_action_fails(tmp_path: Path) -> None:
    code = FAILS_LATER.format(fault="actions[1] = np.inf")
    made = submission(tmp_path / "fails", code)
    run = evaluate(request(tmp_path / "run", made, selection=Selection(limit=2)))
    assert [record.status for record in run.episodes] == [Status.DRIVEN, Status.NOT_FINITE] * 2
    decisions = [record.actions.decisions for record in run.episodes]
    assert decisions[1::2] == [5, 5]
    assert min(decisions[::2]) > 5
    assert verify_run(tmp_path / "run").agrees


def test_a_policy_that_cannot_be_loaded_fails_every_episode(tmp_path: Path) -> None:
    made = submission(tmp_path / "broken", "import no_such_module")
    run = evaluate(request(tmp_path / "run", made))
    assert {record.status for record in run.episodes} == {Status.START_UP}
    assert all("no_such_module" in record.reason for record in run.episodes)
    assert all(record.actions.decisions == 0 for record in run.episodes)
    assert "ModuleNotFoundError" in (tmp_path / "run" / "logs" / "0000.txt").read_text()
    assert verify_run(tmp_path / "run").agrees


def test_drivers_and_untrained_baselines_are_evaluated_by_name(tmp_path: Path) -> None:
    selection = Selection(limit=1)
    expert = evaluate(request(tmp_path / "expert", "expert", selection=selection))
    assert expert.manifest.policy.kind is Driven.DRIVER
    assert expert.manifest.policy.track == "privileged"
    assert expert.manifest.isolation == "none"
    assert all(record.score > 90.0 for record in expert.episodes)
    random = evaluate(request(tmp_path / "random", "random", selection=selection))
    again = evaluate(request(tmp_path / "again", "random", selection=selection))
    assert random.results == again.results
    assert random.results != expert.results


def test_names_that_do_not_exist_are_corrected(tmp_path: Path, steady: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'expert'"):
        evaluate(request(tmp_path / "run", "exprt"))
    with pytest.raises(UnknownNameError, match="Did you mean 'process'"):
        evaluate(request(tmp_path / "run", steady, isolation="proces"))
    blind = submission(tmp_path / "blind", sensors='["frnt"]')
    with pytest.raises(ConfigurationError, match=r"DB301.*Did you mean 'front'"):
        evaluate(request(tmp_path / "run", blind))
    aside = submission(tmp_path / "aside", sensors='["front", "right"]')
    with pytest.raises(ConfigurationError, match=r"DB306.*'right', which records demonstrations"):
        evaluate(request(tmp_path / "run", aside))
    told = submission(tmp_path / "told", sensors='["kinematics"]')
    with pytest.raises(ConfigurationError, match="'kinematics' is not of the camera track"):
        evaluate(request(tmp_path / "run", told))
    sees_all = submission(tmp_path / "sees-all", track='"privileged"')
    with pytest.raises(ConfigurationError, match=r"DB302.*tracks 'camera' or 'kinematics'"):
        evaluate(request(tmp_path / "run", sees_all))
    with pytest.raises(ConfigurationError, match="has to be trained first"):
        evaluate(request(tmp_path / "run", "behavior-cloning"))
    with pytest.raises(UnknownNameError, match="Did you mean 'lane-keeping-v1'"):
        evaluate(request(tmp_path / "run", steady, selection=Selection(scenarios=("lane-keping-v1",))))
    with pytest.raises(UnknownNameError, match="Did you mean 'off-course'"):
        select(SUITE, Selection(conditions=("of-course",)))
    with pytest.raises(ConfigurationError, match="is not a submission"):
        evaluate(request(tmp_path / "run", tmp_path / "nowhere"))
    assert not (tmp_path / "run").exists()


def test_a_scenario_that_is_not_the_suites_is_the_users_to_mend(
    tmp_path: Path, steady: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = (replace(SUITE.entries[0], world_digest="0" * 64), *SUITE.entries[1:])
    monkeypatch.setattr(run_module, "load_suite", lambda name: replace(SUITE, entries=entries))
    for workers in (1, 2):
        with pytest.raises(Exception, match="the suite's manifest says") as caught:
            evaluate(request(tmp_path / f"run-{workers}", steady, workers=workers))
        assert type(caught.value).__name__ == "DataError"


def test_a_fault_of_the_harness_is_tried_again_and_never_scored(
    tmp_path: Path, steady: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []
    honest = DriverPilot.decide

    def flaky(self: DriverPilot, *arguments: object) -> object:
        if len(failed) < 1:
            failed.append(1)
            raise OSError("the disk hiccuped")
        return honest(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(DriverPilot, "decide", flaky)
    run = evaluate(request(tmp_path / "run", "expert", selection=Selection(limit=1)))
    assert failed
    assert not run.failures


def test_a_fault_of_the_harness_that_stays_ends_the_run_unscored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: DriverPilot, *arguments: object) -> object:
        raise OSError("the disk is gone")

    monkeypatch.setattr(DriverPilot, "decide", broken)
    with pytest.raises(
        HarnessError, match=r"(?s)chunk 0 failed 3 times .* nothing of it was scored.* the disk is gone"
    ):
        evaluate(request(tmp_path / "run", "expert"))
    assert not list((tmp_path / "run").glob("parts/*.jsonl"))


def edit_episodes(change: Callable[[list[dict]], list[dict]]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        lines = [json.loads(line) for line in (path / "episodes.jsonl").read_text().splitlines()]
        (path / "episodes.jsonl").write_text(
            "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in change(lines))
        )

    return edit


def better(lines: list[dict]) -> list[dict]:
    lines[2]["measurement"]["reference_progress_m"] += 100.0
    return lines


def cut(name: str, bytes_left: int) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        (path / name).write_bytes((path / name).read_bytes()[:bytes_left])

    return edit


def added(path: Path) -> None:
    (path / "actions" / "0009.npy").write_bytes(b"")


def listed(path: Path) -> None:
    checksums = json.loads((path / "checksums.json").read_text())
    checksums["files"] = list(checksums["files"])
    (path / "checksums.json").write_text(json.dumps(checksums))


TAMPERED = {
    "an episode is missing": (edit_episodes(lambda lines: lines[:-1]), SUITE.entries[-1].key),
    "an episode is there twice": (edit_episodes(lambda lines: [*lines, lines[3]]), SUITE.entries[3].key),
    "episodes change places": (edit_episodes(lambda lines: lines[::-1]), "not in the order"),
    "a number was edited": (edit_episodes(better), "episodes.jsonl does not have the checksum"),
    "the last line is cut": (cut("episodes.jsonl", 3000), "truncated or edited"),
    "an action log is cut": (cut("actions/0001.npy", 140), "actions/0001.npy"),
    "an action log is gone": (
        lambda path: (path / "actions/0002.npy").unlink(),
        "actions/0002.npy is missing",
    ),
    "a file was added": (added, "actions/0009.npy is not in checksums.json"),
    "checksums are cut": (cut("checksums.json", 100), "checksums.json was truncated"),
    "checksums are a list": (listed, "checksums.json was edited"),
    "checksums are gone": (lambda path: (path / "checksums.json").unlink(), "not finished"),
    "run.json is cut": (cut("run.json", 500), "run.json"),
    "run.json is gone": (lambda path: (path / "run.json").unlink(), "is not a run"),
    "timing is gone": (lambda path: (path / "timing.jsonl").unlink(), "timing.jsonl is missing"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_truncated_or_edited_is_refused_by_name(how: str, copied: Path) -> None:
    tamper, named = TAMPERED[how]
    tamper(copied)
    for read in (load_run, verify_run):
        with pytest.raises(RecordError) as caught:
            read(copied)
        assert named in str(caught.value)


def forge(path: Path) -> None:
    """Make the checksums fit what is there, as one would who edits a record on purpose."""
    from drivebench.evaluation.record import checksums_of

    (path / "checksums.json").write_text(json.dumps(checksums_of(path)))


def test_an_edit_with_forged_checksums_is_found_by_replay(copied: Path) -> None:
    edit_episodes(better)(copied)
    forge(copied)
    load_run(copied)
    (found,) = verify_run(copied).disagreements
    assert found.episode == SUITE.entries[2].key
    assert "reference_progress_m" in found.what


def test_a_forged_action_log_is_found_by_replay(copied: Path) -> None:
    actions = np.load(copied / "actions/0000.npy")
    actions[10:30, 1] += 200
    np.save(copied / "actions/0000.npy", actions)
    forge(copied)
    with pytest.raises(RecordError, match=f"the action log of {SUITE.entries[0].key} was moved or edited"):
        verify_run(copied)


def test_a_forged_status_or_reference_is_found(copied: Path) -> None:
    def change(lines: list[dict]) -> list[dict]:
        lines[0] |= {"status": "raised", "reason": "so they say"}
        lines[1]["reference"]["distance_m"] = 50.0
        return lines

    edit_episodes(change)(copied)
    forge(copied)
    found = {item.episode: item.what for item in verify_run(copied).disagreements}
    assert "status is 'raised'" in found[SUITE.entries[0].key]
    assert "reference.distance_m is 50.0" in found[SUITE.entries[1].key]


def test_a_run_of_another_suite_or_metric_is_not_verified(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_module, "metric_digest", lambda: "another")
    with pytest.raises(RecordError, match="was measured by version 1 of the metric"):
        verify_run(copied)
    monkeypatch.setattr(verify_module, "load_suite", lambda name: replace(SUITE, version=2))
    with pytest.raises(RecordError, match="version 1 of the suite"):
        verify_run(copied)


def test_scores_of_a_run_follow_from_the_record_alone(finished: Path) -> None:
    run: Run = load_run(finished)
    for record in run.episodes:
        assert 0.0 <= record.score <= 100.0
        assert record.parts.ep == pytest.approx(
            min(1.0, max(0.0, record.measurement.reference_progress_m) / 190.0)
        )
