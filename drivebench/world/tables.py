"""Where every entity is on every lane: tables that are computed once per simulation step.

While vehicles decide, positions stand still, so lane coordinates can be shared by all decisions.
``s_table`` and ``r_table`` are [lanes, entities]. The longitudinal coordinate on a circular lane costs an
arc tangent and is seldom wanted: it is NaN until ``longitudinal`` is asked for it.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.geometry import (
    VEHICLE_LENGTH_M,
    circular_longitudinal,
    heading_at,
    longitudinal_excess,
)
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt, LaneKind
from drivebench.world.numerics import sin, wrap_angle
from drivebench.world.polyline import polyline_coordinates, width_at

__all__ = ["find_leaders", "find_occupants", "longitudinal", "neighbours", "tabulate", "update_lanes"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_TARGET_LANE = int(EntityInt.TARGET_LANE)
_EGO, _LANDMARK = int(EntityKind.EGO), int(EntityKind.LANDMARK)
_ORIGIN_X, _ORIGIN_Y = int(LaneFloat.ORIGIN_X), int(LaneFloat.ORIGIN_Y)
_DIRECTION_X, _DIRECTION_Y = int(LaneFloat.DIRECTION_X), int(LaneFloat.DIRECTION_Y)
_LATERAL_X, _LATERAL_Y = int(LaneFloat.LATERAL_X), int(LaneFloat.LATERAL_Y)
_AMPLITUDE, _PULSATION, _PHASE = int(LaneFloat.AMPLITUDE), int(LaneFloat.PULSATION), int(LaneFloat.PHASE)
_RADIUS, _TURN = int(LaneFloat.RADIUS), int(LaneFloat.TURN)
_LANE_HEADING = int(LaneFloat.HEADING)
_LENGTH, _WIDTH, _OFFSET = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH), int(LaneFloat.OFFSET)
_LANE_KIND, _NEIGHBOURS, _NEIGHBOUR = int(LaneInt.KIND), int(LaneInt.NEIGHBOURS), int(LaneInt.NEIGHBOUR)
_STRAIGHT, _SINE, _CIRCULAR = int(LaneKind.STRAIGHT), int(LaneKind.SINE), int(LaneKind.CIRCULAR)
_POLYLINE, _WIDTHS = int(LaneKind.POLYLINE), int(LaneInt.WIDTHS)

_FEW = 16
"""So many places are looked through faster than they are halved."""

_MARGIN_M = 1.0
"""How far beside a lane a vehicle still counts as being on it (highway-env ``neighbour_vehicles``)."""


@borrowing_kernel
def tabulate(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    entities: int,
    s_table: Floats,
    r_table: Floats,
) -> None:
    """Fill the tables from the present positions."""
    x = numbers[_X]
    y = numbers[_Y]
    for lane in range(lanes):
        kind = lane_int[lane, _LANE_KIND]
        origin_x = lane_float[lane, _ORIGIN_X]
        origin_y = lane_float[lane, _ORIGIN_Y]
        s = s_table[lane]
        r = r_table[lane]
        if kind == _CIRCULAR:
            radius = lane_float[lane, _RADIUS]
            turn = lane_float[lane, _TURN]
            for i in range(entities):
                dx = x[i] - origin_x
                dy = y[i] - origin_y
                r[i] = turn * (radius - math.sqrt(dx * dx + dy * dy))
                s[i] = np.nan
        elif kind == _POLYLINE:
            for i in range(entities):
                s[i], r[i] = polyline_coordinates(lane_float, lane_int, lane, x[i], y[i])
        else:
            direction_x = lane_float[lane, _DIRECTION_X]
            direction_y = lane_float[lane, _DIRECTION_Y]
            lateral_x = lane_float[lane, _LATERAL_X]
            lateral_y = lane_float[lane, _LATERAL_Y]
            for i in range(entities):
                dx = x[i] - origin_x
                dy = y[i] - origin_y
                s[i] = dx * direction_x + dy * direction_y
                r[i] = dx * lateral_x + dy * lateral_y
            if kind == _SINE:
                amplitude = lane_float[lane, _AMPLITUDE]
                pulsation = lane_float[lane, _PULSATION]
                phase = lane_float[lane, _PHASE]
                for i in range(entities):
                    r[i] = r[i] - amplitude * sin(numerics, pulsation * s[i] + phase)


@borrowing_kernel
def _missing_longitudinal(
    numerics: int | None, lane_float: Floats, s_table: Floats, lane: int, i: int, x: float, y: float
) -> float:
    s = circular_longitudinal(numerics, lane_float, lane, x, y)
    s_table[lane, i] = s
    return s


@inlined_kernel
def longitudinal(
    numerics: int | None, lane_float: Floats, numbers: Floats, s_table: Floats, lane: int, i: int
) -> float:
    """Longitudinal coordinate of an entity on a lane, from the table or into it."""
    s = s_table[lane, i]
    if s != s:  # noqa: PLR0124 - NaN: not computed yet
        s = _missing_longitudinal(numerics, lane_float, s_table, lane, i, numbers[_X, i], numbers[_Y, i])
    return float(s)


@borrowing_kernel
def find_occupants(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    integers: Ints,
    entities: int,
    absent: int,
    s_table: Floats,
    r_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
) -> None:
    """List who is on which lane, from its start to its end: ``occupants[lane, : occupied[lane]]``.

    ``places`` holds their longitudinal coordinates in the same order; of equals, the earlier entity comes
    first. ``on_lane`` has the same as truth values. Nobody sees the entity ``absent`` (-1 for none).
    """
    kind = integers[_KIND]
    for lane in range(lanes):
        half = lane_float[lane, _WIDTH] / 2 + _MARGIN_M
        end = lane_float[lane, _LENGTH] + VEHICLE_LENGTH_M
        near = 0
        for i in range(entities):  # without branches: who is beside the lane cannot be predicted
            on_lane[lane, i] = False
            occupants[lane, near] = i
            near += 1 if abs(r_table[lane, i]) <= half else 0
        if lane_int[lane, _WIDTHS] > 0:
            near = 0
            for i in range(entities):
                half = width_at(lane_float, lane_int, lane, s_table[lane, i]) / 2 + _MARGIN_M
                occupants[lane, near] = i
                near += 1 if abs(r_table[lane, i]) <= half else 0
        count = 0
        for candidate in range(near):
            i = occupants[lane, candidate]
            s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
            if -VEHICLE_LENGTH_M <= s < end and kind[i] != _LANDMARK and i != absent:
                on_lane[lane, i] = True
                place = count
                while place > 0 and places[lane, place - 1] > s:
                    places[lane, place] = places[lane, place - 1]
                    occupants[lane, place] = occupants[lane, place - 1]
                    place -= 1
                places[lane, place] = s
                occupants[lane, place] = i
                count += 1
        occupied[lane] = count


@inlined_kernel
def _count_below(places: Floats, count: int, s: float) -> int:
    """How many of the first ``count`` places, which ascend, are less than s."""
    low = 0
    while count - low > _FEW:
        middle = (low + count) // 2
        if places[middle] < s:
            low = middle + 1
        else:
            count = middle
    below = low
    for place in range(low, count):
        below += 1 if places[place] < s else 0
    return below


@inlined_kernel
def _neighbours_on_one_lane(
    occupants: Ints, places: Floats, occupied: Ints, lane: int, i: int, s: float
) -> tuple[int, int]:
    count = occupied[lane]
    behind = _count_below(places[lane], count, s)
    rear = -1
    if behind > 0:
        place = behind - 1
        while place > 0 and places[lane, place - 1] == places[lane, behind - 1]:
            place -= 1
        rear = occupants[lane, place]
    front = -1
    ahead = behind
    if ahead < count and occupants[lane, ahead] == i:
        ahead += 1
    if ahead < count:
        front = occupants[lane, ahead]
        place = ahead + 1
        while place < count and places[lane, place] == places[lane, ahead]:
            if occupants[lane, place] != i:
                front = occupants[lane, place]
            place += 1
    return front, rear


@borrowing_kernel
def _neighbours_on_connected_lanes(
    lane_float: Floats,
    lane_int: Ints,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    lane: int,
    i: int,
    s: float,
) -> tuple[int, int]:
    front = -1
    rear = -1
    s_front = np.inf
    s_rear = -np.inf
    for searched in range(lane_int[lane, _NEIGHBOURS]):
        other = lane_int[lane, _NEIGHBOUR + searched]
        offset = lane_float[lane, _OFFSET + searched]
        for place in range(occupied[other]):
            k = occupants[other, place]
            counted = k == i
            for earlier in range(searched):
                counted = counted or on_lane[lane_int[lane, _NEIGHBOUR + earlier], k]
            if counted:
                continue
            at = places[other, place] + offset
            if s <= at:
                if at < s_front or (at == s_front and k > front):
                    s_front = at
                    front = k
            elif at > s_rear or (at == s_rear and k < rear):
                s_rear = at
                rear = k
    return front, rear


@inlined_kernel
def neighbours(
    lane_float: Floats,
    lane_int: Ints,
    on_lane: Flags,
    occupants: Ints,
    places: Floats,
    occupied: Ints,
    lane: int,
    i: int,
    s: float,
) -> tuple[int, int]:
    """Who drives in front of and behind an entity on a lane (highway-env ``Road.neighbour_vehicles``).

    An entity counts on the first of the searched lanes that it is on. On a tie the later entity is in front,
    and the earlier one behind. The lane need not be the entity's own; ``s`` is where it is along that lane.

    Returns:
        Front and rear entity, -1 for none.
    """
    if lane_int[lane, _NEIGHBOURS] == 1:
        return _neighbours_on_one_lane(occupants, places, occupied, lane, i, s)
    return _neighbours_on_connected_lanes(
        lane_float, lane_int, on_lane, occupants, places, occupied, lane, i, s
    )


@borrowing_kernel
def find_leaders(
    lane_int: Ints, lanes: int, integers: Ints, places: Floats, occupants: Ints, occupied: Ints, leaders: Ints
) -> None:
    """Write who is in front of whom on the present lane, -1 for nobody, where it can be read off the lists.

    Where vehicles are exactly level, where connected lanes count, and for vehicles beside their lane, what
    stood in ``leaders`` stays; ``neighbours`` knows.
    """
    for lane in range(lanes):
        if lane_int[lane, _NEIGHBOURS] != 1:
            continue
        count = occupied[lane]
        for place in range(count):
            i = occupants[lane, place]
            if integers[_LANE, i] != lane:
                continue
            following = place + 1
            if following == count:
                leaders[i] = -1
                continue
            level = places[lane, place] == places[lane, following]
            if following + 1 < count:
                level = level or places[lane, following] == places[lane, following + 1]
            if not level:
                leaders[i] = occupants[lane, following]


@inlined_kernel
def _weighted_distance(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lane: int,
    s: float,
    excess: float,
    heading: float,
) -> float:
    """L1 distance plus heading difference (highway-env ``AbstractLane.distance_with_heading``)."""
    if lane_int[lane, _LANE_KIND] == _STRAIGHT:
        along = lane_float[lane, _LANE_HEADING]
    else:
        along = heading_at(numerics, lane_float, lane_int, lane, s)
    return excess + abs(wrap_angle(numerics, heading - along))


@borrowing_kernel
def update_lanes(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    r_table: Floats,
) -> None:
    """Find the closest lane of every vehicle: the first with the least L1 distance plus heading difference.

    The distance is a sum of terms that are not negative, so a lane whose first term already exceeds the
    distance of the present lane, or of one seen before, is skipped without changing the outcome.
    """
    for i in range(vehicles):
        if i == absent:
            continue
        heading = numbers[_HEADING, i]
        present = integers[_LANE, i]
        s = longitudinal(numerics, lane_float, numbers, s_table, present, i)
        excess = longitudinal_excess(lane_float, present, s, r_table[present, i])
        bound = _weighted_distance(numerics, lane_float, lane_int, present, s, excess, heading)
        best = present
        for lane in range(lanes):
            if lane == present or abs(r_table[lane, i]) > bound:
                continue
            s = longitudinal(numerics, lane_float, numbers, s_table, lane, i)
            excess = longitudinal_excess(lane_float, lane, s, r_table[lane, i])
            if excess > bound:
                continue
            distance = _weighted_distance(numerics, lane_float, lane_int, lane, s, excess, heading)
            if distance < bound or (distance == bound and lane < best):
                best = lane
                bound = distance
        integers[_LANE, i] = best
        if integers[_KIND, i] == _EGO:
            integers[_TARGET_LANE, i] = best
