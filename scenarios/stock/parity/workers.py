"""Processes that compare: AVX512 switched off, one thread, their results as lines of JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium

from drivebench.errors import ConfigurationError
from scenarios.stock.parity.cases import CASES, VARIANTS, ParityCase
from scenarios.stock.parity.egos import EgoKind
from scenarios.stock.parity.episode import EpisodeParity, compare_episode
from scenarios.stock.parity.near_tie import Tie
from scenarios.stock.upstream import set_traffic_constants

__all__ = ["ORACLE_ENVIRONMENT", "Job", "case_of", "compare", "episode_of", "work"]

ORACLE_ENVIRONMENT = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_NUM_THREADS": "1",
    "SDL_VIDEODRIVER": "dummy",
}
"""Makes NumPy and OpenBLAS round as the C library and unfused products do."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Episodes of one case with one kind of ego.

    Attributes:
        case: A key of ``CASES`` or ``VARIANTS``.
        ego: How the controlled vehicles are driven.
        seeds: Of the episodes.
        longest: Bound on the decisions of each; None for whole episodes.
        whole_steps: For how many decisions of the first seed stock takes whole steps, with observation and
            reward.
    """

    case: str
    ego: EgoKind
    seeds: tuple[int, ...]
    longest: int | None = None
    whole_steps: int = 0


def compare(jobs: Sequence[Job]) -> Iterator[tuple[Job, EpisodeParity]]:
    """Compare episodes in a process of their own with AVX512 switched off.

    Args:
        jobs: What to compare. Those in one call share a process, so cases that change the constants of
            highway-env's classes (its intersections, for example) need a call of their own.

    Yields:
        Each job with one of its episodes, as they are done.

    Raises:
        ConfigurationError: The process failed; the message has its output.
    """
    request = json.dumps([asdict(job) for job in jobs])
    with subprocess.Popen(
        [sys.executable, "-m", "scenarios.stock.parity", "--jobs", request],
        env={**os.environ, **ORACLE_ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                record = json.loads(line)
                yield jobs[record.pop("job")], episode_of(record)
    if process.returncode != 0:
        names = ", ".join(job.case for job in jobs)
        raise ConfigurationError(f"the comparison with {names} failed; its output is on standard error")


def episode_of(record: dict[str, Any]) -> EpisodeParity:
    """An episode's result from its JSON object."""
    ties = tuple(Tie(**tie) for tie in record.pop("one_step_ties"))
    tie = record.pop("tie")
    return EpisodeParity(**record, one_step_ties=ties, tie=None if tie is None else Tie(**tie))


def case_of(name: str) -> ParityCase:
    """A case by its name."""
    return CASES[name] if name in CASES else VARIANTS[name]


def work(request: str) -> None:
    """Take the jobs of a request, the JSON of a list of jobs, and write a line per episode."""
    gymnasium.logger.min_level = gymnasium.logger.ERROR
    for number, given in enumerate(json.loads(request)):
        job = Job(**given)
        case = case_of(job.case)
        set_traffic_constants(case.constants)
        for seed in job.seeds:
            whole = job.whole_steps if seed == job.seeds[0] else 0
            episode = compare_episode(case, job.ego, seed, longest=job.longest, whole=whole)
            sys.stdout.write(json.dumps({"job": number, **asdict(episode)}) + "\n")
            sys.stdout.flush()
