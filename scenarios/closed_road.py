"""Closed courses: a ring of straights joined by arcs to both sides, as wide as those of lane keeping.

A course is a polygon about the origin with rounded corners. Some corners lie further inside than others, so
that the road bends to both sides. It goes around clockwise or the other way. One lane; nothing of it comes
near to another part, so that a camera sees one road.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import uniform
from drivebench.world import RoadNetwork, numerics
from drivebench.world.build import build_network
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec

__all__ = ["closed_road"]

CORNERS = (8, 11)
INSIDE_M, OUTSIDE_M = (110.0, 180.0), (240.0, 340.0)
"""Distance of the corners from the origin."""
INSIDE_SHARE = 0.35
LEAST_OF_A_SIDE = 2
"""So many corners at least bend to each side."""
TIGHTEST_M, WIDEST_M = 80.0, 300.0
"""Range of the radii; the same as of winding roads."""
STRAIGHT_M = 12.0
"""Least length of a straight between two arcs."""
SMALLEST_TURN_RAD = 0.15
CLEARANCE_M, FOLLOWING_M, SAMPLE_M = 26.0, 60.0, 4.0
"""Pieces of road further than the second from each other along it are the first apart."""
CONTINUOUS = 2
"""highway-env's ``LineType``."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class _Corner:
    """A rounded corner: where its arc begins and ends, its centre, radius and turn (to the right, rad)."""

    begin: Point
    end: Point
    center: Point
    radius_m: float
    heading_rad: float
    turn_rad: float


def closed_road(generator: np.random.Generator, *, width_m: float) -> RoadNetwork:
    """Draw a course; its lanes are rows 0, 1, ... in driving order, and the last leads into the first.

    Args:
        generator: The course's random numbers.
        width_m: Of its lane.
    """
    while True:
        corners = _rounded(generator, _polygon(generator))
        to_the_right = sum(corner.turn_rad > 0.0 for corner in corners)
        least = min(to_the_right, len(corners) - to_the_right)
        if least >= LEAST_OF_A_SIDE and _keeps_clear(corners):
            break
    pieces: list[LaneSpec] = []
    for corner, following in zip(corners, [*corners[1:], corners[0]], strict=True):
        pieces.append(_arc(corner, width_m))
        pieces.append(
            LaneSpec.straight(
                corner.end, following.begin, width_m=width_m, line_types=(CONTINUOUS, CONTINUOUS)
            )
        )
    last = len(pieces) - 1
    return build_network(
        ((str(place), str(place + 1 if place < last else 0), piece) for place, piece in enumerate(pieces)),
        connected_lanes=True,
    )


def _polygon(generator: np.random.Generator) -> list[Point]:
    """Corners about the origin, at unequal angles and distances."""
    count = int(generator.integers(*CORNERS, endpoint=True))
    first = uniform(generator, 0.0, 2.0 * math.pi)
    side = 1.0 if generator.random() < 0.5 else -1.0
    points = []
    for place in range(count):
        angle = first + 2.0 * math.pi * (place + uniform(generator, -0.25, 0.25)) / count
        reach = uniform(generator, *(INSIDE_M if generator.random() < INSIDE_SHARE else OUTSIDE_M))
        cosine, sine = numerics.cos_sin(None, angle)
        points.append((round_to_grid(reach * cosine), round_to_grid(side * reach * sine)))
    return points


def _rounded(generator: np.random.Generator, points: list[Point]) -> list[_Corner]:
    """The corners with arcs; none where there is no room for them."""
    count = len(points)
    headings, lengths = [], []
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        headings.append(numerics.atan2(None, y1 - y0, x1 - x0))
        lengths.append(math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)))
    corners = []
    for place in range(count):
        turn = numerics.wrap_angle(None, headings[place] - headings[place - 1])
        room = 0.5 * (min(lengths[place], lengths[place - 1]) - STRAIGHT_M)
        half = numerics.tan(None, 0.5 * abs(turn))
        radius = round_to_grid(min(uniform(generator, TIGHTEST_M, WIDEST_M), room / half))
        if abs(turn) < SMALLEST_TURN_RAD or radius < TIGHTEST_M:
            return []
        back = radius * half
        corners.append(_corner(points[place], headings[place - 1], headings[place], turn, radius, back))
    return corners


def _corner(
    point: Point, before_rad: float, after_rad: float, turn_rad: float, radius_m: float, back_m: float
) -> _Corner:
    cos0, sin0 = numerics.cos_sin(None, before_rad)
    cos1, sin1 = numerics.cos_sin(None, after_rad)
    side = 1.0 if turn_rad > 0.0 else -1.0
    begin = (point[0] - back_m * cos0, point[1] - back_m * sin0)
    return _Corner(
        begin=begin,
        end=(point[0] + back_m * cos1, point[1] + back_m * sin1),
        center=(begin[0] - side * radius_m * sin0, begin[1] + side * radius_m * cos0),
        radius_m=radius_m,
        heading_rad=before_rad,
        turn_rad=turn_rad,
    )


def _arc(corner: _Corner, width_m: float) -> LaneSpec:
    # Seen from the centre, a car that turns right is a quarter turn behind its heading, else ahead of it.
    side = 1.0 if corner.turn_rad > 0.0 else -1.0
    first = corner.heading_rad - side * math.pi / 2
    return LaneSpec.circular(
        corner.center,
        corner.radius_m,
        first,
        first + corner.turn_rad,
        clockwise=side > 0.0,
        width_m=width_m,
        line_types=(CONTINUOUS, CONTINUOUS),
    )


def _keeps_clear(corners: list[_Corner]) -> bool:
    """Whether parts of the course that do not follow upon each other are far enough apart."""
    points = _samples(corners)
    steps = np.diff(np.concatenate([points, points[:1]]), axis=0)
    lengths = np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1])
    arc = np.concatenate([np.zeros(1), np.cumsum(lengths)])
    along = np.abs(arc[:-1, None] - arc[None, :-1])
    along = np.minimum(along, arc[-1] - along)
    dx, dy = points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1]
    return not bool(((dx * dx + dy * dy < CLEARANCE_M * CLEARANCE_M) & (along > FOLLOWING_M)).any())


def _samples(corners: list[_Corner]) -> NDArray[np.float64]:
    points: list[Point] = []
    for corner, following in zip(corners, [*corners[1:], corners[0]], strict=True):
        side = 1.0 if corner.turn_rad > 0.0 else -1.0
        first = corner.heading_rad - side * math.pi / 2
        steps = max(int(corner.radius_m * abs(corner.turn_rad) / SAMPLE_M), 1)
        for i in range(steps):
            cosine, sine = numerics.cos_sin(None, first + corner.turn_rad * i / steps)
            points.append(
                (corner.center[0] + corner.radius_m * cosine, corner.center[1] + corner.radius_m * sine)
            )
        (x0, y0), (x1, y1) = corner.end, following.begin
        steps = max(int(math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)) / SAMPLE_M), 1)
        points += [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps)]
    return np.array(points)
