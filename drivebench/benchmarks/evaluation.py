"""Evaluation: a small camera network on the whole test suite, and the commands around it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from drivebench.benchmarks import second_worker, transport
from drivebench.benchmarks.row import Row
from drivebench.evaluation.isolation.family import family
from drivebench.suite import load_suite

__all__ = ["ABOUT", "measure"]

ABOUT = """## Evaluation

A small camera network, trained at the smoke budget. Each command is a process of its own and is timed from
its start to its end, by the clock on the wall; two workers, where the machine has two processors. Memory is
that of all processes of an evaluation together, looked at four times a second; what they share counts once
(proportional set size, Linux only).

What a second worker brings is measured by turns, after both have started: one worker, on one processor,
drives a chunk of the suite twice, then two workers drive it at the same time. What two processes that share
nothing gain at the same time is all that this machine has to give: on a shared one it is less than twice.

What isolation and transport cost is processor time: the whole suite is driven in each tier, and with the
policy in the harness itself, which is asked by a function call, chunk by chunk in turns; by two processes at
a time, where the machine has two processors, as in a run. Starting a policy's process anew for each chunk is
part of it; starting the first one is not.
"""

POLICY = "camera-correction"
"""Trained within a minute at the smoke budget; it keeps to its lane, so that episodes are of full length."""
SUITE = "test"
ALLOWED_S = 180.0
"""The whole suite on two cores."""
CHECK_S, VERIFY_S = 30.0, 120.0
"""For ``check``, and for ``verify`` of a run of the whole suite."""
MEMORY_GB = 2.0
"""Whatever the number of episodes."""
CORES = 2
LOOK_S = 0.25


def measure() -> list[Row]:
    """Train the policy; evaluate, check, verify; drive with one worker and with all; drive by tier.

    Returns:
        What is held against the time or memory that is allowed, then all workers against one, then the tiers
        against driving in the harness.
    """
    episodes = len(load_suite(SUITE).entries)
    workers = min(CORES, os.cpu_count() or 1)
    with TemporaryDirectory(prefix="drivebench-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # so that a policy that root evaluates can read itself
        _seconds(folder, "train", POLICY, "--budget", "smoke", "--out", "policy")
        check_s = _seconds(folder, "check", "policy")
        with _Memory() as memory:
            taken_s = _evaluate(folder, "run", workers)
        verify_s = _seconds(folder, "verify", "run")
        several = second_worker.rows(folder / "policy", SUITE, workers)
        tiers = transport.rows(folder / "policy", SUITE, workers)
    whole = f"suite {SUITE}, {episodes} episodes, {workers} workers"
    return [
        _allowed(f"evaluate: {whole}", "commands/s", taken_s, ALLOWED_S),
        _allowed("verify: the same run", "commands/s", verify_s, VERIFY_S),
        _allowed("check", "commands/s", check_s, CHECK_S),
        _allowed(f"memory of evaluate: {whole}", "1/GB", memory.peak_bytes / 1e9, MEMORY_GB),
        *several,
        *tiers,
    ]


_ONCE = "measured once, as it takes a minute or more"


def _allowed(name: str, unit: str, used: float, allowed: float) -> Row:
    return Row(
        section="a small camera network, against what is allowed",
        name=name,
        ours=[1.0 / used] if used else [],
        unit=unit,
        peer=f"{allowed:g} allowed",
        theirs=[1.0 / allowed],
        target=1.0 if used else None,
        note=_ONCE,
        facts={"used": used, "allowed": allowed},
    )


def _evaluate(folder: Path, out: str, workers: int) -> float:
    return _seconds(folder, "evaluate", "policy", "--suite", SUITE, "--out", out, "--workers", workers)


def _seconds(folder: Path, *arguments: object) -> float:
    """How long a command of drivebench takes, as a user would run it in a folder."""
    started = time.perf_counter()
    command = "from drivebench.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", command, *map(str, arguments)],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


class _Memory:
    """The most memory that all processes that this one has started use, together.

    Attributes:
        peak_bytes: So far; 0 where it cannot be seen.
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            used = sum(_proportional_bytes(member.process) for member in family(os.getpid())[1:])
            self.peak_bytes = max(self.peak_bytes, used)


def _proportional_bytes(process: int) -> int:
    with suppress(OSError):  # it has just ended
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
