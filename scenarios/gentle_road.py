"""Curved country roads: one lane of straights and arcs to both sides, or a straight one.

The heading never turns further than less than a right angle from where the road begins, so that a road cannot
meet itself.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from drivebench.scenario import uniform
from drivebench.world import RoadNetwork, numerics
from drivebench.world.build import build_network
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec

__all__ = ["GENTLE", "TIGHT", "Bends", "gentle_road"]

STRAIGHT_M = (20.0, 60.0)
STRAIGHT_SHARE = 0.25
CONTINUOUS = 2
"""highway-env's ``LineType``."""


@dataclass(frozen=True, kw_only=True)
class Bends:
    """The arcs of a road.

    Attributes:
        radius_m: Range of their radii.
        arc_m: Range of their lengths.
        furthest_rad: The road turns no further than this from where it begins.
    """

    radius_m: tuple[float, float]
    arc_m: tuple[float, float]
    furthest_rad: float


GENTLE = Bends(radius_m=(150.0, 500.0), arc_m=(40.0, 110.0), furthest_rad=math.radians(50.0))
"""At 12 m/s the tightest is 1 m/s² to the side, a third of what lane keeping asks for."""
TIGHT = Bends(radius_m=(60.0, 100.0), arc_m=(30.0, 65.0), furthest_rad=math.radians(70.0))
"""At 12.5 m/s 2.6 m/s²."""


@dataclass(frozen=True)
class _Pose:
    x: float
    y: float
    heading: float

    def beside(self, ahead_m: float, right_m: float) -> tuple[float, float]:
        cosine, sine = numerics.cos_sin(None, self.heading)
        return self.x + ahead_m * cosine - right_m * sine, self.y + ahead_m * sine + right_m * cosine


def gentle_road(
    generator: np.random.Generator, *, length_m: float, width_m: float, bends: Bends | None
) -> RoadNetwork:
    """Draw a road; its lanes are rows 0, 1, ... in driving order, from node ``0`` on.

    Args:
        generator: The road's random numbers.
        length_m: It is at least so long.
        width_m: Of its lane.
        bends: Its arcs; None for a straight road.
    """
    pose = _Pose(0.0, 0.0, round_to_grid(uniform(generator, -math.pi, math.pi)))
    first, total = pose.heading, 0.0
    pieces: list[LaneSpec] = []
    while total < length_m:
        if bends is None:
            length, is_straight = length_m, True
        else:
            is_straight = not pieces or generator.random() < STRAIGHT_SHARE
            length = round_to_grid(uniform(generator, *(STRAIGHT_M if is_straight else bends.arc_m)))
        if bends is None or is_straight:
            piece, pose = _straight(pose, length)
        else:
            radius = round_to_grid(uniform(generator, *bends.radius_m))
            side = 1 if generator.random() < 0.5 else -1
            if abs(pose.heading + side * length / radius - first) > bends.furthest_rad:
                side = -side
            piece, pose = _arc(pose, radius, length, side)
        pieces.append(replace(piece, width_m=width_m, line_types=(CONTINUOUS, CONTINUOUS)))
        total += length
    return build_network(
        ((str(place), str(place + 1), piece) for place, piece in enumerate(pieces)), connected_lanes=True
    )


def _straight(start: _Pose, length_m: float) -> tuple[LaneSpec, _Pose]:
    end = start.beside(length_m, 0.0)
    return LaneSpec.straight((start.x, start.y), end), _Pose(*end, start.heading)


def _arc(start: _Pose, radius_m: float, length_m: float, side: int) -> tuple[LaneSpec, _Pose]:
    """An arc to the right (side +1) or to the left (-1)."""
    center = start.beside(0.0, side * radius_m)
    # Seen from the centre, a car that turns right is a quarter turn behind its heading, else ahead of it.
    first_phase = start.heading - side * math.pi / 2
    turn = side * length_m / radius_m
    cosine, sine = numerics.cos_sin(None, first_phase + turn)
    end = _Pose(center[0] + radius_m * cosine, center[1] + radius_m * sine, start.heading + turn)
    lane = LaneSpec.circular(center, radius_m, first_phase, first_phase + turn, clockwise=side > 0)
    return lane, end
