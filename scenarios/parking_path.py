"""The free path into a parking place from where the car is: Reeds–Shepp words among obstacles, as kernels.

A path is a word (:mod:`scenarios.reeds_shepp`) from the car's pose to a gate, and the gate's tail into the place.
The first two gates are the place itself, taken forwards and in reverse; the others are poses from which an arc and
a straight lead into it. The shortest paths hug what stands beside the place; gates stand clear of it. Candidates
are looked at from the cheapest on, and the first that touches nothing is taken.

Poses are those of the rear axle, which moves along the car's heading: the engine's bicycle has its axles at
the bumpers. Lengths are metres, positive forwards; curvatures are 1/m, positive where the heading grows
forwards.
"""

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world.numerics import cos_sin
from scenarios.reeds_shepp import MOST_WORDS, PIECES, reeds_shepp_words

__all__ = ["MOST_PIECES", "Box", "Gate", "cheapest_path", "clearance_ahead", "move", "rows_of_gates"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Gate(IntEnum):
    """Columns of a gate."""

    X = 0
    Y = 1
    HEADING = 2
    ARC = 3
    """Of the tail: length of its arc (m), signed."""
    CURVATURE = 4
    """Of the arc (1/m)."""
    STRAIGHT = 5
    """Of the tail: length of the straight behind the arc (m), signed as the arc."""


class Box(IntEnum):
    """Columns of what stands about: middle (m), direction, half length and half width (m)."""

    X = 0
    Y = 1
    COS = 2
    SIN = 3
    HALF_LENGTH = 4
    HALF_WIDTH = 5


MOST_PIECES = PIECES + 2
RADII_M = (5.4, 7.5)
"""Radii of the arcs, at the rear axle. The least that the car can drive is 5 m: the rest is for corrections."""
CUSP_M = 3.5
"""Way that a change of direction is worth: the time to brake and to set off again."""
ARC_COST = 0.1
"""What a metre of an arc costs more than a straight one."""
STEP_M = 0.3
"""Distance of the poses at which a path is held against obstacles."""
CLEARANCE_M = (0.3, 0.12)
"""How far a path keeps away from obstacles; the second where there is no path with the first."""
CLEARANCE_NOW_M, CLEARANCE_GAIN = 0.04, 0.2
"""A path may begin as near as this, and has to come away from there by so much for each metre."""
MOST_CANDIDATES = 8192
_BRIEF_M = 1e-6

PULL_OUT_M = (0.0, 1.5, 3.0, 4.5, 6.0)
GATE_TURNS_RAD = (0.45, 0.9, 1.3, 1.65)
_X, _Y, _HEADING = int(Gate.X), int(Gate.Y), int(Gate.HEADING)
_ARC, _CURVATURE, _STRAIGHT = int(Gate.ARC), int(Gate.CURVATURE), int(Gate.STRAIGHT)
_BOX_X, _BOX_Y, _BOX_COS, _BOX_SIN = int(Box.X), int(Box.Y), int(Box.COS), int(Box.SIN)
_BOX_LENGTH, _BOX_WIDTH = int(Box.HALF_LENGTH), int(Box.HALF_WIDTH)


def rows_of_gates(x_m: float, y_m: float, heading_rad: float, length_m: float) -> Floats:
    """The gates of a parking place.

    Args:
        x_m: Middle of the place.
        y_m: The same.
        heading_rad: Along it.
        length_m: Of the car.

    Returns:
        ``f8[G, Gate]``; the first two are the place itself.
    """
    direct, others = [], []
    for onwards, heading in ((1.0, heading_rad), (-1.0, heading_rad + math.pi)):
        cosine, sine = cos_sin(None, heading)
        x, y = x_m - 0.5 * length_m * cosine, y_m - 0.5 * length_m * sine
        direct.append((x, y, heading, 0.0, 0.0, 0.0))
        for way in PULL_OUT_M:
            out = x - onwards * way * cosine, y - onwards * way * sine
            if way > 0.0:
                others.append((*out, heading, 0.0, 0.0, onwards * way))
            for radius in RADII_M:
                for turn in GATE_TURNS_RAD:
                    for side in (-1.0, 1.0):
                        arc, curvature = onwards * radius * turn, side / radius
                        others.append((*move(*out, heading, -arc, curvature), arc, curvature, onwards * way))
    return np.array(direct + others)


@kernel
def move(x: float, y: float, heading: float, length: float, curvature: float) -> tuple[float, float, float]:
    """The pose at the end of a piece.

    Args:
        x: Where it begins (m).
        y: The same.
        heading: The same (rad).
        length: Of the piece (m), signed.
        curvature: Of the piece (1/m).

    Returns:
        x, y, heading.
    """
    half = 0.5 * length * curvature
    cos, sin = cos_sin(None, heading + half)
    chord = length
    if abs(half) > 1e-6:  # noqa: PLR2004 - else the chord is as long as the arc, to the last bits
        chord = length * cos_sin(None, half)[1] / half
    return x + chord * cos, y + chord * sin, heading + 2.0 * half


@kernel
def _overlaps(
    box: Floats, x: float, y: float, cos: float, sin: float, half_length: float, half_width: float
) -> bool:
    """Whether a box and that of the car overlap (separating axes)."""
    dx, dy = box[_BOX_X] - x, box[_BOX_Y] - y
    other_length, other_width = box[_BOX_LENGTH], box[_BOX_WIDTH]
    reach = half_length + half_width + other_length + other_width
    if abs(dx) > reach or abs(dy) > reach:
        return False
    along = abs(cos * box[_BOX_COS] + sin * box[_BOX_SIN])
    across = abs(cos * box[_BOX_SIN] - sin * box[_BOX_COS])
    if abs(dx * cos + dy * sin) > half_length + other_length * along + other_width * across:
        return False
    if abs(dy * cos - dx * sin) > half_width + other_length * across + other_width * along:
        return False
    if abs(dx * box[_BOX_COS] + dy * box[_BOX_SIN]) > other_length + half_length * along + half_width * across:
        return False
    return bool(
        abs(dy * box[_BOX_COS] - dx * box[_BOX_SIN]) <= other_width + half_length * across + half_width * along
    )


@kernel
def _is_free(
    x: float, y: float, heading: float, length: float, margin: float, boxes: Floats, count: int, low_x: float,
    low_y: float, high_x: float, high_y: float, size: Floats,
) -> bool:  # fmt: skip
    """Whether a car with its rear axle here touches nothing and is on the lot, with a margin all around."""
    del length
    cos, sin = cos_sin(None, heading)
    half_length, half_width = 0.5 * size[0] + margin, 0.5 * size[1] + margin
    middle_x, middle_y = x + 0.5 * size[0] * cos, y + 0.5 * size[0] * sin
    reach_x = half_length * abs(cos) + half_width * abs(sin)
    reach_y = half_length * abs(sin) + half_width * abs(cos)
    if middle_x - reach_x < low_x or middle_x + reach_x > high_x:
        return False
    if middle_y - reach_y < low_y or middle_y + reach_y > high_y:
        return False
    for k in range(count):
        if _overlaps(boxes[k], middle_x, middle_y, cos, sin, half_length, half_width):
            return False
    return True
