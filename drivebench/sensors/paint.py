"""Painting lanes into square tiles: how much of each texel is asphalt, and how much is a lane mark.

Coverage is analytic: a texel's share follows from the signed distance of its centre to the edge, so that
lines are anti-aliased at any angle. Everything is computed in canonical numerics and kept in 8-bit integers.

Frame: x forward, y to the right, metres; a lane's ``s`` runs along its centre line and ``r`` to the right.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import borrowing_kernel, inlined_kernel, kernel
from drivebench.world.geometry import local_coordinates, position
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from drivebench.world.numerics import cos, floor

__all__ = ["RESOLUTION_M", "TILE", "TILE_M", "bounds_of_lanes", "paint_tiles", "tiles_under_lanes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRIPE_PERIOD_M = 4.33
STRIPE_LENGTH_M = 3.0
"""A striped line repeats every 4.33 m and is painted for 3 m of it (highway-env ``LaneGraphics``)."""

MARK_WIDTH_M = 0.2
"""highway-env draws 0.3 m for the eye; markings on real roads are 0.10 to 0.25 m wide (RMS, MUTCD)."""

SHOULDER_M = 0.6
"""Asphalt beyond the outer line."""

OVERLAP_M = 0.4
"""Asphalt before a lane's start and past its end, which closes the seams between lanes."""

RESOLUTION_M = STRIPE_PERIOD_M / 43
"""Size of a texel, 0.1007 m: stripes repeat after whole texels, so tiles of a straight road repeat, too."""

TILE = 32
"""Texels along the side of a tile."""

TILE_M = TILE * RESOLUTION_M

_MARGIN_M = 1.0
_END_M = 0.5
_HALF_DIAGONAL_M = TILE_M * math.sqrt(0.5)

_LENGTH, _WIDTH, _RADIUS = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH), int(LaneFloat.RADIUS)
_AMPLITUDE, _PULSATION, _PHASE = int(LaneFloat.AMPLITUDE), int(LaneFloat.PULSATION), int(LaneFloat.PHASE)
_KIND, _LINE_LEFT, _LINE_RIGHT = int(LaneInt.KIND), int(LaneInt.LINE_LEFT), int(LaneInt.LINE_RIGHT)
_SINE, _CIRCULAR, _STRIPED = int(LaneKind.SINE), int(LaneKind.CIRCULAR), 1
_POLYLINE, _SAMPLES, _KNOTS = int(LaneKind.POLYLINE), int(LaneInt.SAMPLES), int(LaneInt.KNOTS)
_POSES, _WIDTHS = int(LaneInt.POSES), int(LaneInt.WIDTHS)


@kernel
def bounds_of_lanes(lane_float: Floats, lane_int: Ints) -> tuple[float, float, float, float]:
    """The rectangle (x0, y0, x1, y1) in metres that holds all asphalt."""
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for lane in range(lane_float.shape[0]):
        length = lane_float[lane, _LENGTH]
        reach = lane_float[lane, _WIDTH] / 2 + SHOULDER_M + _MARGIN_M
        steps = int(length) + 1 if lane_int[lane, _KIND] != 0 else 1
        for i in range(steps + 1):
            x, y = position(None, lane_float, lane_int, lane, length * i / steps, 0.0)
            x0, x1 = min(x0, x - reach), max(x1, x + reach)
            y0, y1 = min(y0, y - reach), max(y1, y + reach)
    return x0, y0, x1, y1


@kernel
def tiles_under_lanes(
    lane_float: Floats, lane_int: Ints, x0: float, y0: float, number: NDArray[np.int32]
) -> NDArray[np.int32]:
    """List the tiles that each lane may touch, and number these tiles from 1.

    Args:
        lane_float: The lanes.
        lane_int: The lanes.
        x0: Of the corner of the first tile.
        y0: Of the same.
        number: ``i4[rows, columns]`` zeros; receives the number of each touched tile.

    Returns:
        ``i4[P, 3]`` (lane, column, row) pairs, lane by lane.
    """
    rows, columns = number.shape
    stamp = np.full((rows, columns), -1, np.int32)
    pairs = np.empty((4096, 3), np.int32)
    count = 0
    tiles = 0
    for lane in range(lane_float.shape[0]):
        reach = lane_float[lane, _WIDTH] / 2 + SHOULDER_M + _MARGIN_M
        length = lane_float[lane, _LENGTH]
        steps = int(length) + 2
        for i in range(steps + 1):
            s = (length + 2 * _END_M) * i / steps - _END_M
            x, y = position(None, lane_float, lane_int, lane, s, 0.0)
            left = max(0, int(floor((x - reach - x0) / TILE_M)))
            right = min(columns - 1, int(floor((x + reach - x0) / TILE_M)))
            top = max(0, int(floor((y - reach - y0) / TILE_M)))
            bottom = min(rows - 1, int(floor((y + reach - y0) / TILE_M)))
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    if stamp[row, column] == lane:
                        continue
                    stamp[row, column] = lane
                    if number[row, column] == 0:
                        tiles += 1
                        number[row, column] = tiles
                    if count == len(pairs):
                        longer = np.empty((2 * count, 3), np.int32)
                        longer[:count] = pairs
                        pairs = longer
                    pairs[count, 0], pairs[count, 1], pairs[count, 2] = lane, column, row
                    count += 1
    return pairs[:count].copy()


