"""One chunk of a run: a batch of episodes, driven and written, by whichever process."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from drivebench.evaluation.competitor import ChunkPilot, Competitor
from drivebench.evaluation.record import ChunkTiming, Status
from drivebench.evaluation.rollout import roll_out_batch
from drivebench.evaluation.run_directory import RunDirectory
from drivebench.metric.measurement import Reference
from drivebench.suite import SuiteEntry

__all__ = ["ChunkJob", "chunk_seed"]


@dataclass(frozen=True, kw_only=True)
class ChunkJob:
    """All chunks of a run, as work for a process.

    Attributes:
        competitor: Who drives.
        entries: The selected episodes, in order.
        directory: Where to write.
    """

    competitor: Competitor
    entries: tuple[SuiteEntry, ...]
    directory: RunDirectory

    @contextmanager
    def runner(self) -> Iterator[Callable[[int, Callable[[int], None]], None]]:
        """Yields ``run(chunk, progress)``, which drives a chunk and writes it, while the pilot lives."""
        manifest = self.directory.manifest
        with self.competitor.pilot(manifest.chunk_size, manifest.limits, manifest.isolation) as pilot:
            yield lambda chunk, progress: self._run(pilot, chunk, progress)

    def _run(self, pilot: ChunkPilot, chunk: int, progress: Callable[[int], None]) -> None:
        size = self.directory.manifest.chunk_size
        entries = self.entries[chunk * size : (chunk + 1) * size]
        episodes = [entry.episode() for entry in entries]
        references = [
            Reference(time_s=entry.reference_time_s, distance_m=entry.reference_distance_m)
            for entry in entries
        ]
        pilot.prepare(chunk_seed(self.competitor.card.digest, chunk))
        started = time.monotonic()
        rollouts = roll_out_batch(episodes, references, pilot, progress)
        wall_s = time.monotonic() - started
        if pilot.log_tail and any(rollout.status is not Status.DRIVEN for rollout in rollouts):
            self.directory.write_log(chunk, pilot.log_tail)
        latencies = np.array(pilot.latencies_s or [0.0])
        self.directory.write_chunk(
            chunk,
            rollouts,
            references,
            [entry.world_digest for entry in entries],
            ChunkTiming(
                chunk=chunk,
                episodes=len(entries),
                decisions=len(pilot.latencies_s),
                wall_s=wall_s,
                latency_p50_s=float(np.quantile(latencies, 0.5)),
                latency_p99_s=float(np.quantile(latencies, 0.99)),
                latency_max_s=float(latencies.max()),
            ),
        )


def chunk_seed(digest: str, chunk: int) -> int:
    """Seed of the random numbers that a policy may draw in a chunk: says nothing about the episodes in it.

    Args:
        digest: Of the policy.
        chunk: Which.
    """
    return int.from_bytes(hashlib.sha256(f"{digest}/{chunk}".encode()).digest()[:4], "little")
