"""Asphalt between parking bays, on which no lane runs: without it, car parks would be two strips on grass."""

import numpy as np
from numpy.typing import NDArray

from drivebench.world import RoadNetwork
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind

__all__ = ["with_car_parks"]

BAY_M = 10.0
FEWEST_BAYS = 4
"""A road of at least so many lanes side by side, none longer than this, is a row of parking bays."""

AISLE_M = 3.0
"""Asphalt goes on around the bays by this."""


def with_car_parks(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The lanes of a network, and one more without lines that paves the rectangle around all parking bays.

    Args:
        network: The roads.

    Returns:
        ``lane_float`` and ``lane_int`` to be painted.
    """
    lane_float, lane_int = network.lane_float, network.lane_int
    is_short = (lane_int[:, LaneInt.KIND] == LaneKind.STRAIGHT) & (lane_float[:, LaneFloat.LENGTH] <= BAY_M)
    bays = np.flatnonzero(is_short & (lane_int[:, LaneInt.ROAD_LANES] >= FEWEST_BAYS))
    if len(bays) == 0:
        return lane_float, lane_int
    starts = lane_float[bays][:, [LaneFloat.ORIGIN_X, LaneFloat.ORIGIN_Y]]
    along = lane_float[bays][:, [LaneFloat.DIRECTION_X, LaneFloat.DIRECTION_Y]]
    ends = starts + along * lane_float[bays, LaneFloat.LENGTH, None]
    margin = lane_float[bays, LaneFloat.WIDTH].max() / 2 + AISLE_M
    low = np.minimum(starts, ends).min(axis=0) - margin
    high = np.maximum(starts, ends).max(axis=0) + margin
    pavement, integers = np.zeros((1, lane_float.shape[1])), np.zeros((1, lane_int.shape[1]), np.int64)
    pavement[0, LaneFloat.ORIGIN_X], pavement[0, LaneFloat.ORIGIN_Y] = low[0], (low[1] + high[1]) / 2
    pavement[0, LaneFloat.DIRECTION_X] = pavement[0, LaneFloat.LATERAL_Y] = 1.0
    pavement[0, LaneFloat.LENGTH], pavement[0, LaneFloat.WIDTH] = high - low
    integers[0, LaneInt.KIND] = LaneKind.STRAIGHT
    return np.concatenate((lane_float, pavement)), np.concatenate((lane_int, integers))
