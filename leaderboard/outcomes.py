"""What a run says, in little: who drove, and one row of numbers for each episode.

Everything that is derived starts from here, so that a thousand runs fit into memory and an index
(:mod:`leaderboard.index`) can keep what a table needs: about 200 kB a run, where its record takes 2.5 MB.

Measures are percentages, 100 at best (``off_road`` counts the bad episodes: 0 at best), so that one table
needs one unit. An episode that was expected and is not there has the worst value everywhere; that is what the
score's definition asks for, and why skipping a hard family cannot pay.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.evaluation.manifest import Driven, RunManifest
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.metric.measurement import Ending
from drivebench.metric.other_boards import carla_driving_score, nuplan_closed_loop_score
from drivebench.metric.parts import faults

__all__ = ["COUNTS", "LOWER_IS_BETTER", "MEASURES", "Outcomes", "outcomes_of"]

MEASURES = (
    "dbs",
    "success",
    "off_road",
    "ep",
    "ttc",
    "sl",
    "c",
    "c_nuplan",
    "nc",
    "dac",
    "ddc",
    "rc",
    "mp",
    "carla",
    "nuplan",
)
"""Columns that are averaged over families, each in [0, 100]."""

LOWER_IS_BETTER = frozenset({"off_road"})
"""Of ``MEASURES``."""

COUNTS = ("at_fault", "distance_m", "duration_s", "horizon_s", "broken_off")
"""Columns that are no shares: collisions that were the policy's fault, the way driven in metres, how long it
took, how long it could have lasted, and 1 where the policy brought the episode to an end (0 otherwise)."""

SHOWN_FAILURES = 3


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """A run without its action logs and events.

    Attributes:
        path: Of the run.
        results: Digest of its episodes and action logs.
        manifest: What was run.
        numbers: ``f8[episodes, MEASURES + COUNTS]``, in the order of the manifest.
        statuses: How each episode came to its end, as in :class:`drivebench.evaluation.record.Status`.
        first_failures: Keys and reasons of the first episodes that the policy failed in.
        latency_s: Median over chunks of the median time to answer one batch; None for a reference driver, and
            for a policy that never answered.
    """

    path: Path
    results: str
    manifest: RunManifest
    numbers: NDArray[np.float64] = field(repr=False)
    statuses: tuple[str, ...] = field(repr=False)
    first_failures: tuple[tuple[str, str], ...]
    latency_s: float | None

    @property
    def name(self) -> str:
        """Of the policy."""
        return self.manifest.policy.name

    @property
    def track(self) -> str:
        """Of the policy."""
        return self.manifest.policy.track

    @property
    def training_seed(self) -> int | None:
        """Of the policy, if it was trained by ``drivebench train``."""
        seed = self.stated("seed")
        return seed if isinstance(seed, int) else None

    @property
    def demonstrations(self) -> int | None:
        """Episodes that the policy has learnt from, as its training states; None where nothing was stated."""
        stated = self.stated("demonstrations", "episodes")
        return stated if isinstance(stated, int) and stated > 0 else None

    def stated(self, *names: str) -> Any:
        """What the training states under a name, or under a name in it; None where it states no such thing.

        Args:
            names: From the outermost on. A submission may have written anything at any of them.
        """
        found: Any = self.manifest.policy.training
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    @property
    def training_settings(self) -> dict[str, Any]:
        """What two trainings of one method that differ in their seed alone have in common."""
        training = self.manifest.policy.training or {}
        return {name: training.get(name) for name in ("baseline", "budget", "config", "demonstrations")}

    def by_family(self, name: str) -> dict[str, list[float]]:
        """One of ``MEASURES`` or ``COUNTS`` on every episode, by family in the suite's order."""
        found: dict[str, list[float]] = {}
        for key, value in zip(self.manifest.episodes, self.column(name).tolist(), strict=True):
            found.setdefault(key.partition("/")[0].rpartition("-v")[0], []).append(value)
        return found

    def column(self, name: str) -> NDArray[np.float64]:
        """One of ``MEASURES`` or ``COUNTS``, ``f8[episodes]``."""
        column: NDArray[np.float64] = self.numbers[:, (*MEASURES, *COUNTS).index(name)]
        return column


def outcomes_of(run: Run) -> Outcomes:
    """Derive what counts from the records of a run.

    Args:
        run: A finished run.
    """
    manifest = run.manifest
    answered = [chunk.latency_p50_s for chunk in run.timing if chunk.decisions]
    timed = manifest.policy.kind is not Driven.DRIVER and bool(answered)
    return Outcomes(
        path=run.path,
        results=run.results,
        # runs of one suite share the texts of its keys
        manifest=replace(manifest, episodes=tuple(map(sys.intern, manifest.episodes))),
        numbers=np.array([_row(record) for record in run.episodes], dtype=np.float64),
        statuses=tuple(record.status.value for record in run.episodes),
        first_failures=tuple((each.key, each.reason) for each in run.failures[:SHOWN_FAILURES]),
        latency_s=float(np.median(answered)) if timed else None,
    )


def _row(record: EpisodeRecord) -> Sequence[float]:
    """The values of ``MEASURES`` and ``COUNTS``."""
    part, measured = record.parts, record.measurement
    driven = record.status is Status.DRIVEN
    return (
        record.score,
        100.0 * record.success,
        100.0 * (part.dac < 1.0),
        100.0 * part.ep,
        100.0 * part.ttc,
        100.0 * part.sl,
        100.0 * part.c,
        _share_left(measured.uncomfortable_nuplan_s, measured.duration_s),
        100.0 * part.nc,
        100.0 * part.dac,
        100.0 * part.ddc,
        100.0 * part.rc,
        100.0 * part.mp,
        carla_driving_score(measured, record.reference) if driven else 0.0,
        100.0 * nuplan_closed_loop_score(measured, record.reference) if driven else 0.0,
        len(faults(measured)),
        measured.distance_m,
        measured.duration_s,
        measured.horizon_s,
        measured.ended_by not in (Ending.GOAL, Ending.HORIZON),
    )


def _share_left(bad_s: float, of_s: float) -> float:
    return 100.0 * max(0.0, 1.0 - bad_s / of_s) if of_s > 0.0 else 0.0
