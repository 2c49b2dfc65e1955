"""Procedural winding roads: straights, arcs to both sides and sine waves, joined with a continuous heading.

A road has a character, its tightest radius, from which its pieces follow. Its curves are wide for its speed
limit, as on most roads, or tight. It never comes near to itself, so that a camera sees one road and the
nearest lane is unique.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import uniform
from drivebench.world import RoadNetwork, numerics
from drivebench.world.build import build_network
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec

__all__ = ["LIMIT_STEP_MPS", "TIGHT", "WIDE", "Curves", "WindingRoad", "winding_road"]

LIMITS_MPS = (7.5, 9.5)
"""Range of the speed limit: 27 to 34 km/h."""
LIMIT_STEP_MPS = 0.5
"""Limits are multiples of this."""
LENGTH_M = (380.0, 440.0)
ENTRY_M = 30.0
"""The road begins with a straight of this length, so that there is road behind every start."""
STRAIGHT_M = (15.0, 40.0)
ARC_M = (20.0, 70.0)
WAVE_SLOPE = (0.25, 0.45)
"""Steepest slope of a wave to its axis. Lanes lie side by side across the axis, so a slope narrows them: by a
tenth at 0.45."""
WAVE_CRESTS = (2, 4)
CLEARANCE_M = 26.0
"""Pieces of the road that do not follow upon each other are this far apart, centre to centre."""
FOLLOWING_M = 60.0
"""Points of the road that are nearer than this along it follow upon each other."""
LARGEST_EXTENT_M = 340.0
"""Side of the square that the road fits into; it bounds the size of its ground texture."""
SAMPLE_M = 2.0
DRAWS_PER_PIECE = 12
NO_LINE, STRIPED, CONTINUOUS = 0, 1, 2
"""highway-env's ``LineType``."""

HALF_TURN = math.pi


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What sort of roads to draw.

    Attributes:
        tightest_m: Range of a road's tightest radius, on the inner lane.
        widest_m: The greatest radius of all.
        lane_width_m: Range of the width of its lanes.
    """

    tightest_m: tuple[float, float]
    widest_m: float
    lane_width_m: tuple[float, float]


WIDE = Curves(tightest_m=(80.0, 160.0), widest_m=300.0, lane_width_m=(4.2, 4.5))
TIGHT = Curves(tightest_m=(32.0, 45.0), widest_m=90.0, lane_width_m=(3.8, 4.1))
"""2.8 m/s² to the side at the highest limit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WindingRoad:
    """A generated road.

    Attributes:
        network: Its pieces, one after the other, from node ``0`` on; all have the same number of lanes.
        lanes: How many lanes it has, all in the same direction.
        speed_limit_mps: Of all of them.
    """

    network: RoadNetwork
    lanes: int
    speed_limit_mps: float


@dataclass(frozen=True)
class _Pose:
    """Where the centre line has got to: x, y (m) and heading (rad, clockwise)."""

    x: float
    y: float
    heading: float

    def beside(self, ahead_m: float, right_m: float) -> tuple[float, float]:
        """The point so far ahead of and to the right of the pose."""
        cosine, sine = numerics.cos_sin(None, self.heading)
        return self.x + ahead_m * cosine - right_m * sine, self.y + ahead_m * sine + right_m * cosine


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """A straight, arc or wave of the centre line."""

    lane: Callable[[float], LaneSpec]
    """Shape of the lane that lies so far (m) to the right of the centre line."""
    point: Callable[[float], tuple[float, float]]
    """Point of the centre line after so many metres of ``length_m``."""
    length_m: float
    end: _Pose
    is_straight: bool = False


def winding_road(
    generator: np.random.Generator,
    lanes: int,
    *,
    curves: Curves = WIDE,
    speed_limit_mps: float | None = None,
) -> WindingRoad:
    """Draw a road.

    Args:
        generator: The road's random numbers.
        lanes: How many lanes it has.
        curves: What sort of road it is.
        speed_limit_mps: Its speed limit; drawn where it is None.
    """
    width, tightest, length = (
        _draw(generator, limits) for limits in (curves.lane_width_m, curves.tightest_m, LENGTH_M)
    )
    if speed_limit_mps is None:
        slowest, fastest = (round(limit / LIMIT_STEP_MPS) for limit in LIMITS_MPS)
        speed_limit_mps = LIMIT_STEP_MPS * int(generator.integers(slowest, fastest, endpoint=True))
    outermost = 0.5 * width * (lanes - 1)
    radii_m = tightest + outermost, curves.widest_m
    pieces: list[_Piece] = []
    while not pieces:
        pieces = _draw_pieces(generator, radii_m, length)
    network = build_network(
        (
            str(place),
            str(place + 1),
            replace(
                piece.lane(lane * width - outermost),
                width_m=width,
                line_types=(
                    CONTINUOUS if lane == 0 else STRIPED,
                    CONTINUOUS if lane == lanes - 1 else NO_LINE,
                ),
                speed_limit_mps=speed_limit_mps,
            ),
        )
        for place, piece in enumerate(pieces)
        for lane in range(lanes)
    )
    return WindingRoad(network=network, lanes=lanes, speed_limit_mps=speed_limit_mps)


