"""What several families of highway-env's environments reward in the same way."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat
from drivebench.world.numerics import rint

__all__ = ["clipped", "default_speed_index", "followed_lane", "is_on_road", "share_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_SPEED = int(EntityFloat.SPEED)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_SPEED_INDEX = int(EntityInt.SPEED_INDEX)
_CONTROLLED = int(EntityKind.CONTROLLED)
_LENGTH, _WIDTH = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH)
_MARGIN_M = 5.0
"""How far before and behind a lane a vehicle is still on it (``AbstractLane.VEHICLE_LENGTH``)."""


@borrowing_kernel
def share_of(value: float, low: float, high: float) -> float:
    """highway-env's ``lmap`` from [low, high] to [0, 1]."""
    return 0.0 + (value - low) * 1.0 / (high - low)


@borrowing_kernel
def clipped(value: float) -> float:
    """The value, or the nearest of 0 and 1."""
    return min(max(value, 0.0), 1.0)


@borrowing_kernel
def is_on_road(
    numerics: int | None, lane_float: Floats, lane_int: Ints, numbers: Floats, integers: Ints, i: int
) -> bool:
    """highway-env's ``on_road``: on the lane that is closest."""
    lane = integers[_LANE, i]
    s, r = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
    beside = abs(r) <= lane_float[lane, _WIDTH] / 2 + 0.0
    return bool(beside and s >= -_MARGIN_M and s < lane_float[lane, _LENGTH] + _MARGIN_M)


@borrowing_kernel
def followed_lane(integers: Ints, i: int) -> int:
    """The target lane of a vehicle that has one, else its lane."""
    return int(integers[_TARGET_LANE, i] if integers[_KIND, i] == _CONTROLLED else integers[_LANE, i])


@borrowing_kernel
def default_speed_index(numbers: Floats, integers: Ints, i: int) -> float:
    """``MDPVehicle.get_speed_index``: a car without meta-actions has the default target speeds' nearest."""
    if integers[_KIND, i] == _CONTROLLED:
        return float(integers[_SPEED_INDEX, i])
    share = (numbers[_SPEED, i] - 20.0) / (30.0 - 20.0)
    return min(max(rint(share * 2), 0.0), 2.0)
