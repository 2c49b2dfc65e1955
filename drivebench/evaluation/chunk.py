"""One chunk of a run: a batch of episodes, driven by whichever process, and what is to be kept of it."""

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from drivebench.compiled import source_digest
from drivebench.errors import ConfigurationError
from drivebench.evaluation.competitor import ChunkPilot, Competitor, digest_here
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.record import ActionLog, ChunkTiming, EpisodeRecord, Status, encode
from drivebench.evaluation.rollout import Rollout, roll_out_batch
from drivebench.evaluation.run_files import ChunkFiles, action_log
from drivebench.metric.measurement import Reference
from drivebench.scenario import Episode
from drivebench.sensors.ground_memory import keep_ground
from drivebench.suite import SuiteEntry

__all__ = ["LIVES", "SAME_DEATHS", "ChunkJob", "RunChunk", "chunk_seed"]

LIVES = 10
"""How often a policy may be killed in a chunk before it is believed that it does so itself."""
SAME_DEATHS = 3
"""The same for one that is killed at the same decision each time, as one that does it itself would be."""
GROUND_BYTES = 32_000_000
"""For roads that are driven no more: a suite has most of them in one chunk only, and as many workers as there
are processors would each keep hundreds of megabytes."""

RunChunk = Callable[[int, Callable[[int], None]], ChunkFiles]
"""``run(chunk, progress)``: drives a chunk; tells how many episodes have just finished."""


@dataclass(frozen=True, kw_only=True)
class ChunkJob:
    """All chunks of a run, as work for a process of this or another machine.

    Attributes:
        competitor: Who drives.
        entries: The selected episodes, in order.
        chunk_size: Episodes that are driven together.
        limits: What the policy is allowed.
        isolation: Tier around it, by name.
        engine_digest: Digest of the compiled sources of the machine that asks.
    """

    competitor: Competitor
    entries: tuple[SuiteEntry, ...]
    chunk_size: int
    limits: Limits
    isolation: str
    engine_digest: str

    def entries_of(self, chunk: int) -> tuple[SuiteEntry, ...]:
        """The episodes of a chunk."""
        return self.entries[chunk * self.chunk_size : (chunk + 1) * self.chunk_size]

    def check_machine(self) -> None:
        """Make sure that what drives on this machine is what was asked for on another.

        Raises:
            ConfigurationError: Another version of drivebench, or another or no submission, is here.
        """
        card = self.competitor.card
        for what, asked, here in (
            ("drivebench's compiled sources", self.engine_digest, source_digest()),
            (f"the policy {card.name!r}", card.digest, digest_here(self.competitor)),
        ):
            if asked != here:
                raise ConfigurationError(
                    f"{what}: the machine that was asked to drive has {here[:16]}…; the one that asks has "
                    f"{asked[:16]}…. Install the same version on all machines, and keep submissions on a "
                    "file system that all of them share."
                )

    @contextmanager
    def runner(self) -> Iterator[RunChunk]:
        """Yields what drives a chunk, as long as the pilot lives."""
        keep_ground(GROUND_BYTES)
        with self.competitor.pilot(self.chunk_size, self.limits, self.isolation) as pilot:
            yield lambda chunk, progress: self._run(pilot, chunk, progress)

    def _run(self, pilot: ChunkPilot, chunk: int, progress: Callable[[int], None]) -> ChunkFiles:
        entries = self.entries_of(chunk)
        episodes = [entry.episode() for entry in entries]
        references = [
            Reference(time_s=entry.reference_time_s, distance_m=entry.reference_distance_m)
            for entry in entries
        ]
        seed = chunk_seed(self.competitor.card.digest, chunk)
        started = time.monotonic()
        rollouts = _roll_out(pilot, seed, episodes, references, progress)
        wall_s = time.monotonic() - started
        failed = any(rollout.status is not Status.DRIVEN for rollout in rollouts)
        latencies = np.array(pilot.latencies_s or [0.0])
        timing = ChunkTiming(
            chunk=chunk,
            episodes=len(entries),
            decisions=len(pilot.latencies_s),
            wall_s=wall_s,
            latency_p50_s=float(np.quantile(latencies, 0.5)),
            latency_p99_s=float(np.quantile(latencies, 0.99)),
            latency_max_s=float(latencies.max()),
        )
        return ChunkFiles(
            records=_records(chunk, rollouts, references, entries),
            actions=_actions(rollouts),
            timing=(encode(timing) + "\n").encode(),
            log=pilot.log_tail if failed else "",
        )


def _roll_out(
    pilot: ChunkPilot,
    seed: int,
    episodes: Sequence[Episode],
    references: Sequence[Reference],
    progress: Callable[[int], None],
) -> list[Rollout]:
    """Drive a batch, and drive it again when somebody killed the policy's process.

    That may have been the machine, which is not the policy's fault, or the policy itself. One that drives up
    to that point as it did before, and is not killed this time, was innocent. One that drives otherwise may
    be trying its luck, and one that is killed each time does it itself: these keep what they got first.
    """
    first: list[Rollout] = []
    deaths: list[int] = []
    while True:
        counted = 0

        def count(finished: int) -> None:
            nonlocal counted
            counted += finished
            progress(finished)

        pilot.prepare(seed)
        rollouts = roll_out_batch(episodes, references, pilot, count)
        if first and not _goes_the_same_way(first, rollouts):
            return first
        if not pilot.was_killed:
            return rollouts
        first = first or rollouts
        deaths.append(max(len(rollout.actions) for rollout in rollouts))
        latest = deaths[-SAME_DEATHS:]
        if len(deaths) == LIVES or (latest[0] > 0 and latest == [latest[-1]] * SAME_DEATHS):
            return first
        progress(-counted)


def _goes_the_same_way(one: Sequence[Rollout], other: Sequence[Rollout]) -> bool:
    """Whether two drives of a batch took the same actions as long as both went on."""
    for here, there in zip(one, other, strict=True):
        both = min(len(here.actions), len(there.actions))
        if not np.array_equal(here.actions[:both], there.actions[:both]):
            return False
    return True


def _records(
    chunk: int,
    rollouts: Sequence[Rollout],
    references: Sequence[Reference],
    entries: Sequence[SuiteEntry],
) -> bytes:
    lines, start = [], 0
    for rollout, reference, entry in zip(rollouts, references, entries, strict=True):
        actions = np.ascontiguousarray(rollout.actions, "<i2")
        record = EpisodeRecord(
            scenario=entry.scenario,
            condition=entry.condition,
            seed=entry.seed,
            world_digest=entry.world_digest,
            chunk=chunk,
            status=rollout.status,
            reason=rollout.reason,
            reference=reference,
            measurement=rollout.measurement,
            actions=ActionLog(
                file=action_log(chunk),
                start=start,
                decisions=len(actions),
                sha256=hashlib.sha256(actions.tobytes()).hexdigest(),
            ),
        )
        start += len(actions)
        lines.append(encode(record) + "\n")
    return "".join(lines).encode()


def _actions(rollouts: Sequence[Rollout]) -> bytes:
    log = io.BytesIO()
    taken = np.concatenate([np.ascontiguousarray(rollout.actions, "<i2") for rollout in rollouts])
    np.lib.format.write_array(log, taken, version=(1, 0), allow_pickle=False)
    return log.getvalue()


def chunk_seed(digest: str, chunk: int) -> int:
    """Seed of the random numbers that a policy may draw in a chunk: says nothing about the episodes in it.

    Args:
        digest: Of the policy.
        chunk: Which.
    """
    return int.from_bytes(hashlib.sha256(f"{digest}/{chunk}".encode()).digest()[:4], "little")
