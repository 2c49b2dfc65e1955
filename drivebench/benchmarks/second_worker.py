"""What a second worker brings: one worker that drives a chunk twice, against two that drive it at once."""

import time
from pathlib import Path

from drivebench.benchmarks.row import Row, rates, taken_in_turns
from drivebench.benchmarks.two_processes import Processes
from drivebench.compiled import source_digest
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.competitor import of_submission
from drivebench.evaluation.engines.engine import Crew, HarnessError, Order
from drivebench.evaluation.engines.local import local
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.progress import track
from drivebench.submission import read_submission
from drivebench.suite import load_suite

__all__ = ["rows"]

EVERY = 3
"""Chunks are alike enough that each so many are driven: 14 of the suite ``test``."""
EFFICIENCY = 0.9
"""Of each of several workers, against one alone."""
SPELLS = 10
"""Of arithmetic, after each chunk: together a second, as the machine changes from one moment to the next."""


def rows(submission: Path, suite: str, workers: int) -> list[Row]:
    """Drive chunks, each as often as there are workers: by one after the other, and by all at once.

    Between them, processes that share nothing do arithmetic: more than they gain nobody can.

    Args:
        submission: A policy that is trusted.
        suite: Of which some chunks are driven.
        workers: Of the local engine.
    """
    entries = load_suite(suite).entries
    job = ChunkJob(
        competitor=of_submission(read_submission(submission)),
        entries=entries,
        chunk_size=BATCH_SIZE,
        limits=Limits(),
        isolation=choose().value,
        engine_digest=source_digest(),
    )
    order = Order(
        job=job, chunks=workers, workers=workers, options={}, scratch=submission.parent, progress=_ignore
    )
    alone_s, together_s, one_s, several_s = list[float](), list[float](), list[float](), list[float]()
    chunks = range(0, -(-len(entries) // BATCH_SIZE), EVERY)
    with (
        local(order) as crew,
        Processes("fill", 1) as one,
        Processes("fill", workers) as several,
        track(f"{workers} workers against one", len(chunks), "chunks") as advance,
    ):
        _seconds(crew, 0, workers, at_once=workers)  # workers and policies are started
        for number, chunk in enumerate(chunks):
            sides = [(alone_s, 1), (together_s, workers)]
            for seconds, at_once in sides if number % 2 else reversed(sides):
                seconds.append(_seconds(crew, chunk, workers, at_once=at_once))
            spells = taken_in_turns([one.seconds, several.seconds], SPELLS)
            for sums, spell in zip((one_s, several_s), spells, strict=True):
                sums.append(sum(spell))
            advance(1)
    section = f"a second worker: chunks of {BATCH_SIZE} episodes, with workers that have started"
    return [
        Row(
            section=section,
            name=f"suite {suite}, {workers} workers against one",
            ours=rates(together_s, workers),
            unit="chunks/s",
            peer="one worker",
            theirs=rates(alone_s, workers),
            target=EFFICIENCY * workers,
        ),
        Row(
            section=section,
            name=f"arithmetic that fills a processor, {workers} processes against one",
            ours=rates(several_s, workers * SPELLS),
            unit="rounds/s",
            peer="one process",
            theirs=rates(one_s, SPELLS),
        ),
    ]


def _seconds(crew: Crew, chunk: int, times: int, at_once: int) -> float:
    """How long a chunk takes that is driven some times.

    Raises:
        HarnessError: It could not be driven.
    """
    started, begun, ended = time.perf_counter(), 0, 0
    while ended < times:
        while begun < min(times, ended + at_once):
            crew.submit(chunk)
            begun += 1
        for outcome in crew.wait():
            if outcome.files is None:
                raise HarnessError(outcome.problem or str(outcome.error))
            ended += 1
    return time.perf_counter() - started


def _ignore(chunk: int, episodes: int) -> None:
    """Nobody counts."""
