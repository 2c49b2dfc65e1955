"""Where else the car could have been sent: other routes through a crossing, as sensors would tell them.

A learner that is to obey commands must not only see what the driver did under the command that was given. D.
Chen et al. (Learning by Cheating, CoRL 2019, arXiv:1912.12294, section 3.3) ask their teacher under every
command; a teacher who goes by the route's geometry needs a route for that. Routes are taken from the other
episodes on the same road network: at a crossing they begin alike and part.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.scenes import Roads
from drivebench.scenario import Command, Route
from drivebench.sensors.kinematics import ROUTE_GEOMETRY, _fill_route

__all__ = ["MOST_OTHERS", "NEAR_M", "OTHER_COMMAND", "OTHER_GEOMETRY", "other_routes"]

OTHER_COMMAND, OTHER_GEOMETRY = "other-command", "other-route-geometry"
MOST_OTHERS = 2
"""Other routes of a frame: left, straight on and right, less the one that is assigned."""
NEAR_M = 1.5
"""A route that is farther away than this has parted already: nobody can be sent there any more."""


def other_routes(episodes: Sequence[Demonstration], roads: Roads) -> dict[str, NDArray[np.generic]]:
    """What the sensors ``command`` and ``route-geometry`` would tell under other routes.

    Args:
        episodes: In whose frames.
        roads: Builds their roads and routes.

    Returns:
        ``other-command`` ``i8[F, 2]``, -1 where there is no other route whose command differs from the one in
        force, and ``other-route-geometry`` ``f4[F, 2, 10]``; frames counted over all episodes in order.
    """
    by_network: dict[str, dict[tuple[Command, ...], Route]] = {}
    for episode in episodes:
        network, _ = roads.of(episode)
        route = roads.route_of(episode)
        kinds = tuple(segment.command for segment in route.commands)
        by_network.setdefault(network.digest, {}).setdefault(kinds, route)
    frames = sum(episode.frames for episode in episodes)
    width = ROUTE_GEOMETRY.space().shape
    assert width is not None
    command = np.full((frames, MOST_OTHERS), -1, np.int64)
    geometry = np.zeros((frames, MOST_OTHERS, *width), np.float32)
    first = 0
    for episode in episodes:
        here = slice(first, first + episode.frames)
        first += episode.frames
        network, _ = roads.of(episode)
        own = tuple(segment.command for segment in roads.route_of(episode).commands)
        others = [r for kinds, r in sorted(by_network[network.digest].items()) if kinds != own]
        ego = episode.trajectories[:, episode.ego]
        for route in others:
            _offer(route, ego, episode.commands.astype(np.int64), command[here], geometry[here])
    return {OTHER_COMMAND: command, OTHER_GEOMETRY: geometry}


def _offer(
    route: Route,
    ego: NDArray[np.float64],
    own: NDArray[np.int64],
    command: NDArray[np.int64],
    geometry: NDArray[np.float32],
) -> None:
    """Write down one other route, where it is near, asks for something else, and is not yet written."""
    arc, beside_m = _projected(route, ego[:, :2])
    starts = np.array([segment.start_m for segment in route.commands])
    asked = np.array([int(segment.command) for segment in route.commands])
    wanted = asked[np.maximum(np.searchsorted(starts, arc, side="right") - 1, 0)]
    ahead = np.arange(ROUTE_GEOMETRY.points, dtype=np.float64) * ROUTE_GEOMETRY.spacing_m
    for t in np.flatnonzero((beside_m < NEAR_M) & (wanted != own)).tolist():
        free = np.flatnonzero(command[t] < 0)
        if not len(free) or wanted[t] in command[t]:
            continue
        x, y, heading = ego[t, :3].tolist()
        command[t, free[0]] = wanted[t]
        values = geometry[t, free[0]]
        span_m = min(5.0, ROUTE_GEOMETRY.spacing_m)
        _fill_route(route.points_m, route.arc_m, float(arc[t]), x, y, heading, ahead, span_m, values)


def _projected(route: Route, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Arc length of the nearest point of a route, and the distance to it, ``f8[T]`` each."""
    start, step = route.points_m[:-1], np.diff(route.points_m, axis=0)
    square = (step * step).sum(axis=1)
    share = ((places[:, None] - start) * step).sum(axis=2) / square
    share = np.clip(share, 0.0, 1.0)
    gap = places[:, None] - (start + share[..., None] * step)
    distance = np.sqrt((gap * gap).sum(axis=2))
    nearest = distance.argmin(axis=1)
    row = np.arange(len(places))
    length = np.diff(route.arc_m)[nearest]
    return route.arc_m[nearest] + share[row, nearest] * length, distance[row, nearest]
