"""Lane coordinates: kernels for all shapes of lanes, as in highway-env's ``road/lane.py``.

Frame: x to the front (east), y to the **right**, headings clockwise; ``s`` runs along the lane's centre line
and ``r`` to the right of it. Metres and radians. ``lane_float`` and ``lane_int`` are the rows of one network.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from drivebench.world.numerics import atan, atan2, cos, sin, wrap_angle
from drivebench.world.polyline import polyline_coordinates, polyline_heading, polyline_point, width_at

__all__ = [
    "VEHICLE_LENGTH_M",
    "angle_to_lane",
    "closest_lane",
    "heading_at",
    "lane_distance",
    "local_coordinates",
    "longitudinal_excess",
    "position",
    "width_at",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VEHICLE_LENGTH_M = 5.0
"""How far before its start and past its end a lane still counts (``AbstractLane.VEHICLE_LENGTH``)."""

_ORIGIN_X, _ORIGIN_Y = int(LaneFloat.ORIGIN_X), int(LaneFloat.ORIGIN_Y)
_DIRECTION_X, _DIRECTION_Y = int(LaneFloat.DIRECTION_X), int(LaneFloat.DIRECTION_Y)
_LATERAL_X, _LATERAL_Y = int(LaneFloat.LATERAL_X), int(LaneFloat.LATERAL_Y)
_HEADING, _LENGTH = int(LaneFloat.HEADING), int(LaneFloat.LENGTH)
_AMPLITUDE, _PULSATION, _PHASE = int(LaneFloat.AMPLITUDE), int(LaneFloat.PULSATION), int(LaneFloat.PHASE)
_RADIUS, _START_PHASE, _TURN = int(LaneFloat.RADIUS), int(LaneFloat.START_PHASE), int(LaneFloat.TURN)
_KIND = int(LaneInt.KIND)
_SINE, _CIRCULAR = int(LaneKind.SINE), int(LaneKind.CIRCULAR)
_POLYLINE = int(LaneKind.POLYLINE)


@borrowing_kernel
def circular_longitudinal(numerics: int | None, lane_float: Floats, lane: int, x: float, y: float) -> float:
    """Arc length from the start of a circular lane."""
    start = lane_float[lane, _START_PHASE]
    phase = atan2(numerics, y - lane_float[lane, _ORIGIN_Y], x - lane_float[lane, _ORIGIN_X])
    phase = start + wrap_angle(numerics, phase - start)
    return float(lane_float[lane, _TURN] * (phase - start) * lane_float[lane, _RADIUS])


@borrowing_kernel
def local_coordinates(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float
) -> tuple[float, float]:
    """Lane coordinates (s, r) of a point."""
    dx = x - lane_float[lane, _ORIGIN_X]
    dy = y - lane_float[lane, _ORIGIN_Y]
    kind = lane_int[lane, _KIND]
    if kind == _CIRCULAR:
        s = circular_longitudinal(numerics, lane_float, lane, x, y)
        return s, lane_float[lane, _TURN] * (lane_float[lane, _RADIUS] - math.sqrt(dx * dx + dy * dy))
    if kind == _POLYLINE:
        return polyline_coordinates(lane_float, lane_int, lane, x, y)
    s = dx * lane_float[lane, _DIRECTION_X] + dy * lane_float[lane, _DIRECTION_Y]
    r = dx * lane_float[lane, _LATERAL_X] + dy * lane_float[lane, _LATERAL_Y]
    if kind == _SINE:
        r = r - sine_offset(numerics, lane_float, lane, s)
    return s, r


@borrowing_kernel
def sine_offset(numerics: int | None, lane_float: Floats, lane: int, s: float) -> float:
    """Lateral offset of a sine lane's centre line from its axis."""
    wave = sin(numerics, lane_float[lane, _PULSATION] * s + lane_float[lane, _PHASE])
    return float(lane_float[lane, _AMPLITUDE] * wave)


@borrowing_kernel
def heading_at(numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, s: float) -> float:
    """Heading of the centre line at s."""
    kind = lane_int[lane, _KIND]
    if kind == _CIRCULAR:
        turn = lane_float[lane, _TURN]
        phase = turn * s / lane_float[lane, _RADIUS] + lane_float[lane, _START_PHASE]
        return float(phase + math.pi / 2 * turn)
    if kind == _SINE:
        pulsation = lane_float[lane, _PULSATION]
        wave = cos(numerics, pulsation * s + lane_float[lane, _PHASE])
        return float(
            lane_float[lane, _HEADING] + atan(numerics, lane_float[lane, _AMPLITUDE] * pulsation * wave)
        )
    if kind == _POLYLINE:
        return polyline_heading(lane_float, lane_int, lane, s)
    return float(lane_float[lane, _HEADING])


@borrowing_kernel
def position(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, s: float, r: float
) -> tuple[float, float]:
    """The point at lane coordinates (s, r)."""
    kind = lane_int[lane, _KIND]
    if kind == _CIRCULAR:
        turn = lane_float[lane, _TURN]
        phase = turn * s / lane_float[lane, _RADIUS] + lane_float[lane, _START_PHASE]
        distance = lane_float[lane, _RADIUS] - r * turn
        return (
            lane_float[lane, _ORIGIN_X] + distance * cos(numerics, phase),
            lane_float[lane, _ORIGIN_Y] + distance * sin(numerics, phase),
        )
    if kind == _POLYLINE:
        x, y = polyline_point(lane_float, lane_int, lane, s)
        heading = polyline_heading(lane_float, lane_int, lane, s)
        return x - sin(numerics, heading) * r, y + cos(numerics, heading) * r
    lateral = r
    if kind == _SINE:
        lateral = r + sine_offset(numerics, lane_float, lane, s)
    return (
        lane_float[lane, _ORIGIN_X]
        + s * lane_float[lane, _DIRECTION_X]
        + lateral * lane_float[lane, _LATERAL_X],
        lane_float[lane, _ORIGIN_Y]
        + s * lane_float[lane, _DIRECTION_Y]
        + lateral * lane_float[lane, _LATERAL_Y],
    )


@inlined_kernel
def longitudinal_excess(lane_float: Floats, lane: int, s: float, r: float) -> float:
    """L1 distance to the lane from coordinates: |r|, and how far s is past either end."""
    return float(abs(r) + max(s - lane_float[lane, _LENGTH], 0.0) + max(0.0 - s, 0.0))


@borrowing_kernel
def lane_distance(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float
) -> float:
    """L1 distance of a point to a lane (highway-env ``AbstractLane.distance``)."""
    s, r = local_coordinates(numerics, lane_float, lane_int, lane, x, y)
    return longitudinal_excess(lane_float, lane, s, r)


@borrowing_kernel
def angle_to_lane(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, s: float, heading: float
) -> float:
    """Heading relative to the lane at s, in [-pi, pi)."""
    return wrap_angle(numerics, heading - heading_at(numerics, lane_float, lane_int, lane, s))


@borrowing_kernel
def closest_lane(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lanes: int, x: float, y: float, heading: float
) -> int:
    """The first lane with the least L1 distance plus heading difference (``get_closest_lane_index``)."""
    best = 0
    least = np.inf
    for lane in range(lanes):
        s, r = local_coordinates(numerics, lane_float, lane_int, lane, x, y)
        distance = longitudinal_excess(lane_float, lane, s, r)
        distance = distance + abs(angle_to_lane(numerics, lane_float, lane_int, lane, s, heading))
        if distance < least:
            best = lane
            least = distance
    return best
