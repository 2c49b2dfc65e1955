"""Kills evaluator, worker and policy at random moments and compares what the run comes to: a command.

``python tests/evaluation/faults.py --kills 200 --seed 0 --out DIR`` evaluates again and again, until so many
processes were killed, resuming whenever the evaluator is gone, or has given up as one chunk cost it three
workers. Every finished run must have the bytes of an undisturbed one. The exit code is 0 only then.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from evaluate_small_suite import CHUNKS, GAVE_UP, evaluate_small_suite
from small_suites import STEADY, submission

from drivebench.evaluation.engines.engine import ATTEMPTS
from drivebench.evaluation.record import load_run

SCRIPT = Path(__file__).with_name("evaluate_small_suite.py")
SLOW = STEADY.replace("actions = ", "import time; time.sleep(0.01); actions = ")
PROCESSES = {
    "policy": ("drivebench.evaluation.template", "runsc-sandbox"),
    "worker": ("multiprocessing.spawn",),
}
"""What the command line of a process has in it: a policy's is its template's, of which it is forked."""


class Undisturbed:
    """A run that nobody disturbed, in this process: what it came to, and how long it took."""

    def __init__(self, folder: Path) -> None:
        self.policy = submission(folder / "slow", SLOW)
        started = time.monotonic()
        evaluate_small_suite(self.policy, folder / "undisturbed", 1)
        self.took_s = time.monotonic() - started
        self.files = results(folder / "undisturbed")
        self.digest = load_run(folder / "undisturbed").results
        self.starts = 0


def start(undisturbed: Undisturbed, out: Path) -> subprocess.Popen[bytes]:
    """An evaluation that goes on with what is there; with one worker and with two by turns."""
    undisturbed.starts += 1
    workers = 2 - undisturbed.starts % 2
    command = [sys.executable, str(SCRIPT), str(undisturbed.policy), str(out), str(workers), "--resume"]
    with log_of(out).open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)


def log_of(out: Path) -> Path:
    """What the evaluations of a run said."""
    return out.with_suffix(".log")


def results(path: Path) -> dict[str, bytes]:
    """The files that are the same in every run."""
    files = [path / "episodes.jsonl", *sorted((path / "actions").glob("*"))]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def descendants(pid: int) -> Iterator[int]:
    """Processes that a process started, and those that they did."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from descendants(child)


def kill(evaluator: int, kind: str, generator: np.random.Generator) -> bool:
    """Kill one process of a kind, if there is one."""
    found = [evaluator]
    if kind != "evaluator":
        found = [
            pid
            for pid in descendants(evaluator)
            if any(mark in command_line(pid) for mark in PROCESSES[kind])
        ]
    if not found:
        return False
    try:
        os.kill(int(generator.choice(found)), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def command_line(pid: int) -> str:
    """Its arguments; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def disturb(
    undisturbed: Undisturbed, out: Path, kinds: list[str], pause_s: float, generator: np.random.Generator
) -> list[str]:
    """Evaluate, killing processes of these kinds at random moments, until the run is finished.

    Returns:
        The kinds for which there was no time.
    """
    left = list(kinds)
    running = start(undisturbed, out)
    try:
        while True:
            try:
                running.wait(timeout=float(generator.uniform(0.0, pause_s)) if left else None)
            except subprocess.TimeoutExpired:
                kind = str(generator.choice(left))
                if kill(running.pid, kind, generator):
                    left.remove(kind)
                continue
            if running.returncode == 0:
                break
            lost = kinds.count("worker") - left.count("worker")
            gave_up = running.returncode == GAVE_UP and lost >= ATTEMPTS
            assert running.returncode < 0 or gave_up, f"it failed by itself:\n{log_of(out).read_text()}"
            running = start(undisturbed, out)
    finally:
        running.kill()
        running.wait()
    check(undisturbed, out)
    return left


def check(undisturbed: Undisturbed, out: Path) -> None:
    """No episode was lost, doubled or altered."""
    found = load_run(out)  # each episode is there once, whole, in its place
    assert not found.failures, found.failures[0].reason
    assert found.results == undisturbed.digest
    assert results(out) == undisturbed.files
    assert sum(attempt.chunks for attempt in found.manifest.attempts) <= CHUNKS  # a killed one did not say


def main() -> None:
    """Kill as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    undisturbed = Undisturbed(arguments.out)
    print(f"undisturbed: {undisturbed.took_s:.1f} s, results {undisturbed.digest[:16]}", flush=True)  # noqa: T201
    killed: Counter[str] = Counter()
    runs = 0
    while killed.total() < arguments.kills:
        kinds = generator.choice(["evaluator", "worker", "policy"], 6).tolist()
        kinds = kinds[: arguments.kills - killed.total()]
        out = arguments.out / f"run-{runs:03d}"
        left = disturb(undisturbed, out, kinds, undisturbed.took_s, generator)
        killed += Counter(kinds) - Counter(left)
        runs += 1
        print(f"{runs} runs, the same bytes each; killed: {dict(killed)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
