"""Ctrl-C and a killed run, with real signals to real processes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from evaluate_small_suite import evaluate_small_suite
from small_suites import STEADY, submission

from drivebench.errors import RecordError
from drivebench.evaluation.record import load_run

SCRIPT = Path(__file__).with_name("evaluate_small_suite.py")
SEES_FLAGS = "process"
"""Tier in which a policy sees the files by which these tests speak to it."""
SLOW = STEADY.replace("actions = ", "import os, time; os.path.exists(FLAG) and time.sleep(0.02); actions = ")


def start(*arguments: object) -> subprocess.Popen[str]:
    """A run that Ctrl-C can stop, even where this process was told to ignore it (a job in the background)."""
    command = [sys.executable, str(SCRIPT), "--isolation", SEES_FLAGS, *map(str, arguments)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


def finish(running: subprocess.Popen[str]) -> int:
    _, errors = running.communicate(timeout=300)
    if running.returncode not in (0, 130, -signal.SIGKILL):
        pytest.fail(errors)
    return running.returncode


def results(path: Path) -> dict[str, bytes]:
    files = [path / "episodes.jsonl", *sorted((path / "actions").glob("*.npy"))]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def wait_for_a_chunk(running: subprocess.Popen[str], out: Path) -> None:
    """Until at least one chunk is written; the run must not be finished by then."""
    while not list(out.glob("parts/*.jsonl")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)


@dataclass(frozen=True)
class Slow:
    """A submission that takes its time as long as a file is there: only a run that is to be stopped waits."""

    directory: Path
    flag: Path


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Slow:
    folder = tmp_path_factory.mktemp("submissions")
    flag = folder / "flag"
    return Slow(submission(folder / "slow", SLOW.replace("FLAG", repr(str(flag)))), flag)


@pytest.fixture(scope="module")
def uninterrupted(slow: Slow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("runs") / "run"
    evaluate_small_suite(slow.directory, out, 1, isolation=SEES_FLAGS)
    return results(out)


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "workers"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGKILL, 1)])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(
    sent: signal.Signals, workers: int, slow: Slow, uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    slow.flag.touch()
    running = start(slow.directory, out, workers)
    wait_for_a_chunk(running, out)
    running.send_signal(sent)
    assert finish(running) == (130 if sent is signal.SIGINT else -signal.SIGKILL)
    with pytest.raises(RecordError, match="not finished"):
        load_run(out)
    kept = {file.name: file.stat().st_mtime_ns for file in out.glob("parts/*.jsonl")}
    assert 1 <= len(kept) < 4
    slow.flag.unlink()
    evaluate_small_suite(slow.directory, out, workers, isolation=SEES_FLAGS, resume=True)
    assert results(out) == uninterrupted
    attempts = load_run(out).manifest.attempts
    stopped = "interrupted" if sent is signal.SIGINT else "running"
    assert [attempt.outcome for attempt in attempts] == [stopped, "finished"]
    assert attempts[-1].chunks == 4 - len(kept)


def test_a_policy_does_not_outlive_a_killed_harness(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = SLOW.replace("FLAG", repr(str(tmp_path))).replace(
        "return Steady()", f"open({str(pids)!r}, 'w').write(str(__import__('os').getpid())); return Steady()"
    )
    running = start(submission(tmp_path / "policy", code), tmp_path / "run", 1)
    while not pids.exists() or not pids.read_text():
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    running.kill()
    finish(running)
    for _ in range(200):
        try:
            os.kill(int(pids.read_text()), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the policy's process outlived the harness")
