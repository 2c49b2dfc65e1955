"""A short drive under the isolation that is in force, shown again, and shown once more in another order.

What is driven is the first episode of some scenarios of a suite, in a batch of the size in which a run
drives, so that latency and memory are those of a run. What was observed is kept. Shown again to the policy,
made anew with the same seed, it has to be answered the same: otherwise a resumed run is another run. Shown
once more without making the policy anew, with the episodes in other slots, it should be: otherwise what one
episode is answered depends on its neighbours, or on who drove there before.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivebench import registry
from drivebench.evaluation.chunk import chunk_seed
from drivebench.evaluation.competitor import Competitor, PolicyPilot, Seen
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.record import Status
from drivebench.evaluation.rollout import BATCH_SIZE, PolicyFaultError, row_faults
from drivebench.metric.measurement import Reference
from drivebench.metric.monitor import Monitor
from drivebench.preflight.report import Finding, Trial
from drivebench.submission_codes import Code
from drivebench.suite import SuiteEntry
from drivebench.world import WorldBatch, quantise

__all__ = ["try_out"]

MOST_EPISODES = 8
MOST_DECISIONS = 25
"""Five seconds: a policy that plans every few decisions has planned again."""
LEAST_DECISIONS = 2
DRIVE_S = 6.0
"""Of answers: the first drive ends after this, however many decisions were made; the others are as long."""
LAST_BITS = 4
"""Steps of an action log, of 1/32767: what is left of another order of additions in float32."""
SHARE = 0.5
"""More than this share of a limit leaves no room for a slower machine."""

CODES = {
    Status.START_UP: Code.START_UP,
    Status.RAISED: Code.RAISED,
    Status.TIMED_OUT: Code.TIMED_OUT,
    Status.EXITED: Code.EXITED,
    Status.MEMORY: Code.MEMORY,
    Status.PROCESSES: Code.PROCESSES,
    Status.PROTOCOL: Code.PROTOCOL,
    Status.WRONG_SHAPE: Code.SHAPE,
    Status.WRONG_TYPE: Code.SHAPE,
    Status.NOT_FINITE: Code.RANGE,
    Status.OUT_OF_RANGE: Code.RANGE,
}
_CODED = re.compile(r"^(?:ContentError|ManifestError): (DB\d{3}): (.*)", re.DOTALL)
_KEY_ERROR = re.compile(r"^KeyError: '([^']*)'$")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Moment:
    """What was shown at a decision, in which slots, and the answer as it is logged."""

    observation: Seen
    slots: NDArray[np.int64]
    answer: NDArray[np.int16]


def try_out(driven: Competitor, entries: Sequence[SuiteEntry], limits: Limits, isolation: str) -> Trial:
    """Drive a submission a little.

    Args:
        driven: A submission, whose own code runs only in its own process.
        entries: Of a suite; the first of each scenario is driven, of some scenarios.
        limits: What it is allowed.
        isolation: Tier around it, by name.
    """
    chosen = list({entry.scenario: entry for entry in reversed(entries)}.values())[::-1][:MOST_EPISODES]
    trial = Trial(episodes=len(chosen))
    with driven.pilot(BATCH_SIZE, limits, isolation) as pilot:
        assert isinstance(pilot, PolicyPilot)
        moments: list[_Moment] = []
        try:
            pilot.prepare(chunk_seed(driven.card.digest, 0))
            started = time.monotonic()
            pilot.load()
            trial = replace(trial, start_up_s=time.monotonic() - started)
            _drive(pilot, chosen, moments)
            trial = _with_latency(trial, pilot.latencies_s)
            pilot.load()
            again = _difference(pilot, moments, np.arange(BATCH_SIZE))
            pilot.forget()
            order = np.random.default_rng(0).permutation(BATCH_SIZE)
            elsewhere = _difference(pilot, moments, order)
        except PolicyFaultError as fault:
            finding = _finding(fault, driven)
            return replace(
                _with_latency(trial, pilot.latencies_s),
                findings=(finding,),
                decisions=len(moments),
                memory_bytes=pilot.peak_memory_bytes,
                log_tail=pilot.log_tail[-2000:],
            )
        trial = replace(
            trial,
            decisions=len(moments),
            memory_bytes=pilot.peak_memory_bytes,
            repeated=again == 0,
            reordered=elsewhere <= LAST_BITS,
        )
    return replace(trial, findings=tuple(_findings(trial, again, elsewhere, limits)))


def _drive(pilot: PolicyPilot, entries: Sequence[SuiteEntry], moments: list[_Moment]) -> None:
    """Drive until there is enough to be shown again; what is shown is added to the moments."""
    episodes = [entry.episode() for entry in entries]
    references = [
        Reference(time_s=entry.reference_time_s, distance_m=entry.reference_distance_m) for entry in entries
    ]
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor = Monitor(worlds, episodes, references)
    active = np.ones(len(episodes), np.bool_)
    while active.any() and len(moments) < MOST_DECISIONS:
        if len(moments) >= LEAST_DECISIONS and sum(pilot.latencies_s) > DRIVE_S:
            return
        slots = np.flatnonzero(active)
        observation = pilot.observe(worlds, monitor, slots)
        answer = pilot.answer(observation, slots)
        for status, reason in row_faults(answer).values():
            raise PolicyFaultError(status, reason)
        actions = np.zeros((len(episodes), 2), np.int16)
        actions[slots] = quantise(answer)
        moments.append(_Moment(observation=observation, slots=slots, answer=actions[slots]))
        worlds.step(actions, active)
        active &= ~monitor.update(active)


def _difference(pilot: PolicyPilot, moments: Sequence[_Moment], place: NDArray[np.int64]) -> int:
    """The greatest difference to the logged answers, in steps of the log, with slot i at ``place[i]``."""
    greatest = 0
    for moment in moments:
        answer = pilot.answer(moment.observation, place[moment.slots])
        for status, reason in row_faults(answer).values():
            raise PolicyFaultError(status, reason)
        differences = np.abs(quantise(answer).astype(np.int64) - moment.answer)
        greatest = max(greatest, int(differences.max(initial=0)))
    return greatest


def _with_latency(trial: Trial, latencies_s: Sequence[float]) -> Trial:
    if not latencies_s or trial.latency_max_s is not None:
        return trial
    return replace(
        trial, latency_p50_s=float(np.quantile(latencies_s, 0.5)), latency_max_s=float(max(latencies_s))
    )


def _finding(fault: PolicyFaultError, driven: Competitor) -> Finding:
    """A fault by code: its own where it has one."""
    coded = _CODED.match(fault.reason)
    known = {code.value: code for code in Code}
    if coded and coded[1] in known:
        return Finding(code=known[coded[1]], problem=coded[2])
    missing = _KEY_ERROR.match(fault.reason)
    declared = [sensor["name"] for sensor in driven.card.sensors]
    if missing and missing[1] in registry.names("sensor") and missing[1] not in declared:
        problem = f"it asks for {missing[1]!r}; declared: {', '.join(declared)}"
        return Finding(code=Code.UNDECLARED, problem=problem)
    return Finding(code=CODES[fault.status], problem=fault.reason)


def _findings(trial: Trial, again: int, elsewhere: int, limits: Limits) -> Iterator[Finding]:
    """What a drive that came to its end says."""
    if again:
        few = again <= LAST_BITS
        yield Finding(
            code=Code.LAST_BITS if few else Code.NOT_REPEATABLE,
            problem=f"made anew with the same seed and shown the same {trial.decisions} observations, its "
            f"actions differ by up to {again / 32767:.2g}; expected the same bits",
        )
    if elsewhere > LAST_BITS and not again:
        yield Finding(
            code=Code.NEIGHBOURS,
            problem=f"with the episodes in other slots, after a reset, its actions differ by up to "
            f"{elsewhere / 32767:.2g}",
        )
    for what, used, allowed, unit in (
        ("to start", trial.start_up_s or 0.0, limits.start_up_s, "s"),
        ("for one answer", trial.latency_max_s or 0.0, limits.decision_s, "s"),
        ("of memory", trial.memory_bytes / 2**30, limits.memory_bytes / 2**30, "GiB"),
    ):
        if used > SHARE * allowed:
            yield Finding(code=Code.SLOW, problem=f"{used:.1f} {unit} {what}; allowed are {allowed:g} {unit}")
