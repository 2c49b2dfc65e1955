"""The reference driver ``idm``: keeps its assigned lane at the speed limit, behind whatever drives there.

It steers along the route and adapts its speed to the vehicle in front, and that is all: it neither looks
into other lanes nor predicts anybody. What it scores is what lane keeping alone is worth in a family.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from scenarios.reference_path import ARC, CURVATURE, HEADING, ReferencePath, X, Y

__all__ = ["LaneFollower"]

# The Intelligent Driver Model (Treiber, Hennecke, Helbing 2000, doi:10.1103/PhysRevE.62.1805) with the
# parameters of highway-env's IDMVehicle, so that the driver is one of the traffic's own kind.
COMFORTABLE_ACCELERATION_MPS2 = 3.0
COMFORTABLE_BRAKING_MPS2 = 5.0
TIME_GAP_S = 1.5
STANDING_GAP_M = 5.0
EXPONENT = 4.0

SETTLING_S = 1.2
"""The cubic that leads back to the route takes this long, which keeps a lateral error under 3 s."""
SHORTEST_RETURN_M = 8.0
LARGEST_CURVATURE_PER_M = 0.17
"""A radius of 5.9 m; full steering gives 5.6 m (a curvature of sin(atan(0.5)) / 2.5 m)."""
LANE_HALF_WIDTH_M = 2.0
SEARCH_BEHIND, SEARCH_AHEAD = 5, 60
"""Route points looked at on either side of the last one, when the ego and the leader are projected."""


class LaneFollower:
    """Constant-speed lane follower with IDM; drives any number of episodes at once."""

    privileged = True

    def __init__(self) -> None:
        self._knots: list[NDArray[np.float64]] = []
        self._limit_mps: NDArray[np.float64] = np.zeros(0)
        self._nearest: NDArray[np.int64] = np.zeros(0, np.int64)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: NDArray[np.int64]) -> None:
        """Take over the routes of episodes that start.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        missing = len(worlds.x) - len(self._knots)
        if missing > 0:
            self._knots += [np.zeros((0, 0))] * missing
            self._limit_mps = np.append(self._limit_mps, np.zeros(missing))
            self._nearest = np.append(self._nearest, np.zeros(missing, np.int64))
        for slot in slots.tolist():
            route, limit_mps = episodes[slot].route, episodes[slot].speed_limit_mps
            path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=limit_mps)
            self._knots[slot] = path.knots
            self._limit_mps[slot] = limit_mps
            self._nearest[slot] = np.searchsorted(route.arc_m, 0.0)

    def act(self, worlds: WorldBatch, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        windows = np.stack([self._window(worlds, slot) for slot in slots.tolist()])
        ego = worlds.ego[slots]
        x, y = worlds.x[slots, ego], worlds.y[slots, ego]
        speed = worlds.speed[slots, ego]
        index, along, lateral = _project(windows, x, y)
        rows = np.arange(len(slots))
        knot = windows[rows, index]
        heading = knot[:, HEADING] + knot[:, CURVATURE] * along
        steering = _steer(
            worlds.heading[slots, ego], speed, lateral, heading, knot[:, CURVATURE], worlds.length[slots, ego]
        )
        acceleration = self._follow(worlds, slots, windows, knot[:, ARC] + along)
        actions = np.stack([acceleration / ACCELERATION_RANGE_MPS2, steering / STEERING_RANGE_RAD], axis=1)
        return np.clip(actions, -1.0, 1.0).astype(np.float32)

    def _window(self, worlds: WorldBatch, slot: int) -> NDArray[np.float64]:
        """The route points about the ego, ``f8[W, 6]``; remembers the nearest for the next decision."""
        knots, ego = self._knots[slot], worlds.ego[slot]
        size = SEARCH_BEHIND + SEARCH_AHEAD
        first = int(np.clip(self._nearest[slot] - SEARCH_BEHIND, 0, max(len(knots) - size, 0)))
        window = knots[first : first + size]
        from_x, from_y = window[:, X] - worlds.x[slot, ego], window[:, Y] - worlds.y[slot, ego]
        self._nearest[slot] = first + int(np.argmin(from_x * from_x + from_y * from_y))
        if len(window) < size:
            window = np.concatenate([window, np.repeat(window[-1:], size - len(window), axis=0)])
        return window

    def _follow(
        self,
        worlds: WorldBatch,
        slots: NDArray[np.int64],
        windows: NDArray[np.float64],
        ego_arc: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """IDM acceleration (m/s²) at the speed limit, behind the nearest entity ahead in the lane."""
        n, width = len(slots), worlds.x.shape[1]
        rows, ego = np.arange(n), worlds.ego[slots]
        speed, wanted = worlds.speed[slots, ego], self._limit_mps[slots]
        repeated = np.repeat(windows, width, axis=0)
        index, along, lateral = _project(repeated, worlds.x[slots].ravel(), worlds.y[slots].ravel())
        ahead = (repeated[np.arange(n * width), index, ARC] + along).reshape(n, width) - ego_arc[:, None]
        in_lane = (
            worlds.present[slots] & (np.abs(lateral.reshape(n, width)) < LANE_HALF_WIDTH_M) & (ahead > 0.0)
        )
        in_lane[rows, ego] = False
        distance = np.where(in_lane, ahead, np.inf)
        leader = np.argmin(distance, axis=1)
        half_lengths = 0.5 * (worlds.length[slots, leader] + worlds.length[slots, ego])
        gap = np.maximum(distance[rows, leader] - half_lengths, 0.1)
        leader_speed = np.where(np.isfinite(gap), worlds.speed[slots, leader], speed)
        braking = 2.0 * np.sqrt(COMFORTABLE_ACCELERATION_MPS2 * COMFORTABLE_BRAKING_MPS2)
        desired = STANDING_GAP_M + np.maximum(
            speed * TIME_GAP_S + speed * (speed - leader_speed) / braking, 0.0
        )
        free = 1.0 - (speed / wanted) ** EXPONENT
        acceleration: NDArray[np.float64] = COMFORTABLE_ACCELERATION_MPS2 * (free - (desired / gap) ** 2)
        return acceleration


def _project(
    windows: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Nearest knot, distance along its tangent (m) and to its right (m), for n positions on n windows."""
    from_x, from_y = x[:, None] - windows[:, :, X], y[:, None] - windows[:, :, Y]
    index = np.argmin(from_x * from_x + from_y * from_y, axis=1)
    rows = np.arange(len(x))
    heading = windows[rows, index, HEADING]
    cosine, sine = np.cos(heading), np.sin(heading)
    dx, dy = from_x[rows, index], from_y[rows, index]
    return index, dx * cosine + dy * sine, dy * cosine - dx * sine


def _steer(
    ego_heading: NDArray[np.float64],
    speed: NDArray[np.float64],
    lateral: NDArray[np.float64],
    route_heading: NDArray[np.float64],
    curvature: NDArray[np.float64],
    length: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Steering angle (rad) along the cubic that leads back to the route.

    highway-env's bicycle moves along heading + β, with sin β = κ·L/2 on a path of curvature κ. The error
    that matters is therefore that of the course: in a curve the car's own heading is β short of the tangent.
    Starting curvature of a cubic that returns within a distance D: κ₀ − 6y/D² − 4ψ/D.
    """
    slip = np.arcsin(np.clip(curvature * length / 2.0, -0.4, 0.4))
    course_error = ego_heading + slip - route_heading
    course_error -= 2.0 * np.pi * np.floor((course_error + np.pi) / (2.0 * np.pi))
    within = np.maximum(speed * SETTLING_S, SHORTEST_RETURN_M)
    wanted = curvature - 6.0 * lateral / (within * within) - 4.0 * course_error / within
    wanted = np.clip(wanted, -LARGEST_CURVATURE_PER_M, LARGEST_CURVATURE_PER_M)
    steering: NDArray[np.float64] = np.arctan(2.0 * np.tan(np.arcsin(wanted * length / 2.0)))
    return steering
