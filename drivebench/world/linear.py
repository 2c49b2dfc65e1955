"""Traffic whose controllers are linear in their gains (highway-env ``LinearVehicle`` and its subclasses).

Leurent, Blanco, Efimov and Maillard, "Approximate robust control of uncertain dynamical systems", Machine
Learning for Intelligent Transportation Systems workshop (2018). As in highway-env, a vehicle that asks what
another one would do applies its own gains to the other's situation.

Its lanes are chosen as those of all traffic (``lane_change``); the rest of its decisions are passes of their
own, which worlds without it leave out.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel
from drivebench.world.control import LARGEST_STEERING_RAD, PURSUIT_S
from drivebench.world.following import clip, not_zero
from drivebench.world.geometry import heading_at
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldFloat
from drivebench.world.linear_rule import linear_acceleration
from drivebench.world.numerics import square_of_scalar, wrap_angle
from drivebench.world.tables import longitudinal, neighbours

__all__ = ["accelerate_linear", "any_is_linear", "follow_linear", "steer_linear"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_HEADING, _SPEED, _LENGTH = int(EntityFloat.HEADING), int(EntityFloat.SPEED), int(EntityFloat.LENGTH)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_HEADING_GAIN, _LATERAL_GAIN = int(EntityFloat.HEADING_GAIN), int(EntityFloat.LATERAL_GAIN)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_CRASHED, _LINEAR = int(EntityInt.CRASHED), int(EntityKind.LINEAR)
_MAX_ACCELERATION = int(WorldFloat.MAX_ACCELERATION)


@borrowing_kernel
def any_is_linear(integers: Ints, vehicles: int) -> bool:
    """Whether one of the vehicles is LINEAR."""
    found = False
    for i in range(vehicles):
        found = found or integers[_KIND, i] == _LINEAR
    return found


@borrowing_kernel
def follow_linear(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    following: Floats,
) -> None:
    """Set ``following`` to the acceleration that LINEAR vehicles want on their present lanes."""
    for i in range(vehicles):
        if integers[_KIND, i] == _LINEAR:
            lane = integers[_LANE, i]
            s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
            front, _ = neighbours(lane_float, lane_int, on_lane, occupants, places, occupied, lane, i, s)
            following[i] = linear_acceleration(
                numerics, lane_float, parameters, numbers, integers, s_table, i, i, front
            )


@borrowing_kernel
def accelerate_linear(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    following: Floats,
) -> None:
    """Set the acceleration of LINEAR vehicles; during a lane change they mind the leaders on both lanes."""
    bound = parameters[_MAX_ACCELERATION]
    for i in range(vehicles):
        if integers[_KIND, i] != _LINEAR or integers[_CRASHED, i] != 0:
            continue
        acceleration = following[i]
        target = integers[_TARGET_LANE, i]
        if integers[_LANE, i] != target:
            s = longitudinal(numerics, lane_float, numbers, s_table, target, i)
            front, _ = neighbours(lane_float, lane_int, on_lane, occupants, places, occupied, target, i, s)
            other = linear_acceleration(
                numerics, lane_float, parameters, numbers, integers, s_table, i, i, front
            )
            acceleration = min(acceleration, other)
        numbers[_ACCELERATION, i] = clip(acceleration, -bound, bound)


@borrowing_kernel
def _steering(numerics: int | None, numbers: Floats, i: int, lateral: float, ahead: float) -> float:
    """Front wheel angle in rad, not bounded, of vehicle i; ``ahead`` is the heading of its lane there.

    Like that of the acceleration its sum begins at 0, as NumPy's product of vectors does: no negative zero.
    """
    speed = not_zero(numbers[_SPEED, i])
    length = numbers[_LENGTH, i]
    turn = wrap_angle(numerics, ahead - numbers[_HEADING, i]) * length / speed
    shift = -lateral * length / square_of_scalar(numerics, speed)
    return float(0.0 + numbers[_HEADING_GAIN, i] * turn + numbers[_LATERAL_GAIN, i] * shift)


@borrowing_kernel
def steer_linear(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    s_table: Floats,
    r_table: Floats,
) -> None:
    """Set the front wheel angle of LINEAR vehicles."""
    for i in range(vehicles):
        if integers[_KIND, i] == _LINEAR and integers[_CRASHED, i] == 0:
            lane = integers[_TARGET_LANE, i]
            s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
            ahead = heading_at(numerics, lane_float, lane_int, lane, s + numbers[_SPEED, i] * PURSUIT_S)
            angle = _steering(numerics, numbers, i, r_table[lane, i], ahead)
            numbers[_STEERING, i] = clip(angle, -LARGEST_STEERING_RAD, LARGEST_STEERING_RAD)
