"""From the sums and the log of an episode to its measurement and its typed events."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivebench.metric.bounds import DRIVEBENCH_BOUNDS, NUPLAN_BOUNDS
from drivebench.metric.comfort import motion
from drivebench.metric.events import (
    Collision,
    Event,
    GoalReached,
    OffRoad,
    OffRoute,
    Overspeed,
    ShortTimeToCollision,
    WrongWay,
)
from drivebench.metric.limits import OFF_ROAD_DEPTH_M, OFF_ROUTE_M, SHORT_TTC_S
from drivebench.metric.measure import Count, Log, Outcome, Sum
from drivebench.metric.measurement import Ending, EpisodeMeasurement
from drivebench.world.clock import SIMULATION_HZ

if TYPE_CHECKING:
    from drivebench.scenario import Episode

__all__ = ["account"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ENDINGS = {
    Outcome.RUNNING: Ending.UNFINISHED,
    Outcome.GOAL: Ending.GOAL,
    Outcome.HORIZON: Ending.HORIZON,
    Outcome.COLLISION: Ending.COLLISION,
    Outcome.OFF_ROAD: Ending.OFF_ROAD,
    Outcome.WRONG_WAY: Ending.WRONG_WAY,
    Outcome.OFF_ROUTE: Ending.OFF_ROUTE,
}


def account(
    episode: "Episode", log: Floats, sums: Floats, counts: Ints, collision: Collision | None
) -> EpisodeMeasurement:
    """Make the measurement of an episode.

    Args:
        episode: The episode.
        log: ``f8[T, Log]``, a row at the start and one after each simulation step.
        sums: ``f8[Sum]``.
        counts: ``i8[Count]``.
        collision: The collision that ended it, if one did.
    """
    goal_m = episode.route.goal_m if math.isfinite(episode.route.goal_m) else None
    progress_m, reference_progress_m = float(sums[Sum.PROGRESS]), float(sums[Sum.REFERENCE_PROGRESS])
    if episode.parking is not None:
        goal_m = float(sums[Sum.POSE_ERROR_AT_START])
        progress_m = reference_progress_m = goal_m - float(sums[Sum.POSE_ERROR])
    filtered = motion(log[:, Log.SPEED], log[:, Log.HEADING])
    shortest = float(sums[Sum.SHORTEST_TTC])
    return EpisodeMeasurement(
        ended_by=_ENDINGS[Outcome(int(counts[Count.OUTCOME]))],
        duration_s=int(counts[Count.STEPS]) / SIMULATION_HZ,
        horizon_s=episode.horizon_s,
        speed_limit_mps=episode.speed_limit_mps,
        goal_m=goal_m,
        progress_m=progress_m,
        reference_progress_m=reference_progress_m,
        distance_m=float(sums[Sum.DISTANCE]),
        off_road_s=int(counts[Count.OFF_ROAD]) / SIMULATION_HZ,
        off_road_m=float(sums[Sum.OFF_ROAD_M]),
        against_m=float(sums[Sum.AGAINST]),
        off_route_m=float(sums[Sum.OFF_ROUTE]),
        short_ttc_s=int(counts[Count.SHORT_TTC]) / SIMULATION_HZ,
        shortest_ttc_s=shortest if math.isfinite(shortest) else None,
        overspeed_m=float(sums[Sum.OVERSPEED]),
        uncomfortable_s=_seconds(filtered.outside(DRIVEBENCH_BOUNDS)[1:]),
        uncomfortable_nuplan_s=_seconds(filtered.outside(NUPLAN_BOUNDS)[1:]),
        flow_s=int(counts[Count.FLOW]) / SIMULATION_HZ,
        flow_m=float(sums[Sum.FLOW]),
        in_flow_m=float(sums[Sum.IN_FLOW]),
        extremes=filtered.extremes(),
        events=_events(log, sums, counts, collision),
    )


def _events(log: Floats, sums: Floats, counts: Ints, collision: Collision | None) -> tuple[Event, ...]:
    """Everything that happened, in the order of time."""
    end_s = int(counts[Count.STEPS]) / SIMULATION_HZ
    events: list[tuple[float, Event]] = []
    for start_s, stop_s, rows in _intervals(log[:, Log.OFF_ROAD] > OFF_ROAD_DEPTH_M):
        depth = float(log[rows, Log.OFF_ROAD].max())
        events.append((start_s, OffRoad(start_s=start_s, end_s=stop_s, depth_m=depth)))
    for start_s, stop_s, rows in _intervals(log[:, Log.AGAINST] > 0.0):
        distance = math.fsum(log[rows, Log.AGAINST].tolist())
        events.append((start_s, WrongWay(start_s=start_s, end_s=stop_s, distance_m=distance)))
    for start_s, stop_s, rows in _intervals(log[:, Log.TTC] <= SHORT_TTC_S):
        shortest = float(log[rows, Log.TTC].min())
        short = ShortTimeToCollision(start_s=start_s, end_s=stop_s, shortest_s=shortest)
        events.append((start_s, short))
    excess = np.abs(log[:, Log.SPEED]) - sums[Sum.LIMIT]
    for start_s, stop_s, rows in _intervals(excess > 0.0):
        over = Overspeed(start_s=start_s, end_s=stop_s, excess_mps=float(excess[rows].max()))
        events.append((start_s, over))
    if sums[Sum.OFF_ROUTE] > OFF_ROUTE_M:
        events.append((end_s, OffRoute(time_s=end_s, offset_m=float(sums[Sum.OFF_ROUTE]))))
    if counts[Count.GOAL_STEP] >= 0:
        goal_s = int(counts[Count.GOAL_STEP]) / SIMULATION_HZ
        events.append((goal_s, GoalReached(time_s=goal_s)))
    if collision is not None:
        events.append((collision.time_s, collision))
    return tuple(event for _, event in sorted(events, key=lambda pair: pair[0]))


def _seconds(flags: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(flags)) / SIMULATION_HZ


def _intervals(flags: NDArray[np.bool_]) -> list[tuple[float, float, slice]]:
    """Runs of true flags among rows of the log: begin of the first step, end of the last, and their rows.

    Row 0 is the start and belongs to no step.
    """
    steps = np.flatnonzero(np.diff(np.concatenate(([False], flags[1:], [False])).astype(np.int8)))
    return [
        (int(first) / SIMULATION_HZ, int(last) / SIMULATION_HZ, slice(int(first) + 1, int(last) + 1))
        for first, last in zip(steps[::2], steps[1::2], strict=True)
    ]
