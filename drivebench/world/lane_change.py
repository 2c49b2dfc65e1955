"""Lane changes of the traffic: MOBIL as highway-env writes it (``IDMVehicle.change_lane_policy``).

Kesting, Treiber and Helbing, "General lane-changing model MOBIL for car-following models", Transportation
Research Record 1999 (2007). Vehicles decide in their order in the list, and a later one sees what an
earlier one chose.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.following import desired_gap, expected_acceleration, own_acceleration
from drivebench.world.geometry import VEHICLE_LENGTH_M
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt, WorldFloat
from drivebench.world.linear_rule import linear_acceleration
from drivebench.world.polyline import width_at
from drivebench.world.routes import is_after_end, next_lane
from drivebench.world.tables import longitudinal, neighbours

__all__ = ["choose_lanes", "is_reachable"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPEED, _TIMER = int(EntityFloat.SPEED), int(EntityFloat.TIMER)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_CRASHED, _LANE_CHANGES = int(EntityInt.CRASHED), int(EntityInt.LANE_CHANGES)
_ROUTE_START, _ROUTE_LEFT = int(EntityInt.ROUTE_START), int(EntityInt.ROUTE_LEFT)
_IDM, _CONTROLLED, _LINEAR = int(EntityKind.IDM), int(EntityKind.CONTROLLED), int(EntityKind.LINEAR)
_ID, _FORBIDDEN = int(LaneInt.ID), int(LaneInt.FORBIDDEN)
_ROAD_FIRST, _ROAD_LANES = int(LaneInt.ROAD_FIRST), int(LaneInt.ROAD_LANES)
_LENGTH, _WIDTH, _WIDTHS = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH), int(LaneInt.WIDTHS)
_POLITENESS, _MIN_GAIN = int(WorldFloat.POLITENESS), int(WorldFloat.MIN_GAIN)
_COMFORT = int(WorldFloat.COMFORT_ACCELERATION)
_MAX_BRAKING, _DELAY = int(WorldFloat.MAX_BRAKING_IMPOSED), int(WorldFloat.LANE_CHANGE_DELAY)

_SLOWEST_CHANGE_MPS = 1.0
"""A vehicle changes lanes only when it is at least this fast."""


@inlined_kernel
def _sign(value: int) -> int:
    return (1 if value > 0 else 0) - (1 if value < 0 else 0)


@borrowing_kernel
def is_reachable(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    numbers: Floats,
    s_table: Floats,
    r_table: Floats,
    lane: int,
    i: int,
) -> bool:
    """Whether a vehicle may and can change to a lane from where it is (``is_reachable_from``)."""
    if lane_int[lane, _FORBIDDEN] != 0 or abs(r_table[lane, i]) > 2 * lane_float[lane, _WIDTH]:
        return False
    s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
    if lane_int[lane, _WIDTHS] > 0 and abs(r_table[lane, i]) > 2 * width_at(lane_float, lane_int, lane, s):
        return False
    return bool(0.0 <= s < lane_float[lane, _LENGTH] + VEHICLE_LENGTH_M)


@borrowing_kernel
def _expected(
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
    """Acceleration that ``asking`` expects of a vehicle behind ``leader``, by the rule of its own kind."""
    if integers[_KIND, asking] == _LINEAR:
        return linear_acceleration(
            numerics, lane_float, parameters, numbers, integers, s_table, asking, follower, leader
        )
    return expected_acceleration(
        numerics, lane_float, parameters, numbers, integers, s_table, wanted, asking, follower, leader
    )


@borrowing_kernel
def _recommends(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    wanted: Floats,
    free: Floats,
    following: Floats,
    i: int,
    lane: int,
) -> bool:
    """MOBIL's verdict on a change of vehicle i to a lane.

    All of its conditions must hold, so those come first that are cheap and often fail: a vehicle that follows
    nobody closely gains too little wherever it goes, since braking for a leader only takes from the
    acceleration on a free road.
    """
    comfort = parameters[_COMFORT]
    politeness = parameters[_POLITENESS]
    step = integers[_ROUTE_START, i]
    planned = integers[_ROUTE_LEFT, i] > 0 and route[i, step, 2] >= 0
    if planned:
        target = lane_int[integers[_TARGET_LANE, i], _ID]
        if _sign(lane_int[lane, _ID] - target) != _sign(route[i, step, 2] - target):
            return False
    elif (
        politeness == 0.0
        and comfort >= 0.0
        and integers[_KIND, i] == _IDM
        and comfort * free[i] - following[i] < parameters[_MIN_GAIN]
    ):
        return False
    s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
    front, rear = neighbours(lane_float, lane_int, on_lane, occupants, places, occupied, lane, i, s)
    shared = (numerics, lane_float, parameters, numbers, integers, s_table, wanted, i)
    if integers[_KIND, i] == _LINEAR:
        own_after = _expected(*shared, i, front)
    else:
        own_after = own_acceleration(
            numerics, lane_float, parameters, numbers, integers, s_table, free, i, front
        )
    gain = own_after - following[i]
    if planned:
        if own_after < -parameters[_MAX_BRAKING]:
            return False
    elif politeness == 0.0 and gain < parameters[_MIN_GAIN]:
        return False
    rear_after = _expected(*shared, rear, i)
    if rear_after < -parameters[_MAX_BRAKING]:
        return False
    if planned or politeness == 0.0:
        return True
    current = integers[_LANE, i]
    s = longitudinal(numerics, lane_float, numbers, s_table, current, i)
    old_front, old_rear = neighbours(
        lane_float, lane_int, on_lane, occupants, places, occupied, current, i, s
    )
    gain += politeness * (
        rear_after
        - _expected(*shared, rear, front)
        + _expected(*shared, old_rear, old_front)
        - _expected(*shared, old_rear, i)
    )
    return not gain < parameters[_MIN_GAIN]


@borrowing_kernel
def _abort_if_contested(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    changing: Ints,
    changes: int,
    absent: int,
    s_table: Floats,
    i: int,
) -> None:
    """Give a change up when somebody close ahead is changing to the same lane.

    Whoever is changing stands in ``changing[:changes]``; who has finished in the meantime may, too.
    """
    lane = integers[_LANE, i]
    target = integers[_TARGET_LANE, i]
    if lane_int[lane, _ROAD_FIRST] != lane_int[target, _ROAD_FIRST]:
        return
    for place in range(changes):
        k = changing[place]
        kind = integers[_KIND, k]
        if (
            k not in (i, absent)
            and integers[_LANE, k] != target
            and kind in (_IDM, _CONTROLLED, _LINEAR)
            and integers[_TARGET_LANE, k] == target
        ):
            gap = longitudinal(numerics, lane_float, numbers, s_table, lane, k) - longitudinal(
                numerics, lane_float, numbers, s_table, lane, i
            )
            if 0.0 < gap < desired_gap(parameters, numbers, i, k):
                integers[_TARGET_LANE, i] = lane
                return


@borrowing_kernel
def _reconsider_lane(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    s_table: Floats,
    r_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    wanted: Floats,
    free: Floats,
    following: Floats,
    i: int,
) -> None:
    """Consider the left lane and then the right one; the last that MOBIL recommends wins."""
    lane = integers[_LANE, i]
    number = lane_int[lane, _ID]
    for side in (-1, 1):
        candidate = lane + side
        if number + side < 0 or number + side >= lane_int[lane, _ROAD_LANES]:
            continue
        if not is_reachable(numerics, lane_float, lane_int, numbers, s_table, r_table, candidate, i):
            continue
        if abs(numbers[_SPEED, i]) < _SLOWEST_CHANGE_MPS:
            continue
        if _recommends(
            numerics,
            lane_float,
            lane_int,
            parameters,
            numbers,
            integers,
            route,
            s_table,
            on_lane,
            occupants,
            places,
            occupied,
            wanted,
            free,
            following,
            i,
            candidate,
        ):
            integers[_TARGET_LANE, i] = candidate


@borrowing_kernel
def choose_lanes(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    r_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    wanted: Floats,
    free: Floats,
    following: Floats,
    changing: Ints,
) -> None:
    """All vehicles that follow a target lane go on to the next one at its end; traffic may change lanes.

    During a change a vehicle may only give it up; else it reconsiders once every second. ``changing`` is
    [entities] work space.
    """
    delay = parameters[_DELAY]
    changes = 0
    for i in range(vehicles):
        if integers[_LANE, i] != integers[_TARGET_LANE, i]:
            changing[changes] = i
            changes += 1
    for i in range(vehicles):
        kind = integers[_KIND, i]
        traffic = kind in (_IDM, _LINEAR)
        if i == absent or not (kind == _CONTROLLED or (traffic and integers[_CRASHED, i] == 0)):
            continue
        lane = integers[_LANE, i]
        target = integers[_TARGET_LANE, i]
        listed = lane != target
        s = longitudinal(numerics, lane_float, numbers, s_table, target, i)
        if is_after_end(lane_float, target, s):
            target = next_lane(numerics, lane_float, lane_int, lanes, integers, route, i, target, s)
            integers[_TARGET_LANE, i] = target
            if lane != target and not listed:
                changing[changes] = i
                changes += 1
        if not traffic or integers[_LANE_CHANGES, i] == 0:
            continue
        if lane != target:
            _abort_if_contested(
                numerics,
                lane_float,
                lane_int,
                parameters,
                numbers,
                integers,
                changing,
                changes,
                absent,
                s_table,
                i,
            )
        elif delay < numbers[_TIMER, i]:
            numbers[_TIMER, i] = 0.0
            _reconsider_lane(
                numerics,
                lane_float,
                lane_int,
                parameters,
                numbers,
                integers,
                route,
                s_table,
                r_table,
                on_lane,
                occupants,
                places,
                occupied,
                wanted,
                free,
                following,
                i,
            )
            if integers[_TARGET_LANE, i] != lane and not listed:
                changing[changes] = i
                changes += 1
