"""Car following: the Intelligent Driver Model as highway-env writes it (``IDMVehicle.acceleration``).

Treiber, Hennecke and Helbing, "Congested traffic states in empirical observations and microscopic
simulations", Physical Review E 62 (2000). As in highway-env, the constants and the exponent are those of the
vehicle that asks, even when it asks about another, and distances are measured along the follower's own lane.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, WorldFloat
from drivebench.world.numerics import power
from drivebench.world.tables import find_leaders, longitudinal, neighbours

__all__ = [
    "accelerate",
    "clip",
    "desired_gap",
    "expected_acceleration",
    "follow_leaders",
    "free_flow",
    "not_zero",
    "own_acceleration",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SPEED_GAIN = 1 / 0.6
"""Of the speed controller (highway-env ``ControlledVehicle.KP_A``), 1/s."""

_SPEED, _TARGET_SPEED = int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_DELTA, _COS, _SIN = int(EntityFloat.DELTA), int(EntityFloat.COS), int(EntityFloat.SIN)
_ACCELERATION = int(EntityFloat.ACCELERATION)
_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_TARGET_LANE, _CRASHED = int(EntityInt.TARGET_LANE), int(EntityInt.CRASHED)
_IDM, _CONTROLLED = int(EntityKind.IDM), int(EntityKind.CONTROLLED)
_EGO, _PLAIN, _OBSTACLE = int(EntityKind.EGO), int(EntityKind.PLAIN), int(EntityKind.OBSTACLE)
_BICYCLE = int(EntityKind.BICYCLE)
_SPEED_LIMIT = int(LaneFloat.SPEED_LIMIT)
_DISTANCE, _TIME = int(WorldFloat.DISTANCE_WANTED), int(WorldFloat.TIME_WANTED)
_COMFORT, _APPROACH_SCALE = int(WorldFloat.COMFORT_ACCELERATION), int(WorldFloat.APPROACH_SCALE)
_MAX_ACCELERATION = int(WorldFloat.MAX_ACCELERATION)

_UNKNOWN = -2


@inlined_kernel
def not_zero(x: float) -> float:
    """Keep |x| above 0.01 (highway-env ``utils.not_zero``)."""
    small = 1e-2 if x >= 0.0 else -1e-2
    return x if abs(x) > 1e-2 else small


@inlined_kernel
def clip(x: float, low: float, high: float) -> float:
    """Bound x to [low, high]."""
    raised = low if x < low else x
    return high if raised > high else raised


@borrowing_kernel
def free_flow(
    numerics: int | None,
    lane_float: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    wanted: Floats,
    free: Floats,
) -> None:
    """For every vehicle: the speed it wants, and IDM's free term 1 - (v / wanted) ** delta.

    The wanted speed is the target speed, at most the lane's limit. Stock quirk: a plain vehicle has no target
    speed and counts as one that wants to stand. drivebench's ego counts as a driver who wants the limit.
    """
    speed = numbers[_SPEED]
    delta = numbers[_DELTA]
    for i in range(vehicles):
        kind = integers[_KIND, i]
        limit = lane_float[integers[_LANE, i], _SPEED_LIMIT]
        target = numbers[_TARGET_SPEED, i]
        limited = not math.isnan(limit)
        if kind in (_PLAIN, _BICYCLE):
            target = 0.0
        elif kind == _EGO:
            target = limit if limited else speed[i]
        if limited:
            target = clip(target, 0.0, limit)
        wanted[i] = abs(not_zero(target))
    for i in range(vehicles):
        free[i] = 1.0 - power(numerics, max(speed[i], 0.0) / wanted[i], delta[i])


@inlined_kernel
def desired_gap(parameters: Floats, numbers: Floats, follower: int, leader: int) -> float:
    """IDM's desired distance from the follower to the leader, from velocities projected on its heading."""
    v = numbers[_SPEED, follower]
    c = numbers[_COS, follower]
    s = numbers[_SIN, follower]
    leader_speed = numbers[_SPEED, leader]
    dx = v * c - leader_speed * numbers[_COS, leader]
    dy = v * s - leader_speed * numbers[_SIN, leader]
    approach = dx * c + dy * s
    return float(parameters[_DISTANCE] + v * parameters[_TIME] + v * approach / parameters[_APPROACH_SCALE])


