"""What several families of highway-env's environments reward in the same way."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat
from drivebench.world.numerics import rint

__all__ = [
    "Common",
    "clipped",
    "default_speed_share",
    "followed_lane",
    "is_on_road",
    "share_of",
    "speed_share",
    "weighed",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_SPEED = int(EntityFloat.SPEED)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_SPEED_INDEX = int(EntityInt.SPEED_INDEX)
_CONTROLLED = int(EntityKind.CONTROLLED)
_LENGTH, _WIDTH = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH)
_DEFAULT_SPEEDS_MPS = (20.0, 30.0)
_DEFAULT_SPEEDS = 3
"""``MDPVehicle.DEFAULT_TARGET_SPEEDS``: slowest and fastest, in m/s, and how many."""
_MARGIN_M = 5.0
"""How far before and behind a lane a vehicle is still on it (``AbstractLane.VEHICLE_LENGTH``)."""


class Common(IntEnum):
    """Places in the settings that several families have in common."""

    NORMALISED = 0
    """Whether the weighed sum is mapped from [LOW, HIGH] to [0, 1]."""
    LOW = 1
    HIGH = 2
    SLOWEST_MPS = 3
    FASTEST_MPS = 4
    """The speeds that are worth 0 and 1 (``reward_speed_range``)."""
    OFFROAD_ENDS = 5


_NORMALISED, _LOW, _HIGH = int(Common.NORMALISED), int(Common.LOW), int(Common.HIGH)
_SLOWEST, _FASTEST = int(Common.SLOWEST_MPS), int(Common.FASTEST_MPS)


@borrowing_kernel
def share_of(value: float, low: float, high: float) -> float:
    """highway-env's ``lmap`` from [low, high] to [0, 1]."""
    return 0.0 + (value - low) * 1.0 / (high - low)


@borrowing_kernel
def clipped(value: float) -> float:
    """The value, or the nearest of 0 and 1."""
    return min(max(value, 0.0), 1.0)


@inlined_kernel
def speed_share(speed_mps: float, common: Floats) -> float:
    """What a speed is worth, from 0 to 1."""
    return clipped(share_of(speed_mps, common[_SLOWEST], common[_FASTEST]))


@inlined_kernel
def weighed(part: Floats, world: int, weights: Floats, common: Floats) -> float:
    """The parts of a world's reward, weighed and mapped to [0, 1] if that is wanted.

    highway-env adds them up with Python's ``sum``, from left to right and from 0.

    Args:
        part: [B, K].
        world: Which row of it.
        weights: [K].
        common: [len(Common)].
    """
    total = 0.0
    for k in range(len(weights)):
        total = total + weights[k] * part[world, k]
    return share_of(total, common[_LOW], common[_HIGH]) if common[_NORMALISED] != 0.0 else total


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
def default_speed_share(numbers: Floats, integers: Ints, i: int) -> float:
    """``MDPVehicle.get_speed_index`` over the last index of the default target speeds, from 0 to 1.

    A car without meta-actions has the index of the default speed that is nearest.
    """
    last = _DEFAULT_SPEEDS - 1
    if integers[_KIND, i] == _CONTROLLED:
        return float(integers[_SPEED_INDEX, i] / last)
    slowest, fastest = _DEFAULT_SPEEDS_MPS
    share = (numbers[_SPEED, i] - slowest) / (fastest - slowest)
    return min(max(rint(share * last), 0.0), float(last)) / last
