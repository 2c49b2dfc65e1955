"""Where the ego is on its route and on the road: kernels, in canonical numerics."""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world.geometry import local_coordinates, width_at
from drivebench.world.layout import LaneFloat, LaneInt

__all__ = ["against_direction", "depth_off_road", "is_straddling", "project_on_route"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LENGTH = int(LaneFloat.LENGTH)
_ROAD_FIRST, _ROAD_LANES = int(LaneInt.ROAD_FIRST), int(LaneInt.ROAD_LANES)

SEARCH_M = 8.0
"""How far along the route, ahead and behind, the ego's projection is looked for: three times what a car moves
in a simulation step at 40 m/s. A route that comes near itself again, as unrolled laps do, is not jumped
over."""


@kernel
def project_on_route(
    points: Floats, arc: Floats, count: int, hint: int, x: float, y: float
) -> tuple[int, float, float]:
    """The nearest point of a route near to where the ego was before.

    Args:
        points: ``f8[>=count, 2]`` of the route (m).
        arc: ``f8[>=count]`` arc length (m).
        count: Number of points.
        hint: Segment on which the ego was.
        x: Of the ego (m).
        y: The same.

    Returns:
        Segment, arc length (m), distance (m), positive to the right of the route.
    """
    first = hint
    while first > 0 and arc[hint] - arc[first] < SEARCH_M:
        first -= 1
    best_square, best_arc, best, best_side = math.inf, arc[hint], hint, 1.0
    segment = first
    while segment < count - 1 and arc[segment] - arc[hint + 1] < SEARCH_M:
        dx = points[segment + 1, 0] - points[segment, 0]
        dy = points[segment + 1, 1] - points[segment, 1]
        rx, ry = x - points[segment, 0], y - points[segment, 1]
        t = (rx * dx + ry * dy) / (dx * dx + dy * dy)
        t = min(max(t, 0.0), 1.0)
        ox, oy = rx - t * dx, ry - t * dy
        square = ox * ox + oy * oy
        if square < best_square:
            best_square, best = square, segment
            best_arc = arc[segment] + t * (arc[segment + 1] - arc[segment])
            best_side = dx * ry - dy * rx
        segment += 1
    distance = math.sqrt(best_square)
    return best, best_arc, distance if best_side >= 0.0 else -distance


@kernel
def _depth(lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float) -> float:
    """How far a point is off one lane (m); 0 on it."""
    s, r = local_coordinates(None, lane_float, lane_int, lane, x, y)
    aside: float = max(abs(r) - 0.5 * width_at(lane_float, lane_int, lane, s), 0.0)
    beyond: float = max(s - lane_float[lane, _LENGTH], -s, 0.0)
    if beyond == 0.0:
        return aside
    if aside == 0.0:
        return beyond
    return math.sqrt(aside * aside + beyond * beyond)


@kernel
def _depth_of_point(
    lane_float: Floats, lane_int: Ints, boxes: Floats, lanes: int, lane: int, before: int, x: float, y: float
) -> float:
    """How far a point is off every lane of the network; likely lanes are tried first."""
    depth = _depth(lane_float, lane_int, lane, x, y)
    if depth == 0.0:
        return 0.0
    if before != lane:
        depth = min(depth, _depth(lane_float, lane_int, before, x, y))
    first = lane_int[lane, _ROAD_FIRST]
    last = first + lane_int[lane, _ROAD_LANES]
    for other in range(first, last):
        if depth == 0.0:
            return 0.0
        if other != lane:
            depth = min(depth, _depth(lane_float, lane_int, other, x, y))
    for other in range(lanes):
        if depth == 0.0:
            return 0.0
        away = max(boxes[other, 0] - x, x - boxes[other, 2], boxes[other, 1] - y, y - boxes[other, 3])
        if away < depth and not first <= other < last:
            depth = min(depth, _depth(lane_float, lane_int, other, x, y))
    return depth


@kernel
def depth_off_road(
    lane_float: Floats,
    lane_int: Ints,
    boxes: Floats,
    lanes: int,
    lane: int,
    before: int,
    x: float,
    y: float,
    cos: float,
    sin: float,
    half_length: float,
    half_width: float,
) -> float:
    """How far the worst corner of a box is off the drivable area, which is every lane of the network.

    Args:
        lane_float: Lanes of the network.
        lane_int: The same.
        boxes: ``f8[>=lanes, 4]`` of each lane: least x, least y, greatest x, greatest y, no smaller than the
            lane.
        lanes: Number of lanes.
        lane: The lane that the box is on.
        before: The lane that it was on before.
        x: Centre of the box (m).
        y: The same.
        cos: Cosine of its heading.
        sin: Its sine.
        half_length: Half of its length (m).
        half_width: Half of its width (m).

    Returns:
        Metres; 0 when all corners are on the road.
    """
    deepest = 0.0
    for corner in range(4):
        along = half_length if corner < 2 else -half_length
        aside = half_width if corner % 2 == 0 else -half_width
        corner_x = x + along * cos - aside * sin
        corner_y = y + along * sin + aside * cos
        depth = _depth_of_point(lane_float, lane_int, boxes, lanes, lane, before, corner_x, corner_y)
        deepest = max(deepest, depth)
    return deepest


@kernel
def is_straddling(
    lane_float: Floats,
    lane_int: Ints,
    lane: int,
    x: float,
    y: float,
    cos: float,
    sin: float,
    half_length: float,
    half_width: float,
) -> bool:
    """Whether a corner of a box lies beside the lane that the box is on.

    Args:
        lane_float: Lanes of the network.
        lane_int: The same.
        lane: The lane that the box is on.
        x: Centre of the box (m).
        y: The same.
        cos: Cosine of its heading.
        sin: Its sine.
        half_length: Half of its length (m).
        half_width: Half of its width (m).
    """
    for corner in range(4):
        along = half_length if corner < 2 else -half_length
        aside = half_width if corner % 2 == 0 else -half_width
        s, r = local_coordinates(
            None, lane_float, lane_int, lane, x + along * cos - aside * sin, y + along * sin + aside * cos
        )
        if abs(r) > 0.5 * width_at(lane_float, lane_int, lane, s):
            return True
    return False


@kernel
def _advance(
    lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float, before_x: float, before_y: float
) -> tuple[bool, float]:
    """Whether a point is on a lane, and how far along the lane it has come."""
    s, r = local_coordinates(None, lane_float, lane_int, lane, x, y)
    on = abs(r) <= 0.5 * width_at(lane_float, lane_int, lane, s) and 0.0 <= s <= lane_float[lane, _LENGTH]
    if not on:
        return False, 0.0
    s_before, _ = local_coordinates(None, lane_float, lane_int, lane, before_x, before_y)
    return True, s - s_before


@kernel
def against_direction(
    lane_float: Floats,
    lane_int: Ints,
    boxes: Floats,
    lanes: int,
    lane: int,
    x: float,
    y: float,
    before_x: float,
    before_y: float,
) -> float:
    """How far a point has moved against the direction of travel.

    The direction is that of the lanes on which the point is; where lanes overlap, as they do at junctions,
    going along any one of them is enough. Off all lanes there is no direction (and the drivable-area gate).

    Args:
        lane_float: Lanes of the network.
        lane_int: The same.
        boxes: As in :func:`depth_off_road`.
        lanes: Number of lanes.
        lane: The lane that the point is likely to be on.
        x: Where it is (m).
        y: The same.
        before_x: Where it was a simulation step before (m).
        before_y: The same.

    Returns:
        Metres, not negative.
    """
    on, advance = _advance(lane_float, lane_int, lane, x, y, before_x, before_y)
    if on and advance >= 0.0:
        return 0.0
    best = advance if on else -math.inf
    for other in range(lanes):
        inside = boxes[other, 0] <= x <= boxes[other, 2] and boxes[other, 1] <= y <= boxes[other, 3]
        if inside and other != lane:
            on, advance = _advance(lane_float, lane_int, other, x, y, before_x, before_y)
            if on and advance >= 0.0:
                return 0.0
            if on:
                best = max(best, advance)
    moved = math.sqrt((x - before_x) * (x - before_x) + (y - before_y) * (y - before_y))
    return 0.0 if best == -math.inf else min(-best, moved)