@inlined_kernel
def interaction(
    numerics: int | None,
    lane_float: Floats,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    s_table: Floats,
    follower: int,
    leader: int,
) -> float:
    """IDM's braking term for a leader, (desired gap / gap) squared; 0 without a leader (-1)."""
    if leader < 0:
        return 0.0
    lane = integers[_LANE, follower]
    gap = longitudinal(numerics, lane_float, numbers, s_table, lane, leader) - longitudinal(
        numerics, lane_float, numbers, s_table, lane, follower
    )
    ratio = desired_gap(parameters, numbers, follower, leader) / not_zero(gap)
    return ratio * ratio


@inlined_kernel
def own_acceleration(
    numerics: int | None,
    lane_float: Floats,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    s_table: Floats,
    free: Floats,
    i: int,
    leader: int,
) -> float:
    """Acceleration in m/s², not bounded, that a vehicle wants behind a leader (-1 for none)."""
    comfort = parameters[_COMFORT]
    braking = interaction(numerics, lane_float, parameters, numbers, integers, s_table, i, leader)
    return float(comfort * free[i] - comfort * braking)


@borrowing_kernel
def expected_acceleration(
    numerics: int | None,
    lane_float: Floats,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    s_table: Floats,
    wanted: Floats,
    asking: int,
    follower: int,
    leader: int,
) -> float:
    """Acceleration that ``asking`` expects of another vehicle behind ``leader`` (-1 for none).

    Returns:
        m/s², not bounded; 0 if the follower is missing (-1) or not a vehicle.
    """
    if follower < 0 or integers[_KIND, follower] >= _OBSTACLE:
        return 0.0
    ratio = max(numbers[_SPEED, follower], 0.0) / wanted[follower]
    term = 1.0 - power(numerics, ratio, numbers[_DELTA, asking])
    comfort = parameters[_COMFORT]
    braking = interaction(numerics, lane_float, parameters, numbers, integers, s_table, follower, leader)
    return float(comfort * term - comfort * braking)


@borrowing_kernel
def follow_leaders(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    free: Floats,
    following: Floats,
    leaders: Ints,
) -> None:
    """Set ``following`` to the acceleration that every IDM vehicle wants on its present lane.

    ``leaders`` is [entities] work space.
    """
    leaders[:] = _UNKNOWN
    find_leaders(lane_int, lanes, integers, places, occupants, occupied, leaders)
    for i in range(vehicles):
        if integers[_KIND, i] == _IDM:
            front = leaders[i]
            if front == _UNKNOWN:
                lane = integers[_LANE, i]
                s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
                front, _ = neighbours(lane_float, lane_int, on_lane, occupants, places, occupied, lane, i, s)
            following[i] = own_acceleration(
                numerics, lane_float, parameters, numbers, integers, s_table, free, i, front
            )


@borrowing_kernel
def accelerate(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    free: Floats,
    following: Floats,
) -> None:
    """Set the acceleration of all vehicles that keep a distance or a target speed.

    During a lane change an IDM vehicle minds the leaders on both lanes.
    """
    bound = parameters[_MAX_ACCELERATION]
    for i in range(vehicles):
        kind = integers[_KIND, i]
        if kind == _IDM and integers[_CRASHED, i] == 0:
            acceleration = following[i]
            target = integers[_TARGET_LANE, i]
            if integers[_LANE, i] != target:
                s = longitudinal(numerics, lane_float, numbers, s_table, target, i)
                front, _ = neighbours(
                    lane_float, lane_int, on_lane, occupants, places, occupied, target, i, s
                )
                other = own_acceleration(
                    numerics, lane_float, parameters, numbers, integers, s_table, free, i, front
                )
                acceleration = min(acceleration, other)
            numbers[_ACCELERATION, i] = clip(acceleration, -bound, bound)
        elif kind == _CONTROLLED and i != absent:
            numbers[_ACCELERATION, i] = SPEED_GAIN * (numbers[_TARGET_SPEED, i] - numbers[_SPEED, i])