@inlined_kernel
def _share(distance_m: float) -> float:
    """Share of a texel that lies inside of an edge, from the distance of its centre to the inside."""
    return min(1.0, max(0.0, 0.5 + distance_m / RESOLUTION_M))


@kernel
def _pieces_near(
    lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float, reach: float
) -> tuple[int, int]:
    """The pieces [first, end) of a polyline lane that hold all within a distance of a point; (0, 0): none."""
    if lane_int[lane, _KIND] != _POLYLINE:
        return 0, 0
    knots, row = lane_int[lane, _KNOTS], lane_float[lane]
    xs = lane_int[lane, _SAMPLES] + knots
    ys = xs + knots
    first, end = 0, 0
    for k in range(knots - 1):
        if min(row[xs + k], row[xs + k + 1]) > x + reach or max(row[xs + k], row[xs + k + 1]) < x - reach:
            continue
        if min(row[ys + k], row[ys + k + 1]) > y + reach or max(row[ys + k], row[ys + k + 1]) < y - reach:
            continue
        if end == 0:
            first = k
        end = k + 1
    return first, end


@borrowing_kernel
def _polyline_coordinates(
    lane_float: Floats, lane_int: Ints, lane: int, first: int, end: int, x: float, y: float
) -> tuple[float, float]:
    """Arc length of the nearest point of some pieces of a polyline, and the distance to it, to the right.

    These are not the coordinates of ``world.polyline``, which are highway-env's and jump where a curve bends;
    a line is painted at its distance. The outermost pieces go on beyond the ends of the lane.
    """
    knots, row = lane_int[lane, _KNOTS], lane_float[lane]
    arcs = lane_int[lane, _SAMPLES]
    xs, ys = arcs + knots, arcs + 2 * knots
    best_s, best_r, least = 0.0, np.inf, np.inf
    for k in range(first, end):
        step_x, step_y = row[xs + k + 1] - row[xs + k], row[ys + k + 1] - row[ys + k]
        length = row[arcs + k + 1] - row[arcs + k]
        from_x, from_y = x - row[xs + k], y - row[ys + k]
        along = (from_x * step_x + from_y * step_y) / length
        if k > 0:
            along = max(along, 0.0)
        if k < knots - 2:
            along = min(along, length)
        share = along / length
        away_x, away_y = from_x - share * step_x, from_y - share * step_y
        square = away_x * away_x + away_y * away_y
        if square < least:
            least, best_s = square, row[arcs + k] + along
            distance = math.sqrt(square)
            best_r = distance if step_x * away_y - step_y * away_x >= 0.0 else -distance
    return best_s, best_r


@inlined_kernel
def _half_width(lane_float: Floats, lane_int: Ints, lane: int, s: float) -> float:
    """Half the width of a lane, between the samples of a polyline's width in proportion."""
    widths = lane_int[lane, _WIDTHS]
    if widths == 0:
        return float(lane_float[lane, _WIDTH] / 2)
    first = lane_int[lane, _SAMPLES] + 3 * lane_int[lane, _KNOTS] + 5 * lane_int[lane, _POSES]
    at = min(max(s * (widths - 1) / lane_float[lane, _LENGTH], 0.0), widths - 1.0)
    k = min(int(at), max(widths - 2, 0))
    here, there = lane_float[lane, first + k], lane_float[lane, first + min(k + 1, widths - 1)]
    return float(0.5 * (here + (there - here) * (at - k)))


