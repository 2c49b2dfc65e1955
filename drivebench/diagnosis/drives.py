"""Driving the expert and the policy over the same episodes, each labelling the other's states.

Two drives are what most measures are made of. In the first the expert drives and the policy is asked at each
state (open loop). In the second the policy drives and the expert is asked; there the world goes on when the
car has left the road, because a failure that ends the drive would stop the cost from growing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.route_watch import RouteWatch
from drivebench.diagnosis.subject import Asked
from drivebench.metric.measurement import Ending
from drivebench.metric.monitor import Monitor
from drivebench.policy import Slots
from drivebench.scenario import Episode
from drivebench.world import WorldBatch, quantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ

__all__ = ["ACCELERATION", "STEERING", "UNITS", "Drive", "drive", "joined", "replayed"]

ACCELERATION, STEERING = 0, 1
"""Columns of actions."""
UNITS = np.array([ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD])
"""What an action of 1 means: m/s² and rad."""
FAILURES = (Ending.COLLISION, Ending.OFF_ROAD, Ending.WRONG_WAY, Ending.OFF_ROUTE)
ROUTE_END_M = 1.0
"""A drive ends this far before the last point of the route, as a lateral error has no meaning beyond."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drive:
    """What happened in N episodes, at T decisions.

    Attributes:
        driven: ``bool[T, N]`` whether the decision was taken.
        within: ``bool[T, N]`` whether the episode, as an evaluation counts it, was still going on then.
        acted: ``f8[T, N, 2]`` what the one who drives decided: m/s² and rad; NaN where not driven.
        asked: ``f8[T, N, 2]`` what the other one would have done there; NaN where not driven, or not asked.
        actions: ``i2[T, N, 2]`` the action log.
        lateral_m: ``f8[T + 1, N]`` distance from the route's middle, positive to the right, from the start
            on; after the end of a drive it stays what it was.
        progress_m: ``f8[T + 1, N]`` arc length along the route.
        speed_mps: ``f8[T + 1, N]``.
        depth_m: ``f8[T + 1, N]`` how far the worst corner is off the drivable area.
        crashed: ``bool[N]`` whether the drive ended in a collision.
        failed_s: ``f8[N]`` when a gate of the score was lost, which ends an evaluated episode; NaN if never.
    """

    driven: NDArray[np.bool_]
    within: NDArray[np.bool_]
    acted: NDArray[np.float64]
    asked: NDArray[np.float64]
    actions: NDArray[np.int16]
    lateral_m: NDArray[np.float64]
    progress_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    depth_m: NDArray[np.float64]
    crashed: NDArray[np.bool_]
    failed_s: NDArray[np.float64]

    @property
    def episodes(self) -> int:
        """How many."""
        return int(self.driven.shape[1])

    @property
    def decisions(self) -> NDArray[np.int64]:
        """``i8[N]`` how many decisions each drive has."""
        count: NDArray[np.int64] = self.driven.sum(axis=0)
        return count


def drive(
    episodes: Sequence[Episode],
    driver: Asked,
    asked: Asked | None = None,
    *,
    go_on: bool = False,
    at_most_s: float = np.inf,
) -> Drive:
    """Let somebody drive a batch of episodes.

    Args:
        episodes: Which.
        driver: Who drives.
        asked: Who is asked at each state what to do there; nobody when left out.
        go_on: Whether to drive on to the horizon when a gate of the score is lost. A goal and a collision end
            a drive all the same.
        at_most_s: A shorter horizon.
    """
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor, watch = Monitor(worlds, episodes), RouteWatch(worlds, episodes)
    driver.begin(worlds, episodes)
    if asked is not None:
        asked.begin(worlds, episodes)
    horizon = np.array([int(min(each.horizon_s, at_most_s) * POLICY_HZ + 1e-6) for each in episodes])
    record = _Record(episodes, int(horizon.max()))
    record.note_state(0, worlds, watch, np.ones(len(episodes), np.bool_))
    going = horizon > 0
    t = 0
    while going.any():
        slots = np.flatnonzero(going)
        record.driven[t], record.within[t] = going, going & ~monitor.done
        wanted = driver.decide(worlds, watch, slots)
        record.acted[t, slots] = wanted * UNITS
        if asked is not None:
            record.asked[t, slots] = asked.decide(worlds, watch, slots) * UNITS
        record.actions[t, slots] = quantise(wanted)
        before = monitor.done.copy()
        worlds.step(record.actions[t], going)
        watch.update(going)
        monitor.update(going)
        t += 1
        record.note_state(t, worlds, watch, going)
        record.note_endings(monitor, np.flatnonzero(monitor.done & ~before))
        going &= t < horizon
        going &= ~(record.over if go_on else monitor.done)
        for slot in np.flatnonzero(going).tolist():
            crashed = bool(worlds.crashed[slot, worlds.ego[slot]])
            at_end = watch.progress_m[slot] >= episodes[slot].route.arc_m[-1] - ROUTE_END_M
            record.crashed[slot] |= crashed
            going[slot] = not (crashed or at_end)
    return record.cut(t)