def _draw(generator: np.random.Generator, limits: tuple[float, float]) -> float:
    return round_to_grid(uniform(generator, *limits))


def _draw_pieces(
    generator: np.random.Generator, radii_m: tuple[float, float], length_m: float
) -> list[_Piece]:
    """Pieces of a road that keeps clear of itself; empty when it ran into a dead end."""
    pieces = [_straight(_Pose(0.0, 0.0, _draw(generator, (-HALF_TURN, HALF_TURN))), ENTRY_M)]
    trail, total = _sample(pieces[0]), ENTRY_M
    while total < length_m:
        for _ in range(DRAWS_PER_PIECE):
            piece = _draw_piece(generator, pieces[-1], radii_m)
            points = _sample(piece)
            if _is_clear(trail, points):
                break
        else:
            return []
        pieces.append(piece)
        trail = np.concatenate([trail, points])
        total += piece.length_m
    return pieces


def _sample(piece: _Piece) -> NDArray[np.float64]:
    """``f8[n, 2]`` points of the centre line, ``SAMPLE_M`` apart."""
    return np.array([piece.point(i * SAMPLE_M) for i in range(1, int(piece.length_m / SAMPLE_M) + 1)])


def _is_clear(trail: NDArray[np.float64], points: NDArray[np.float64]) -> bool:
    """Whether new points keep their distance from the road so far, and all fit into the square."""
    both = np.concatenate([trail, points])
    if (both.max(axis=0) - both.min(axis=0)).max() > LARGEST_EXTENT_M:
        return False
    following = int(FOLLOWING_M / SAMPLE_M)
    for place, (x, y) in enumerate(points.tolist(), len(trail)):
        earlier = both[: max(place - following, 0)]
        dx, dy = earlier[:, 0] - x, earlier[:, 1] - y
        if (dx * dx + dy * dy < CLEARANCE_M * CLEARANCE_M).any():
            return False
    return True


def _draw_piece(generator: np.random.Generator, previous: _Piece, radii_m: tuple[float, float]) -> _Piece:
    kind, side = generator.random(), 1 if generator.random() < 0.5 else -1
    if kind < 0.2 and not previous.is_straight:
        return _straight(previous.end, _draw(generator, STRAIGHT_M))
    # Tight curves are drawn more often than wide ones: the square of a uniform number leans towards 0.
    wide = generator.random()
    tightest_m, widest_m = radii_m
    radius = round_to_grid(tightest_m + wide * wide * (widest_m - tightest_m))
    if kind < 0.75:
        return _arc(previous.end, radius, _draw(generator, ARC_M), side)
    slope, crests = _draw(generator, WAVE_SLOPE), int(generator.integers(*WAVE_CRESTS, endpoint=True))
    return _wave(previous.end, radius, slope, crests, side)


def _straight(start: _Pose, length_m: float) -> _Piece:
    def lane(right_m: float) -> LaneSpec:
        return LaneSpec.straight(start.beside(0.0, right_m), start.beside(length_m, right_m))

    def point(along_m: float) -> tuple[float, float]:
        return start.beside(along_m, 0.0)

    end = _Pose(*start.beside(length_m, 0.0), start.heading)
    return _Piece(lane=lane, point=point, length_m=length_m, end=end, is_straight=True)


def _arc(start: _Pose, radius_m: float, length_m: float, side: int) -> _Piece:
    """An arc to the right (side +1) or to the left (−1)."""
    center = start.beside(0.0, side * radius_m)
    # Seen from the centre, a car that turns right is a quarter turn behind its heading, else ahead of it.
    first_phase = start.heading - side * HALF_TURN / 2
    turn = side * length_m / radius_m

    def lane(right_m: float) -> LaneSpec:
        return LaneSpec.circular(
            center, radius_m - side * right_m, first_phase, first_phase + turn, clockwise=side > 0
        )

    def point(along_m: float) -> tuple[float, float]:
        phase = first_phase + side * along_m / radius_m
        cosine, sine = numerics.cos_sin(None, phase)
        return center[0] + radius_m * cosine, center[1] + radius_m * sine

    end = _Pose(*point(length_m), numerics.wrap_angle(None, start.heading + turn))
    return _Piece(lane=lane, point=point, length_m=length_m, end=end)


def _wave(start: _Pose, radius_m: float, slope: float, crests: int, side: int) -> _Piece:
    """A sine wave from crest to crest, so that it begins and ends along its axis; it bends to ``side`` first.

    The curvature at a crest is amplitude·pulsation², the steepest slope amplitude·pulsation.
    """
    pulsation = 1.0 / (radius_m * slope)
    amplitude = slope / pulsation
    length_m = crests * HALF_TURN / pulsation

    def lane(right_m: float) -> LaneSpec:
        axis = right_m + side * amplitude
        return LaneSpec.sine(
            start.beside(0.0, axis), start.beside(length_m, axis), amplitude, pulsation, -side * HALF_TURN / 2
        )

    def point(along_m: float) -> tuple[float, float]:
        return start.beside(along_m, side * amplitude * (1.0 - numerics.cos(None, pulsation * along_m)))

    end = _Pose(*point(length_m), start.heading)
    return _Piece(lane=lane, point=point, length_m=length_m, end=end)
