"""Commands of many jobs at a time, in real processes: order, failures, interrupts, no work done twice."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivebench.errors import ConfigurationError
from leaderboard.jobs.crew import Crew, Job
from leaderboard.jobs.forecast import Forecast
from leaderboard.jobs.ledger import Ledger
from leaderboard.jobs.step import Step


def prints_version(out: Path, name: str) -> Step:
    """The quickest of all commands."""
    return Step(arguments=("--version",), product=out / f"{name}.txt", prints=True, kind=name)


def does_not_exist(out: Path, name: str) -> Step:
    return Step(arguments=("no-such-command", name), product=out / name)


def crew(out: Path, *jobs: Job) -> Crew:
    return Crew(Ledger(out, "work", {"budget": "smoke"}), jobs, 2)


def test_a_failure_stops_who_needs_it_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shared, broken = prints_version(out, "shared"), does_not_exist(out, "broken")
    jobs = (
        Job(name="one", steps=(broken, prints_version(out, "never"))),
        Job(name="two", steps=(broken,)),
        Job(name="three", steps=(shared, prints_version(out, "three"))),
        Job(name="four", steps=(shared,)),
    )
    first = crew(out, *jobs)
    first.work()
    assert set(first.failed) == {"one", "two"}
    assert "unknown command 'no-such-command'" in first.failed["one"]
    assert "exited with code 2" in first.failed["one"]
    assert sorted(path.name for path in out.glob("*.txt")) == ["shared.txt", "three.txt"]
    assert (out / "shared.txt").read_text().startswith("drivebench ")
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line.split(maxsplit=1) for line in printed.err.splitlines()]
    states = {name: [state.split()[0] for one, state in lines if one == name] for name, _ in lines}
    assert states["one"] == ["no-such-command", "failed:"]  # the most important waits for nothing
    assert states["four"] == ["--version", "done"]

    before = (out / "shared.txt").stat().st_mtime_ns
    again = crew(out, *jobs)
    again.work()
    assert set(again.failed) == {"one", "two"}
    assert (out / "shared.txt").stat().st_mtime_ns == before


def test_nobody_else_works_in_the_same_folder(tmp_path: Path) -> None:
    first, second = (Ledger(tmp_path / "out", "work", {}) for _ in range(2))
    with first.alone(), pytest.raises(ConfigurationError, match="is in use"), second.alone():
        pass
    with second.alone():
        pass


def test_other_settings_need_another_folder(tmp_path: Path) -> None:
    Ledger(tmp_path / "out", "reproduce", {"device": "cpu"})
    with pytest.raises(ConfigurationError, match="`drivebench reproduce` began with"):
        Ledger(tmp_path / "out", "reproduce", {"device": "cuda"})


def test_a_forecast_is_made_of_what_was_measured(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "out", "work", {})
    steps = [
        Step(arguments=("train", name), product=tmp_path / name, kind=f"train {name}") for name in "abcd"
    ]
    forecast = Forecast(ledger, steps)
    assert forecast.left([], skip=(), workers=1) == "time left not known yet"
    ledger.note(steps[0], 100.0)
    ledger.note(steps[1], 300.0)
    done = {step.product for step in steps[:2]}
    assert forecast.left([], skip=done, workers=1) == "about 6 min 40 s left"  # two more of 200 s each
    assert forecast.left([], skip=done, workers=2) == "about 3 min 20 s left"
    strange = Step(arguments=("evaluate", "x"), product=tmp_path / "x", kind="evaluate")
    assert Forecast(ledger, [*steps, strange]).left([], skip=done, workers=1) == "more than 6 min 40 s left"
    nothing = Forecast(ledger, steps).left([], skip={step.product for step in steps}, workers=1)
    assert nothing == "about 0.0 s left"


@pytest.fixture
def reproduce(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """``drivebench reproduce idm``, in a process that Ctrl-C can stop even from a job in the background."""
    code = "from drivebench.cli import main; main()"
    command = [sys.executable, "-c", code, "reproduce", "idm", "--out", "out", "--workers", "1"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    yield running
    running.kill()


def test_a_request_to_end_ends_the_commands_too(tmp_path: Path, reproduce: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120.0
    while not (tmp_path / "out" / "runs" / "idm" / "run.json").exists():
        assert reproduce.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    reproduce.send_signal(signal.SIGTERM)
    _, errors = reproduce.communicate(timeout=60)
    assert reproduce.returncode == 130
    assert "interrupted after 0 of 1 runs; the same command goes on" in errors
    with Ledger(tmp_path / "out", "reproduce", {"budget": "smoke", "device": "cpu"}).alone():
        pass  # nothing that was started is left: it would still hold the lock
    assert (tmp_path / "out" / "runs" / "idm" / "run.json").exists()
    assert not (tmp_path / "out" / "runs" / "idm" / "checksums.json").exists()
