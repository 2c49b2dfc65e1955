"""Gently curved country roads: one lane of straights and wide arcs to both sides, or a straight one.

The heading never turns further than 50° from where the road begins, so that a road cannot meet itself.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from drivebench.scenario import uniform
from drivebench.world import RoadNetwork, numerics
from drivebench.world.build import build_network
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec

__all__ = ["gentle_road"]

RADIUS_M = (150.0, 500.0)
"""At 12 m/s the tightest is 1 m/s² to the side, a third of what lane keeping asks for."""
ARC_M, STRAIGHT_M = (40.0, 110.0), (20.0, 60.0)
STRAIGHT_SHARE = 0.25
FURTHEST_RAD = math.radians(50.0)
CONTINUOUS = 2
"""highway-env's ``LineType``."""


@dataclass(frozen=True)
class _Pose:
    x: float
    y: float
    heading: float

    def beside(self, ahead_m: float, right_m: float) -> tuple[float, float]:
        cosine, sine = numerics.cos_sin(None, self.heading)
        return self.x + ahead_m * cosine - right_m * sine, self.y + ahead_m * sine + right_m * cosine


def gentle_road(
    generator: np.random.Generator, *, length_m: float, width_m: float, curved: bool
) -> RoadNetwork:
    """Draw a road; its lanes are rows 0, 1, ... in driving order, from node ``0`` on.

    Args:
        generator: The road's random numbers.
        length_m: It is at least so long.
        width_m: Of its lane.
        curved: Whether it has arcs.
    """
    pose = _Pose(0.0, 0.0, round_to_grid(uniform(generator, -math.pi, math.pi)))
    first, total = pose.heading, 0.0
    pieces: list[LaneSpec] = []
    while total < length_m:
        if not curved:
            length, is_straight = length_m, True
        else:
            is_straight = not pieces or generator.random() < STRAIGHT_SHARE
            length = round_to_grid(uniform(generator, *(STRAIGHT_M if is_straight else ARC_M)))
        if is_straight:
            piece, pose = _straight(pose, length)
        else:
            radius = round_to_grid(uniform(generator, *RADIUS_M))
            side = 1 if generator.random() < 0.5 else -1
            if abs(pose.heading + side * length / radius - first) > FURTHEST_RAD:
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
