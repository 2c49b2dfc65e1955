"""Giving way at crossings (highway-env ``RegulatedRoad``).

Twice a second all pairs of vehicles are checked for a conflict: would their rectangles, made longer and
narrower, touch within the next three seconds if both kept their speed? If so, the one on the lane of less
priority stops, or with equal priorities the one that sees the other further in front of itself. A round
begins with releasing all who stopped in the round before.

Vehicles that follow lanes are predicted along their routes, others with their wheels as they stand. As in
highway-env, the way along a route is counted from the start of the route's first road by the coordinate on
the present lane, also where these are different lanes, and a rectangle's corners are turned into the frame
of the other one by its heading and not by the negative of it, so that the check is exact only for headings
that are multiples of a quarter turn.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.bicycle import bicycle_step
from drivebench.world.geometry import heading_at, position
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt
from drivebench.world.motion import bounded_acceleration, kinematic_step
from drivebench.world.numerics import cos_sin, rotate, rotate_column, tan
from drivebench.world.tables import longitudinal

__all__ = ["PREDICTED", "give_way"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PREDICTED = 11
"""Points of a prediction, every quarter of a second, the last 2.75 s ahead."""
_INTERVAL_S = 0.25
_LONGER, _NARROWER = 1.5, 0.9

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_STEERING, _TARGET_SPEED = int(EntityFloat.STEERING), int(EntityFloat.TARGET_SPEED)
_LENGTH, _WIDTH = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH)
_COS, _SIN = int(EntityFloat.COS), int(EntityFloat.SIN)
_IMPACT_X, _IMPACT_Y = int(EntityFloat.IMPACT_X), int(EntityFloat.IMPACT_Y)
_MAX_SPEED, _MIN_SPEED = int(EntityFloat.MAX_SPEED), int(EntityFloat.MIN_SPEED)
_KIND, _LANE, _YIELDING = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.YIELDING)
_CRASHED, _HAS_IMPACT = int(EntityInt.CRASHED), int(EntityInt.HAS_IMPACT)
_ROUTE_START, _ROUTE_LEFT = int(EntityInt.ROUTE_START), int(EntityInt.ROUTE_LEFT)
_IDM, _LINEAR = int(EntityKind.IDM), int(EntityKind.LINEAR)
_CONTROLLED, _BICYCLE = int(EntityKind.CONTROLLED), int(EntityKind.BICYCLE)
_LATERAL_SPEED, _YAW_RATE = int(EntityFloat.LATERAL_SPEED), int(EntityFloat.YAW_RATE)
_LANE_LENGTH, _SPEED_LIMIT = int(LaneFloat.LENGTH), int(LaneFloat.SPEED_LIMIT)
_ID, _FROM, _TO = int(LaneInt.ID), int(LaneInt.FROM), int(LaneInt.TO)
_ROAD_LANES, _PRIORITY = int(LaneInt.ROAD_LANES), int(LaneInt.PRIORITY)


@borrowing_kernel
def _lane_of_step(lane_int: Ints, lanes: int, present: int, step: Ints) -> int:
    """The lane that a step of a route means; without a number, the one numbered as the present lane.

    Where there is no such lane (highway-env raises), it is the last one of the road; the present lane where
    there is no such road.
    """
    road = 0
    while road < lanes:
        count = lane_int[road, _ROAD_LANES]
        if lane_int[road, _FROM] == step[0] and lane_int[road, _TO] == step[1]:
            return int(road + min(lane_int[present, _ID] if step[2] < 0 else step[2], count - 1))
        road += count
    return present


@borrowing_kernel
def _predict_along_route(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    i: int,
    s: float,
    paths: Floats,
    lanes_ahead: Ints,
) -> None:
    """Where a vehicle will be that follows its route, on the centre line (``position_heading_along_route``).

    A vehicle without a route goes straight on.
    """
    present = integers[_LANE, i]
    first = integers[_ROUTE_START, i]
    left = max(integers[_ROUTE_LEFT, i], 1)
    if integers[_ROUTE_LEFT, i] > 0:
        lanes_ahead[0] = _lane_of_step(lane_int, lanes, present, route[i, first])
    else:
        lanes_ahead[0] = present
    known = 1
    speed = numbers[_SPEED, i]
    for k in range(PREDICTED):
        along = s + speed * (_INTERVAL_S * (k + 1))
        lane = lanes_ahead[0]
        step = 1
        while step < left and along > lane_float[lane, _LANE_LENGTH]:
            along -= lane_float[lane, _LANE_LENGTH]
            if step == known:
                lanes_ahead[step] = _lane_of_step(lane_int, lanes, present, route[i, first + step])
                known += 1
            lane = lanes_ahead[step]
            step += 1
        x, y = position(numerics, lane_float, lane_int, lane, along, 0.0)
        paths[0, i, k] = x
        paths[1, i, k] = y
        paths[2, i, k] = heading_at(numerics, lane_float, lane_int, lane, along)


@borrowing_kernel
def _predict_steered(numerics: int | None, numbers: Floats, integers: Ints, i: int, paths: Floats) -> None:
    """Where a vehicle will be whose wheels stay as they are, in steps of the prediction's interval.

    highway-env moves a copy: it takes a pending impact, crashes by it and brakes from then on; a BICYCLE
    never takes it.
    """
    x, y = numbers[_X, i], numbers[_Y, i]
    heading, speed = numbers[_HEADING, i], numbers[_SPEED, i]
    lateral, yaw_rate = numbers[_LATERAL_SPEED, i], numbers[_YAW_RATE, i]
    bicycle = integers[_KIND, i] == _BICYCLE
    crashed = integers[_CRASHED, i] != 0
    struck = integers[_HAS_IMPACT, i] != 0 and not bicycle
    steering = 0.0 if crashed else numbers[_STEERING, i]
    acceleration = 0.0
    for k in range(PREDICTED):
        acceleration = bounded_acceleration(
            speed, acceleration, crashed, numbers[_MIN_SPEED, i], numbers[_MAX_SPEED, i]
        )
        if bicycle:
            x, y, heading, speed, lateral, yaw_rate = bicycle_step(
                numerics, x, y, heading, speed, lateral, yaw_rate, acceleration, steering, _INTERVAL_S
            )
        else:
            cosine, sine = cos_sin(numerics, heading)
            ratio = 0.5 * tan(numerics, steering)
            x, y, heading, speed = kinematic_step(
                numerics,
                x,
                y,
                heading,
                cosine,
                sine,
                speed,
                acceleration,
                ratio,
                numbers[_LENGTH, i],
                _INTERVAL_S,
            )
        if struck:
            x += numbers[_IMPACT_X, i]
            y += numbers[_IMPACT_Y, i]
            crashed = True
            struck = False
            steering = 0.0
        paths[0, i, k] = x
        paths[1, i, k] = y
        paths[2, i, k] = heading


@borrowing_kernel
def _has_corner_inside(
    numerics: int | None,
    x: float,
    y: float,
    cosine: float,
    sine: float,
    half_length: float,
    half_width: float,
    other_x: float,
    other_y: float,
    other_cosine: float,
    other_sine: float,
    other_half_length: float,
    other_half_width: float,
) -> bool:
    """Whether a corner, the centre or the middle of a side of a rectangle is inside another one."""
    for along_part in range(-1, 2):
        for across_part in range(-1, 2):
            along = along_part * half_length
            across = across_part * half_width
            turned_x, turned_y = rotate_column(numerics, cosine, sine, along, across)
            along_other, across_other = rotate(
                numerics, other_cosine, other_sine, turned_x + x - other_x, turned_y + y - other_y
            )
            if (
                -other_half_length <= along_other <= other_half_length
                and -other_half_width <= across_other <= other_half_width
            ):
                return True
    return False


@borrowing_kernel
def _touch(numerics: int | None, numbers: Floats, paths: Floats, k: int, i: int, other: int) -> bool:
    """Whether two predicted rectangles touch (highway-env ``rotated_rectangles_intersect``)."""
    c, s = cos_sin(numerics, paths[2, i, k])
    other_c, other_s = cos_sin(numerics, paths[2, other, k])
    one = (
        paths[0, i, k],
        paths[1, i, k],
        c,
        s,
        _LONGER * numbers[_LENGTH, i] / 2,
        _NARROWER * numbers[_WIDTH, i] / 2,
    )
    two = (
        paths[0, other, k],
        paths[1, other, k],
        other_c,
        other_s,
        _LONGER * numbers[_LENGTH, other] / 2,
        _NARROWER * numbers[_WIDTH, other] / 2,
    )
    return _has_corner_inside(numerics, *one, *two) or _has_corner_inside(numerics, *two, *one)


@borrowing_kernel
def _are_in_conflict(numerics: int | None, numbers: Floats, paths: Floats, i: int, other: int) -> bool:
    """Whether two vehicles would touch (``is_conflict_possible``)."""
    length = numbers[_LENGTH, i]
    x, y = paths[0, i], paths[1, i]
    other_x, other_y = paths[0, other], paths[1, other]
    close = 0
    for k in range(PREDICTED):  # without branches: the first look at all points at once
        dx = other_x[k] - x[k]
        dy = other_y[k] - y[k]
        close |= (0 if math.sqrt(dx * dx + dy * dy) > length else 1) << k
    k = 0
    while close >> k != 0:
        if close >> k & 1 and _touch(numerics, numbers, paths, k, i, other):
            return True
        k += 1
    return False


@inlined_kernel
def _front_distance(numbers: Floats, i: int, other: int) -> float:
    dx = numbers[_X, other] - numbers[_X, i]
    dy = numbers[_Y, other] - numbers[_Y, i]
    return float(numbers[_COS, i] * dx + numbers[_SIN, i] * dy)


@borrowing_kernel
def give_way(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    paths: Floats,
    lanes_ahead: Ints,
) -> None:
    """One round of giving way (``enforce_road_rules``); who gives way gets the target speed 0.

    Only the traffic obeys, agents do not. ``paths`` is [3, entities, ``PREDICTED``] and ``lanes_ahead``
    [longest route] work space.
    """
    for i in range(vehicles):
        if integers[_YIELDING, i] != 0:
            numbers[_TARGET_SPEED, i] = lane_float[integers[_LANE, i], _SPEED_LIMIT]
            integers[_YIELDING, i] = 0
    for i in range(vehicles):
        kind = integers[_KIND, i]
        if kind in (_IDM, _LINEAR, _CONTROLLED):
            s = longitudinal(numerics, lane_float, numbers, s_table, integers[_LANE, i], i)
            _predict_along_route(
                numerics,
                lane_float,
                lane_int,
                lanes,
                numbers,
                integers,
                route,
                i,
                s,
                paths,
                lanes_ahead,
            )
        else:
            _predict_steered(numerics, numbers, integers, i, paths)
    for i in range(vehicles - 1):
        for other in range(i + 1, vehicles):
            if absent in (i, other) or not _are_in_conflict(numerics, numbers, paths, i, other):
                continue
            mine = lane_int[integers[_LANE, i], _PRIORITY]
            theirs = lane_int[integers[_LANE, other], _PRIORITY]
            if mine == theirs:
                waits = _front_distance(numbers, i, other) > _front_distance(numbers, other, i)
            else:
                waits = mine < theirs
            yielding = i if waits else other
            if integers[_KIND, yielding] in (_IDM, _LINEAR):
                numbers[_TARGET_SPEED, yielding] = 0.0
                integers[_YIELDING, yielding] = 1
