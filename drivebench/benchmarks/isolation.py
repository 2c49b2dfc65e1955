"""What the tiers of isolation cost: to start a policy's process, to fork another, and for each decision."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from drivebench.benchmarks.row import Row, taken_in_turns
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import try_tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.submission import Submission, read_submission

__all__ = ["ABOUT", "measure"]

ABOUT = """## Isolation

A policy that answers zero, in each tier of isolation (`docs/isolation.md`), against tier `process`: from the
start of its first process until its policy is made, the same for each further batch of episodes, which gets
a process forked from the same template, and the time of one decision for a batch of 32 front pictures, by
the clock on the wall.
"""

BATCH_SIZE = 32
PICTURE = (64, 160, 3)
STARTS, ROUNDS, DECISIONS = 7, 9, 200
_MANIFEST = """\
name = "zero"
authors = ["drivebench"]
track = "camera"
sensors = ["front"]
entry_point = "policy:load"
training_data = "none"
"""
_POLICY = """\
import numpy as np

class Zero:
    def reset(self, slots):
        pass

    def act(self, observation, slots):
        return np.zeros((len(slots), 2), np.float32)

def load(directory):
    return Zero()
"""


def measure() -> list[Row]:
    """Start a policy and ask it, in each tier that comes into force here, taking turns.

    Returns:
        For each tier above ``process`` a row of starts, one of batches and one of decisions; without figures
        where the tier is not in force, which the note explains.
    """
    tiers = [tier for tier in Tier if not try_tier(tier).problem]
    with TemporaryDirectory(prefix="drivebench-bench-") as folder:
        zero = _write(Path(folder) / "zero")
        starts = dict(zip(tiers, taken_in_turns([_start(zero, tier) for tier in tiers], STARTS), strict=True))
        batches, decisions = (dict(zip(tiers, each, strict=True)) for each in _driving(zero, tiers))
    return [
        *_rows("starting a policy's first process, with NumPy", "starts/s", starts, None),
        *_rows("starting a policy's process for another batch of episodes", "starts/s", batches, None),
        *_rows(
            "deciding for a batch of 32 front pictures, by a policy that answers zero",
            "decisions/s",
            decisions,
            0.9,
        ),
    ]


def _rows(section: str, unit: str, seconds: dict[Tier, list[float]], target: float | None) -> list[Row]:
    return [
        Row(
            section=section,
            name=tier.value,
            ours=[1.0 / each for each in seconds.get(tier, [])],
            unit=unit,
            peer=Tier.PROCESS.value,
            theirs=[1.0 / each for each in seconds[Tier.PROCESS]] if tier in seconds else [],
            target=target if tier in seconds else None,
            note=try_tier(tier).problem,
            facts={"milliseconds": [1000.0 * each for each in seconds.get(tier, [])]},
        )
        for tier in Tier
        if tier is not Tier.PROCESS
    ]


def _write(folder: Path) -> Submission:
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    (folder / "submission.toml").write_text(_MANIFEST, encoding="utf-8")
    (folder / "policy.py").write_text(_POLICY, encoding="utf-8")
    return read_submission(folder)


def _process(zero: Submission, tier: Tier) -> PolicyProcess:
    layout = Layout.of({"front": ("|u1", (BATCH_SIZE, *PICTURE))}, [])
    return PolicyProcess(zero, layout, BATCH_SIZE, Limits(), tier)


def _start(zero: Submission, tier: Tier) -> Callable[[], float]:
    def measure_once() -> float:
        with _process(zero, tier) as process:
            began = time.perf_counter()
            process.load(seed=0)
            return time.perf_counter() - began

    return measure_once


def _driving(zero: Submission, tiers: list[Tier]) -> tuple[list[list[float]], list[list[float]]]:
    """Seconds to begin another batch, and of a decision, by tier and round."""
    processes = [_process(zero, tier) for tier in tiers]

    def begun(process: PolicyProcess) -> Callable[[], float]:
        def measure_once() -> float:
            began = time.perf_counter()
            process.load(seed=0)
            return time.perf_counter() - began

        return measure_once

    def asked(process: PolicyProcess) -> Callable[[], float]:
        def measure_once() -> float:
            began = time.perf_counter()
            for _ in range(DECISIONS):
                process.act({})
            return (time.perf_counter() - began) / DECISIONS

        return measure_once

    try:
        for process in processes:
            process.load(seed=0)
        batches = taken_in_turns([begun(process) for process in processes], ROUNDS)
        for process in processes:
            process.reset(np.arange(BATCH_SIZE))
        return batches, taken_in_turns([asked(process) for process in processes], ROUNDS)
    finally:
        for process in processes:
            process.__exit__()