class _Record:
    """The arrays of a drive while it is made."""

    def __init__(self, episodes: Sequence[Episode], decisions: int) -> None:
        batch = len(episodes)
        self.driven = np.zeros((decisions, batch), np.bool_)
        self.within = np.zeros((decisions, batch), np.bool_)
        self.acted = np.full((decisions, batch, 2), np.nan)
        self.asked = np.full((decisions, batch, 2), np.nan)
        self.actions = np.zeros((decisions, batch, 2), np.int16)
        self.states = np.zeros((4, decisions + 1, batch))
        self.crashed = np.zeros(batch, np.bool_)
        self.failed_s = np.full(batch, np.nan)
        self.over = np.zeros(batch, np.bool_)

    def note_state(self, t: int, worlds: WorldBatch, watch: RouteWatch, moved: NDArray[np.bool_]) -> None:
        """Write down where egos are after t decisions; those that have not moved keep their row."""
        if t > 0:
            self.states[:, t] = self.states[:, t - 1]
        for slot in np.flatnonzero(moved).tolist():
            self.states[:, t, slot] = (
                watch.lateral_m[slot],
                watch.progress_m[slot],
                worlds.speed[slot, worlds.ego[slot]],
                watch.depth_off_road_m(slot),
            )

    def note_endings(self, monitor: Monitor, slots: Slots) -> None:
        """Write down how episodes have ended that did so with the last decision."""
        for slot in slots.tolist():
            measured = monitor.finish(slot)
            if measured.ended_by in FAILURES:
                self.failed_s[slot] = measured.duration_s
            self.crashed[slot] = measured.ended_by is Ending.COLLISION
            self.over[slot] = measured.ended_by in (Ending.GOAL, Ending.HORIZON, Ending.COLLISION)

    def cut(self, decisions: int) -> Drive:
        """As many decisions as there were."""
        lateral, progress, speed, depth = self.states[:, : decisions + 1]
        return Drive(
            driven=self.driven[:decisions],
            within=self.within[:decisions],
            acted=self.acted[:decisions],
            asked=self.asked[:decisions],
            actions=self.actions[:decisions],
            lateral_m=lateral,
            progress_m=progress,
            speed_mps=speed,
            depth_m=depth,
            crashed=self.crashed,
            failed_s=self.failed_s,
        )


def replayed(
    episodes: Sequence[Episode], driven: NDArray[np.bool_], actions: NDArray[np.int16]
) -> Iterator[tuple[int, WorldBatch, RouteWatch, Slots]]:
    """Drive a batch of episodes again from its action log.

    Args:
        episodes: Which.
        driven: ``bool[T, B]``, as in a :class:`Drive`.
        actions: ``i2[T, B, 2]``, likewise.

    Yields:
        Before each decision: its number, the worlds, where the egos are, and the slots that go on.
    """
    worlds = WorldBatch([episode.world for episode in episodes])
    watch = RouteWatch(worlds, episodes)
    for t, going in enumerate(driven):
        yield t, worlds, watch, np.flatnonzero(going)
        active = np.ascontiguousarray(going)
        worlds.step(np.ascontiguousarray(actions[t]), active)
        watch.update(active)


def joined(drives: Sequence[Drive]) -> Drive:
    """Drives of different episodes as one, in order; shorter ones are filled up.

    Args:
        drives: At least one.
    """
    decisions = max(len(each.driven) for each in drives)
    together = {}
    for field in fields(Drive):
        parts = [getattr(each, field.name) for each in drives]
        if parts[0].ndim > 1:
            length = decisions + (field.name.endswith(("_m", "_mps")))
            parts = [_filled(part, length) for part in parts]
        together[field.name] = np.concatenate(parts, axis=1 if parts[0].ndim > 1 else 0)
    return Drive(**together)


def _filled(part: NDArray[np.generic], length: int) -> NDArray[np.generic]:
    """An array with more rows: nothing driven, no answers, states as they were at the end."""
    missing = length - len(part)
    if missing == 0:
        return part
    last = part[-1:]
    if part.dtype in (np.bool_, np.int16):
        last = np.zeros_like(last)
    elif part.ndim == 3:
        last = np.full_like(last, np.nan)
    return np.concatenate([part, np.repeat(last, missing, axis=0)])
