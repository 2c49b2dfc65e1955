"""Low-level control: how a vehicle steers to its target lane and keeps its target speed.

highway-env's ``ControlledVehicle.steering_control`` (a lateral controller on a heading controller), and the
meta-actions of ``MDPVehicle``.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.following import clip, not_zero
from drivebench.world.geometry import heading_at
from drivebench.world.lane_change import is_reachable
from drivebench.world.layout import (
    EntityFloat,
    EntityInt,
    EntityKind,
    LaneFloat,
    LaneInt,
    LaneKind,
    WorldFloat,
    WorldInt,
)
from drivebench.world.numerics import asin, atan, rint, tan, wrap_angle
from drivebench.world.routes import is_after_end, next_lane
from drivebench.world.tables import longitudinal

__all__ = ["meta_action", "steer"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LATERAL_GAIN = 1 / 0.6
"""Of the lateral speed on the lateral offset, 1/s (highway-env ``ControlledVehicle.KP_LATERAL``)."""
HEADING_GAIN = 1 / 0.2
"""Of the yaw rate on the heading error, 1/s (``KP_HEADING``)."""
PURSUIT_S = 0.5 * 0.2
"""How far ahead the lane's heading is read, s (``TAU_PURSUIT``)."""
LARGEST_HEADING_RAD = math.pi / 4
"""Bound of the heading command to the lane (literal in ``steering_control``)."""
LARGEST_STEERING_RAD = math.pi / 3
"""Bound of the front wheel angle (``MAX_STEERING_ANGLE``)."""

_HEADING, _SPEED = int(EntityFloat.HEADING), int(EntityFloat.SPEED)
_STEERING, _LENGTH = int(EntityFloat.STEERING), int(EntityFloat.LENGTH)
_TARGET_SPEED = int(EntityFloat.TARGET_SPEED)
_KIND, _TARGET_LANE, _CRASHED = int(EntityInt.KIND), int(EntityInt.TARGET_LANE), int(EntityInt.CRASHED)
_SPEED_INDEX = int(EntityInt.SPEED_INDEX)
_IDM, _CONTROLLED = int(EntityKind.IDM), int(EntityKind.CONTROLLED)
_LANE_KIND, _STRAIGHT, _LANE_HEADING = int(LaneInt.KIND), int(LaneKind.STRAIGHT), int(LaneFloat.HEADING)
_ID, _ROAD_FIRST, _ROAD_LANES = int(LaneInt.ID), int(LaneInt.ROAD_FIRST), int(LaneInt.ROAD_LANES)
_SPEEDS, _SPEED_COUNT = int(WorldFloat.TARGET_SPEEDS), int(WorldInt.TARGET_SPEEDS)
_LANE_LEFT, _LANE_RIGHT, _FASTER, _SLOWER = 0, 2, 3, 4


@inlined_kernel
def _steering_of_slip(numerics: int | None, sine_of_slip: float) -> float:
    """Front wheel angle atan(2 tan(slip)); the canonical form needs no arc sine and no tangent."""
    if numerics is None:
        cosine = math.sqrt((1.0 - sine_of_slip) * (1.0 + sine_of_slip))
        return atan(None, 2.0 * (sine_of_slip / cosine))
    return atan(numerics, 2.0 * tan(numerics, asin(numerics, sine_of_slip)))


@borrowing_kernel
def steer(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    r_table: Floats,
    lateral: Floats,
    ahead: Floats,
    steering: Floats,
) -> None:
    """Set the front wheel angle of all vehicles that follow a target lane.

    ``lateral``, ``ahead`` and ``steering`` are [entities] work space.
    """
    speed = numbers[_SPEED]
    heading = numbers[_HEADING]
    length = numbers[_LENGTH]
    for i in range(vehicles):
        lane = integers[_TARGET_LANE, i]
        kind = integers[_KIND, i]
        lateral[i] = 0.0
        ahead[i] = heading[i]
        if kind in (_IDM, _CONTROLLED):
            lateral[i] = r_table[lane, i]
            if lane_int[lane, _LANE_KIND] == _STRAIGHT:
                ahead[i] = lane_float[lane, _LANE_HEADING]
            else:
                s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
                ahead[i] = heading_at(numerics, lane_float, lane_int, lane, s + speed[i] * PURSUIT_S)
    for i in range(vehicles):
        along = not_zero(speed[i])
        command = asin(numerics, clip(-LATERAL_GAIN * lateral[i] / along, -1.0, 1.0))
        reference = ahead[i] + clip(command, -LARGEST_HEADING_RAD, LARGEST_HEADING_RAD)
        rate = HEADING_GAIN * wrap_angle(numerics, reference - heading[i])
        slip = clip(length[i] / 2 / along * rate, -1.0, 1.0)
        angle = _steering_of_slip(numerics, slip)
        steering[i] = clip(angle, -LARGEST_STEERING_RAD, LARGEST_STEERING_RAD)
    for i in range(vehicles):
        kind = integers[_KIND, i]
        if i != absent and (kind == _CONTROLLED or (kind == _IDM and integers[_CRASHED, i] == 0)):
            numbers[_STEERING, i] = steering[i]


@borrowing_kernel
def meta_action(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    parameters: Floats,
    world_int: Ints,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    s_table: Floats,
    r_table: Floats,
    i: int,
    action: int,
) -> None:
    """Change a CONTROLLED vehicle's target speed or lane (highway-env ``DiscreteMetaAction``)."""
    target = integers[_TARGET_LANE, i]
    s = longitudinal(numerics, lane_float, numbers, s_table, target, i)
    if is_after_end(lane_float, target, s):
        target = next_lane(numerics, lane_float, lane_int, lanes, integers, route, i, target, s)
        integers[_TARGET_LANE, i] = target
    if action in (_FASTER, _SLOWER):
        last = world_int[_SPEED_COUNT] - 1
        first_speed = parameters[_SPEEDS]
        share = (numbers[_SPEED, i] - first_speed) / (parameters[_SPEEDS + last] - first_speed)
        index = int(clip(rint(share * last), 0.0, float(last)))
        index = min(max(index + (1 if action == _FASTER else -1), 0), last)
        integers[_SPEED_INDEX, i] = index
        numbers[_TARGET_SPEED, i] = parameters[_SPEEDS + index]
    elif action in (_LANE_LEFT, _LANE_RIGHT):
        number = lane_int[target, _ID] + (1 if action == _LANE_RIGHT else -1)
        number = min(max(number, 0), lane_int[target, _ROAD_LANES] - 1)
        candidate = lane_int[target, _ROAD_FIRST] + number
        if is_reachable(numerics, lane_float, lane_int, numbers, s_table, r_table, candidate, i):
            integers[_TARGET_LANE, i] = candidate
