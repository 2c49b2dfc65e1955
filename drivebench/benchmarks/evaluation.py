"""Evaluation: a small camera network on the whole test suite, from the start to the last record."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from drivebench.benchmarks.row import Row
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.suite import load_suite

__all__ = ["ABOUT", "measure"]

ABOUT = """## Evaluation

From the start of `drivebench evaluate` to the last record, worker processes and their start included. One
worker drives in the evaluator's own process.
"""

POLICY = "camera-correction"
"""Trained within a minute at the smoke budget; it keeps to its lane, so that episodes are of full length."""
SUITE = "test"
ALLOWED_S = 180.0
"""The whole suite on two cores."""
CORES = 2
EFFICIENCY = 0.9
"""Of each of several workers, against one alone."""


def measure() -> list[Row]:
    """Train the policy, then time an evaluation with all workers and one with a single one.

    Returns:
        Two rows; the first is held against the time that is allowed, the second against the single worker.
    """
    episodes = len(load_suite(SUITE).entries)
    workers = min(CORES, os.cpu_count() or 1)
    with TemporaryDirectory(prefix="drivebench-bench-") as folder:
        policy = Path(folder) / "policy"
        _train(policy)
        taken_s = _time(policy, Path(folder) / "run", workers)
        alone_s = _time(policy, Path(folder) / "alone", 1)
    return [
        Row(
            section="evaluation of a small camera network, from start to last record",
            name=f"suite {SUITE}, {episodes} episodes, {workers} workers",
            ours=[episodes / taken_s],
            unit="episodes/s",
            peer=f"{ALLOWED_S:g} s for all",
            theirs=[episodes / ALLOWED_S],
            target=1.0,
            note="measured once, as it takes a minute or more",
        ),
        Row(
            section="evaluation of a small camera network, from start to last record",
            name=f"suite {SUITE}, {workers} workers against one",
            ours=[episodes / taken_s],
            unit="episodes/s",
            peer="one worker",
            theirs=[episodes / alone_s],
            target=EFFICIENCY * workers,
            note="measured once, as it takes some minutes",
        ),
    ]


def _time(policy: Path, out: Path, workers: int) -> float:
    started = time.perf_counter()
    evaluate(EvaluationRequest(what=str(policy), suite=SUITE, out=out, workers=workers))
    return time.perf_counter() - started


def _train(policy: Path) -> None:
    """Train in a process of its own, as a user would; demonstrations are collected beside the policy."""
    command = "from drivebench.cli import main; main()"
    arguments = ["train", POLICY, "--budget", "smoke", "--out", str(policy)]
    subprocess.run(
        [sys.executable, "-c", command, *arguments], cwd=policy.parent, check=True, stdout=subprocess.DEVNULL
    )
