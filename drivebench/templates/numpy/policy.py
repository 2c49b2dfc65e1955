"""A rule that keeps its lane, its speed, and its distance. It imports nothing but NumPy.

It sees what ``submission.toml`` declares: the route as numbers, the nearest vehicles as a table, its speed.
Many episodes are driven at once; what is remembered of an episode is kept by slot.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What an action in [-1, 1] means, and the vehicle (highway-env's).
ACCELERATION_RANGE_MPS2 = 5.0
STEERING_RANGE_RAD = np.pi / 4
VEHICLE_LENGTH_M = 5.0

LATERAL_MPS2 = 2.0  # comfortable in a bend
LOWEST_CRUISE_MPS = 5.0
LANE_HALF_WIDTH_M = 1.8
TIME_GAP_S, STANDING_GAP_M = 1.5, 5.0


class LaneKeeper:
    """Follows the route at the speed at which the episode began, behind whoever drives ahead."""

    def __init__(self) -> None:
        self._cruise_mps = np.zeros(0)  # by slot; 0: not known yet

    def reset(self, slots: NDArray[np.int64]) -> None:
        """New episodes begin in these slots: forget the speeds of the old ones."""
        more = int(slots.max(initial=-1)) + 1 - len(self._cruise_mps)
        self._cruise_mps = np.concatenate([self._cruise_mps, np.zeros(max(more, 0))])
        self._cruise_mps[slots] = 0.0

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions f4[n, 2]: acceleration and steering in [-1, 1]; row i belongs to slots[i]."""
        speed_mps = observation["speed"][:, 0].astype(float)
        route = observation["route-geometry"].astype(float)
        new = self._cruise_mps[slots] == 0.0
        self._cruise_mps[slots[new]] = np.maximum(speed_mps[new], LOWEST_CRUISE_MPS)
        wanted_mps = np.minimum(self._cruise_mps[slots], comfortable_mps(route))
        acceleration_mps2 = follow(observation["kinematics"].astype(float), route, speed_mps, wanted_mps)
        actions = np.stack(
            [acceleration_mps2 / ACCELERATION_RANGE_MPS2, steer(route, speed_mps) / STEERING_RANGE_RAD],
            axis=1,
        )
        return np.clip(actions, -1.0, 1.0).astype(np.float32)


def steer(route: Floats, speed_mps: Floats) -> Floats:
    """Steering angle that leads back to the route: offset and heading error die out together."""
    offset_m, heading_rad = route[:, 0], route[:, 1]
    share = np.clip(
        0.3 * speed_mps / 10.0, 0.0, 1.0
    )  # where it will be in 0.3 s, between here and 10 m ahead
    bend_per_m = (1.0 - share) * route[:, 2] + share * route[:, 3]
    return_m = np.maximum(speed_mps, 5.0)
    curvature_per_m = bend_per_m - offset_m / return_m**2 - 2.0 * heading_rad / return_m
    sine = np.clip(curvature_per_m * VEHICLE_LENGTH_M / 2.0, -0.44, 0.44)
    return np.asarray(np.arctan(2.0 * np.tan(np.arcsin(sine))))


def comfortable_mps(route: Floats) -> Floats:
    """Speed at which the bends of the next 30 m are comfortable."""
    sharpest_per_m = np.abs(route[:, 2:6]).max(axis=1)
    return np.asarray(np.sqrt(LATERAL_MPS2 / np.maximum(sharpest_per_m, 1e-4)))


def follow(vehicles: Floats, route: Floats, speed_mps: Floats, wanted_mps: Floats) -> Floats:
    """Acceleration by the Intelligent Driver Model (Treiber, Hennecke, Helbing 2000)."""
    present, x_m, y_m, vx_mps = (vehicles[:, :, column] for column in range(4))
    # where the own lane is at the distance of each vehicle: heading and bend, seen from the ego
    lane_m = 0.5 * route[:, 3:4] * x_m**2 - route[:, 0:1] - route[:, 1:2] * x_m
    ahead = (present > 0.5) & (x_m > 0.0) & (np.abs(y_m - lane_m) < LANE_HALF_WIDTH_M)
    gaps_m = np.where(ahead, x_m - VEHICLE_LENGTH_M, np.inf)
    nearest = gaps_m.argmin(axis=1)[:, None]
    gap_m = np.maximum(np.take_along_axis(gaps_m, nearest, axis=1)[:, 0], 0.5)
    closing_mps = -np.take_along_axis(vx_mps, nearest, axis=1)[:, 0]
    wanted_gap_m = STANDING_GAP_M + np.maximum(speed_mps * (TIME_GAP_S + closing_mps / 7.7), 0.0)
    free = 1.0 - (speed_mps / np.maximum(wanted_mps, 0.1)) ** 4
    return np.asarray(3.0 * np.maximum(free - (wanted_gap_m / gap_m) ** 2, -1.6))


def load(directory: Path) -> LaneKeeper:
    """Called for each batch of episodes, with this directory."""
    del directory  # a rule has nothing to load
    return LaneKeeper()