@inlined_kernel
def _lane_coordinates(
    lane_float: Floats, lane_int: Ints, lane: int, first: int, end: int, x: float, y: float
) -> tuple[float, float, float]:
    """Lane coordinates, and metres to the side per unit of r (a sine lane's r is not a distance).

    Args:
        lane_float: The lanes.
        lane_int: The lanes.
        lane: Which.
        first: From ``_pieces_near``, like the next.
        end: The same.
        x: Of the point.
        y: The same.
    """
    kind = lane_int[lane, _KIND]
    scale = 1.0
    if kind == _POLYLINE:
        s, r = _polyline_coordinates(lane_float, lane_int, lane, first, end, x, y)
        return s, r, scale
    s, r = local_coordinates(None, lane_float, lane_int, lane, x, y)
    if kind == _SINE:
        pulsation = lane_float[lane, _PULSATION]
        slope = lane_float[lane, _AMPLITUDE] * pulsation
        slope = slope * cos(None, pulsation * s + lane_float[lane, _PHASE])
        scale = 1.0 / math.sqrt(1.0 + slope * slope)
    elif kind == _CIRCULAR:
        turn = 2 * math.pi * lane_float[lane, _RADIUS]
        if s < -_END_M and s + turn <= lane_float[lane, _LENGTH] + _END_M:
            s += turn  # an arc of more than half a turn
    return s, r, scale


@inlined_kernel
def _stripe(s: float) -> float:
    """Share of a texel at s that a stripe covers."""
    q = s - STRIPE_PERIOD_M * floor(s / STRIPE_PERIOD_M)
    if q > (STRIPE_PERIOD_M + STRIPE_LENGTH_M) / 2:
        return _share(q - STRIPE_PERIOD_M)
    return _share(min(q, STRIPE_LENGTH_M - q))


@kernel
def paint_tiles(
    lane_float: Floats,
    lane_int: Ints,
    pairs: NDArray[np.int32],
    number: NDArray[np.int32],
    x0: float,
    y0: float,
    tiles: NDArray[np.uint8],
) -> None:
    """Paint the lanes; where they overlap, the greater coverage stays.

    Args:
        lane_float: The lanes.
        lane_int: The lanes.
        pairs: From ``tiles_under_lanes``.
        number: From the same.
        x0: Of the corner of the first tile.
        y0: Of the same.
        tiles: ``u1[T, 2, TILE, TILE]`` zeros; receives asphalt and marks, 255 for full coverage.
    """
    for p in range(pairs.shape[0]):
        lane = int(pairs[p, 0])
        tile = tiles[number[pairs[p, 2], pairs[p, 1]]]
        corner_x, corner_y = x0 + pairs[p, 1] * TILE_M, y0 + pairs[p, 2] * TILE_M
        half, length = lane_float[lane, _WIDTH] / 2, lane_float[lane, _LENGTH]
        middle_x, middle_y = corner_x + TILE_M / 2, corner_y + TILE_M / 2
        reach = half + SHOULDER_M + _HALF_DIAGONAL_M + RESOLUTION_M
        first, end = _pieces_near(lane_float, lane_int, lane, middle_x, middle_y, reach + _END_M)
        s, r, scale = _lane_coordinates(lane_float, lane_int, lane, first, end, middle_x, middle_y)
        if lane_int[lane, _KIND] != _SINE and abs(r) > reach:
            continue
        left_line, right_line = lane_int[lane, _LINE_LEFT], lane_int[lane, _LINE_RIGHT]
        for j in range(TILE):
            y = corner_y + (j + 0.5) * RESOLUTION_M
            for i in range(TILE):
                x = corner_x + (i + 0.5) * RESOLUTION_M
                s, r, scale = _lane_coordinates(lane_float, lane_int, lane, first, end, x, y)
                half = _half_width(lane_float, lane_int, lane, s)
                inside = (half - abs(r)) * scale
                if inside < -SHOULDER_M - RESOLUTION_M or not (-_END_M < s < length + _END_M):
                    continue
                ends = _share(s + OVERLAP_M) * _share(length + OVERLAP_M - s)
                asphalt = np.uint8(255.0 * _share(inside + SHOULDER_M) * ends + 0.5)
                tile[0, j, i] = max(tile[0, j, i], asphalt)
                line = left_line if r < 0 else right_line
                to_line = abs(inside)
                if line == 0 or to_line > MARK_WIDTH_M / 2 + RESOLUTION_M:
                    continue
                mark = _share(MARK_WIDTH_M / 2 - to_line) * _share(s) * _share(length - s)
                if line == _STRIPED:
                    mark *= _stripe(s)
                tile[1, j, i] = max(tile[1, j, i], np.uint8(255.0 * mark + 0.5))
