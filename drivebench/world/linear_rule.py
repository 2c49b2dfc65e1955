"""The acceleration of linear traffic from its three features (highway-env ``LinearVehicle.acceleration``)."""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, WorldFloat
from drivebench.world.tables import longitudinal

__all__ = ["linear_acceleration"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SPEED, _TARGET_SPEED = int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_TARGET_SPEED_GAIN = int(EntityFloat.TARGET_SPEED_GAIN)
_SPEED_DIFFERENCE_GAIN, _GAP_GAIN = int(EntityFloat.SPEED_DIFFERENCE_GAIN), int(EntityFloat.GAP_GAIN)
_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_EGO, _IDM = int(EntityKind.EGO), int(EntityKind.IDM)
_CONTROLLED, _LINEAR = int(EntityKind.CONTROLLED), int(EntityKind.LINEAR)
_SPEED_LIMIT = int(LaneFloat.SPEED_LIMIT)
_DISTANCE, _TIME = int(WorldFloat.DISTANCE_WANTED), int(WorldFloat.TIME_WANTED)


@borrowing_kernel
def linear_acceleration(
    numerics: int | None,
    lane_float: Floats,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    s_table: Floats,
    asking: int,
    follower: int,
    leader: int,
) -> float:
    """Acceleration in m/s², not bounded, that ``asking`` expects of ``follower`` behind ``leader``.

    -1 stands for nobody. Stock quirks: the target speed is not bounded by the lane's limit, one without a
    target speed is content with its own, and obstacles are asked, too. drivebench's ego counts as a driver
    who wants the limit.
    """
    if follower < 0:
        return 0.0
    speed = numbers[_SPEED, follower]
    kind = integers[_KIND, follower]
    lane = integers[_LANE, follower]
    target = speed
    if kind in (_IDM, _CONTROLLED, _LINEAR):
        target = numbers[_TARGET_SPEED, follower]
    elif kind == _EGO and not math.isnan(lane_float[lane, _SPEED_LIMIT]):
        target = lane_float[lane, _SPEED_LIMIT]
    slower = 0.0
    closer = 0.0
    if leader >= 0:
        gap = longitudinal(numerics, lane_float, numbers, s_table, lane, leader) - longitudinal(
            numerics, lane_float, numbers, s_table, lane, follower
        )
        safe = parameters[_DISTANCE] + max(speed, 0.0) * parameters[_TIME]
        slower = min(numbers[_SPEED, leader] - speed, 0.0)
        closer = min(gap - safe, 0.0)
    return float(
        0.0
        + numbers[_TARGET_SPEED_GAIN, asking] * (target - speed)
        + numbers[_SPEED_DIFFERENCE_GAIN, asking] * slower
        + numbers[_GAP_GAIN, asking] * closer
    )
