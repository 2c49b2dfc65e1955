"""Lane coordinates on polylines: kernels that read the samples of a lane (highway-env ``LinearSpline2D``).

The samples stand in the lane's row of ``lane_float`` from column ``LaneInt.SAMPLES`` on, one run after the
other: arc lengths, x and y of the K points that the lane was given; x, y, the two parts of the tangent and
its heading of N poses, one metre apart; and W widths, about one metre apart, where the width changes.
Positions come from the points, coordinates and headings from the poses, as in highway-env.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import LaneFloat, LaneInt

__all__ = ["polyline_coordinates", "polyline_heading", "polyline_point", "width_at"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WIDTH = int(LaneFloat.WIDTH)
_SAMPLES, _KNOTS = int(LaneInt.SAMPLES), int(LaneInt.KNOTS)
_POSES, _WIDTHS = int(LaneInt.POSES), int(LaneInt.WIDTHS)


@borrowing_kernel
def polyline_coordinates(
    lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float
) -> tuple[float, float]:
    """Lane coordinates (s, r) of a point.

    They are those relative to the last pose that the point is not behind of; poses are tried from the end.
    Where the curve turns back this need not be the closest pose.
    """
    poses = lane_int[lane, _POSES]
    at_x = lane_int[lane, _SAMPLES] + 3 * lane_int[lane, _KNOTS]
    at_y = at_x + poses
    at_tangent_x = at_y + poses
    at_tangent_y = at_tangent_x + poses
    row = lane_float[lane]
    k = poses - 1
    while True:
        dx = x - row[at_x + k]
        dy = y - row[at_y + k]
        along = row[at_tangent_x + k] * dx + row[at_tangent_y + k] * dy
        if along >= 0.0 or k == 0:
            return k + along, -row[at_tangent_y + k] * dx + row[at_tangent_x + k] * dy
        k -= 1


@borrowing_kernel
def polyline_heading(lane_float: Floats, lane_int: Ints, lane: int, s: float) -> float:
    """Heading at s: that of the last pose before it, of the first or last one beyond the ends."""
    poses = lane_int[lane, _POSES]
    k = poses - 1
    if s < k:
        k = int(max(s, 0.0))
    return float(lane_float[lane, lane_int[lane, _SAMPLES] + 3 * lane_int[lane, _KNOTS] + 4 * poses + k])


@inlined_kernel
def _interpolated(row: Floats, arcs: int, values: int, knot: int, at: int, s: float) -> float:
    """On the straight line through the value at ``knot`` and the next, where value ``at`` is the base."""
    slope = (row[values + knot + 1] - row[values + knot]) / (row[arcs + knot + 1] - row[arcs + knot])
    return float(slope * (s - row[arcs + at]) + row[values + at])


@borrowing_kernel
def polyline_point(lane_float: Floats, lane_int: Ints, lane: int, s: float) -> tuple[float, float]:
    """The point at s on the centre line, on straight continuations beyond the ends.

    The arithmetic is that of ``numpy.interp`` (and, beyond the ends, of highway-env's extrapolation).
    """
    knots = lane_int[lane, _KNOTS]
    arcs = lane_int[lane, _SAMPLES]
    xs = arcs + knots
    ys = xs + knots
    row = lane_float[lane]
    if s < row[arcs]:
        return _interpolated(row, arcs, xs, 0, 0, s), _interpolated(row, arcs, ys, 0, 0, s)
    last = knots - 1
    if s > row[arcs + last]:
        return (
            _interpolated(row, arcs, xs, last - 1, last, s),
            _interpolated(row, arcs, ys, last - 1, last, s),
        )
    k = 0
    beyond = knots
    while beyond - k > 1:
        middle = (k + beyond) // 2
        if s >= row[arcs + middle]:
            k = middle
        else:
            beyond = middle
    if k == last or row[arcs + k] == s:
        return row[xs + k], row[ys + k]
    return _interpolated(row, arcs, xs, k, k, s), _interpolated(row, arcs, ys, k, k, s)


@inlined_kernel
def width_at(lane_float: Floats, lane_int: Ints, lane: int, s: float) -> float:
    """Width of a lane at s; it changes along polyline lanes with boundaries only (``PolyLane.width_at``)."""
    widths = lane_int[lane, _WIDTHS]
    if widths == 0:
        return float(lane_float[lane, _WIDTH])
    k = widths - 1
    if s <= k:
        k = int(max(s, 0.0))
    first = lane_int[lane, _SAMPLES] + 3 * lane_int[lane, _KNOTS] + 5 * lane_int[lane, _POSES]
    return float(lane_float[lane, first + k])
