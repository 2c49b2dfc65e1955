"""The free path into a parking place from where the car is: Reeds–Shepp words among obstacles, as kernels.

A path is a word (:mod:`scenarios.reeds_shepp`) from the car's pose to a gate, and the gate's tail into the
place. Two gates are the place itself, with the car either way round; the others are poses from
which an arc and a straight lead into it. The shortest paths hug what stands beside the place; gates stand
clear of it. Candidates are looked at from the cheapest on, and the first that touches nothing is taken.

Poses are those of the rear axle, which moves along the car's heading: the engine's bicycle has its axles at
the bumpers. Lengths are metres, positive forwards; curvatures are 1/m, positive where the heading grows
forwards.
"""

import math
from enum import IntEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.boxes import SIDE, time_to_touch
from drivebench.world.numerics import cos_sin
from scenarios.reeds_shepp import MOST_WORDS, PIECES, reeds_shepp_words

__all__ = [
    "BRIEF_M",
    "MOST_PIECES",
    "Box",
    "Gate",
    "cheapest_path",
    "clearance_ahead",
    "move",
    "piece_is_free",
    "rows_of_gates",
    "way_out",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Gate(IntEnum):
    """Columns of a gate."""

    X = 0
    Y = 1
    HEADING = 2
    FIRST = 3
    """Of the tail: length of its first arc (m), signed; 0 for most."""
    FIRST_CURVATURE = 4
    """Of the first arc (1/m)."""
    ARC = 5
    """Of the tail: length of the arc after that (m), signed."""
    CURVATURE = 6
    """Of this arc (1/m)."""
    STRAIGHT = 7
    """Of the tail: length of the straight behind the arcs (m), signed as they are."""
    COST = 8
    """What it costs more than others to come through here (m)."""


class Box(IntEnum):
    """Columns of what stands about: middle (m), direction, half length and half width (m)."""

    X = 0
    Y = 1
    COS = 2
    SIN = 3
    HALF_LENGTH = 4
    HALF_WIDTH = 5


MOST_PIECES = PIECES + 3
RADII_M = (5.1, 5.6, 7.0)
"""Radii of the arcs of words, at the rear axle; the least that the car can drive is 5 m."""
ARC_COSTS = (0.6, 0.15, 0.1)
"""What a metre of an arc costs more than a straight one, for each radius. The least radius is to correct
with: nobody plans on it who has the choice."""
GATE_RADII_M = (5.6, 7.0)
"""Of the arcs of tails."""
CUSP_M = 3.5
"""Way that a change of direction is worth: the time to brake and to set off again."""
STEP_M = 0.3
"""Distance of the poses at which a path is held against obstacles."""
CLEARANCE_M = (0.3, 0.12)
"""How far a path keeps away from obstacles; the second where there is no path with the first."""
LOT_M = 0.1
"""Corners may be as far beyond the edge of the lot; the score allows 0.3 m."""
CLEARANCE_NOW_M, CLEARANCE_GAIN = 0.04, 0.2
"""A path may begin as near as this, and has to come away from there by so much for each metre."""
MOST_CANDIDATES = 12288
BRIEF_M = 1e-6
"""Pieces shorter than this are none."""
FAR_M = 10.0
"""Way after which the whole clearance is asked for; tails are held to it all along."""
SLOW_MPS = 0.3
"""Slower than this, a change of direction costs no more than setting off does."""
BRAKING_MPS2 = 1.3
"""Who changes direction drives on until it stands, and back by as much."""
WAYS_OUT_M = (2.0, -2.0, 4.0, -4.0)

PULL_OUT_M = (0.0, 1.5, 3.0, 4.5, 6.0)
"""Lengths of the straights of tails."""
GATE_TURNS_RAD = (0.35, 0.7, 1.05, 1.57, 2.1)
"""Turns of their arcs. Across a square or slanted bay, the last but one or the last lies along the aisle."""
BENT_PULL_OUT_M, BENT_TURNS_RAD = (0.0, 1.5), (0.72, 0.86, 1.0)
"""The same for tails with two arcs, to one side and then to the other: they lead into bays along the kerb."""
BESIDE_M, BESIDE_COST_M = 0.12, 1.5
"""To stand so far beside the middle of the place is good enough where the middle cannot be had, and what it
costs: half of what is tolerated."""
_X, _Y, _HEADING = int(Gate.X), int(Gate.Y), int(Gate.HEADING)
_FIRST, _FIRST_CURVATURE = int(Gate.FIRST), int(Gate.FIRST_CURVATURE)
_ARC, _CURVATURE, _STRAIGHT = int(Gate.ARC), int(Gate.CURVATURE), int(Gate.STRAIGHT)
_COST = int(Gate.COST)
_BOX_X, _BOX_Y, _BOX_COS, _BOX_SIN = int(Box.X), int(Box.Y), int(Box.COS), int(Box.SIN)
_BOX_LENGTH, _BOX_WIDTH = int(Box.HALF_LENGTH), int(Box.HALF_WIDTH)


def rows_of_gates(x_m: float, y_m: float, heading_rad: float, *, lot: Floats, size: Floats) -> Floats:
    """The gates of a parking place that are on the lot.

    Args:
        x_m: Middle of the place.
        y_m: The same.
        heading_rad: Along it.
        lot: ``f8[4]`` least x and y, greatest x and y (m).
        size: ``f8[2]`` length and width of the car (m).

    Returns:
        ``f8[G, Gate]``; among them the place itself, with the car either way round.
    """
    rows = []
    for heading in (heading_rad, heading_rad + math.pi):
        cosine, sine = cos_sin(None, heading)
        x, y = x_m - 0.5 * size[0] * cosine, y_m - 0.5 * size[0] * sine
        for aside, cost in ((0.0, 0.0), (BESIDE_M, BESIDE_COST_M), (-BESIDE_M, BESIDE_COST_M)):
            rows.append((x - aside * sine, y + aside * cosine, heading, 0.0, 0.0, 0.0, 0.0, 0.0, cost))
        for onwards, way in product((1.0, -1.0), PULL_OUT_M):
            out, straight = (x - onwards * way * cosine, y - onwards * way * sine), onwards * way
            if way > 0.0:
                rows.append((*out, heading, 0.0, 0.0, 0.0, 0.0, straight, 0.0))
            for radius, turn, side in product(GATE_RADII_M, GATE_TURNS_RAD, (-1.0, 1.0)):
                arc, bend = onwards * radius * turn, side / radius
                rows.append((*move(*out, heading, -arc, bend), 0.0, 0.0, arc, bend, straight, 0.0))
        for onwards, way in product((1.0, -1.0), BENT_PULL_OUT_M):
            out = x - onwards * way * cosine, y - onwards * way * sine
            for turn, side in product(BENT_TURNS_RAD, (-1.0, 1.0)):
                arc, bend = onwards * GATE_RADII_M[0] * turn, side / GATE_RADII_M[0]
                between = move(*out, heading, -arc, bend)
                rows.append((*move(*between, -arc, -bend), arc, -bend, arc, bend, onwards * way, 0.0))
    nothing = np.zeros((0, len(Box)))
    return np.array([row for row in rows if _is_free(*row[:3], CLEARANCE_M[-1], nothing, 0, lot, size)])


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
    if abs(half) > 1e-6:
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
    if (
        abs(dx * box[_BOX_COS] + dy * box[_BOX_SIN])
        > other_length + half_length * along + half_width * across
    ):
        return False
    return bool(
        abs(dy * box[_BOX_COS] - dx * box[_BOX_SIN])
        <= other_width + half_length * across + half_width * along
    )


@kernel
def _is_free(
    x: float, y: float, heading: float, margin: float, boxes: Floats, count: int, lot: Floats, size: Floats
) -> bool:
    """Whether a car with its rear axle here is on the lot and touches nothing, with a margin all around."""
    cos, sin = cos_sin(None, heading)
    half_length, half_width = 0.5 * size[0] + margin, 0.5 * size[1] + margin
    middle_x, middle_y = x + 0.5 * size[0] * cos, y + 0.5 * size[0] * sin
    reach_x = 0.5 * (size[0] * abs(cos) + size[1] * abs(sin)) - LOT_M
    reach_y = 0.5 * (size[0] * abs(sin) + size[1] * abs(cos)) - LOT_M
    if middle_x - reach_x < lot[0] or middle_x + reach_x > lot[2]:
        return False
    if middle_y - reach_y < lot[1] or middle_y + reach_y > lot[3]:
        return False
    for k in range(count):
        if _overlaps(boxes[k], middle_x, middle_y, cos, sin, half_length, half_width):
            return False
    return True


@kernel
def piece_is_free(
    pose: Floats, length: float, curvature: float, driven: float, clearance: float, boxes: Floats, count: int,
    lot: Floats, size: Floats,
) -> bool:  # fmt: skip
    """Whether a piece is free; ``pose`` is moved to its end.

    Args:
        pose: ``f8[3]`` where it begins.
        length: Signed (m).
        curvature: Of the piece (1/m).
        driven: Way from the car to its beginning (m).
        clearance: To be kept far from the car (m).
        boxes: ``f8[>=count, Box]``.
        count: How many boxes there are.
        lot: ``f8[4]`` least x and y, greatest x and y.
        size: ``f8[2]`` length and width of the car.
    """
    steps = int(abs(length) / STEP_M) + 1
    step = length / steps
    x, y, heading = pose[0], pose[1], pose[2]
    for k in range(1, steps + 1):
        x, y, heading = move(pose[0], pose[1], pose[2], step * k, curvature)
        margin = min(clearance, CLEARANCE_NOW_M + CLEARANCE_GAIN * (driven + abs(step * k)))
        if not _is_free(x, y, heading, margin, boxes, count, lot, size):
            return False
    pose[0], pose[1], pose[2] = x, y, heading
    return True


@kernel
def _list_candidates(
    pose: Floats, speed: float, gates: Floats, is_open: Flags, words: Floats, turns: Ints, cost: Floats,
    gate: Ints, radius: Floats, pieces: Floats, sides: Ints,
) -> int:  # fmt: skip
    """Write down all words to all gates, with what they cost.

    Args:
        pose: ``f8[3]`` of the rear axle.
        speed: Of the car (m/s): who moves has a direction already.
        gates: ``f8[>=number, Gate]``.
        is_open: ``bool[number]`` whether the tail of each gate is free.
        words: Work space for the words to one gate.
        turns: The same.
        cost: ``f8[MOST_CANDIDATES]`` written (m).
        gate: ``i8[MOST_CANDIDATES]`` written.
        radius: ``f8[MOST_CANDIDATES]`` written.
        pieces: ``f8[MOST_CANDIDATES, PIECES]`` written, in units of the radius.
        sides: ``i8[MOST_CANDIDATES, PIECES]`` written.

    Returns:
        How many candidates there are.
    """
    found = 0
    cos, sin = cos_sin(None, pose[2])
    moving = 0.0 if abs(speed) < SLOW_MPS else 1.0 if speed > 0.0 else -1.0
    turning_back = speed * speed / BRAKING_MPS2
    for g in range(is_open.shape[0]):
        if not is_open[g]:
            continue
        dx, dy = gates[g, _X] - pose[0], gates[g, _Y] - pose[1]
        tail = (abs(gates[g, _FIRST]) + abs(gates[g, _ARC])) * (1.0 + ARC_COSTS[1]) + abs(gates[g, _STRAIGHT])
        tail += gates[g, _COST]
        onwards = gates[g, _ARC] + gates[g, _STRAIGHT]
        for number in range(len(RADII_M)):
            r, dearer = RADII_M[number], 1.0 + ARC_COSTS[number]
            count = reeds_shepp_words(
                (dx * cos + dy * sin) / r,
                (dy * cos - dx * sin) / r,
                gates[g, _HEADING] - pose[2],
                words,
                turns,
            )
            for k in range(count):
                if found == MOST_CANDIDATES:
                    return found
                total, before = tail, moving
                for piece in range(PIECES):
                    length = r * words[k, piece]
                    if abs(length) < BRIEF_M:
                        continue
                    total += abs(length) * (1.0 if turns[k, piece] == 0 else dearer)
                    if before * length < 0.0:
                        total += CUSP_M + (turning_back if before == moving else 0.0)
                    before = length
                if before * onwards < 0.0:
                    total += CUSP_M
                cost[found], gate[found], radius[found] = total, g, r
                for piece in range(PIECES):
                    pieces[found, piece], sides[found, piece] = words[k, piece], turns[k, piece]
                found += 1
    return found


@kernel
def cheapest_path(
    pose: Floats, speed: float, gates: Floats, number: int, boxes: Floats, count: int, lot: Floats,
    size: Floats, path: Floats,
) -> float:  # fmt: skip
    """Find the cheapest path into the place that touches nothing.

    Args:
        pose: ``f8[3]`` of the rear axle: x, y (m), heading (rad).
        speed: Of the car (m/s).
        gates: ``f8[>=number, Gate]`` of the place.
        number: How many gates there are.
        boxes: ``f8[>=count, Box]`` of what stands about.
        count: How many boxes there are.
        lot: ``f8[4]`` least x and y, greatest x and y (m).
        size: ``f8[2]`` length and width of the car (m).
        path: ``f8[MOST_PIECES, 2]`` written: length (m, signed) and curvature (1/m) of each piece; pieces of
            no length may be among them.

    Returns:
        Its cost (m); infinite when there is none.
    """
    words, turns = np.zeros((MOST_WORDS, PIECES)), np.zeros((MOST_WORDS, PIECES), np.int64)
    cost, gate = np.empty(MOST_CANDIDATES), np.empty(MOST_CANDIDATES, np.int64)
    radius, pieces = np.empty(MOST_CANDIDATES), np.empty((MOST_CANDIDATES, PIECES))
    sides = np.empty((MOST_CANDIDATES, PIECES), np.int64)
    at, is_open = np.zeros(3), np.zeros(number, np.bool_)
    for clearance in CLEARANCE_M:
        for g in range(number):
            at[0], at[1], at[2] = gates[g, _X], gates[g, _Y], gates[g, _HEADING]
            is_open[g] = _is_free(at[0], at[1], at[2], clearance, boxes, count, lot, size)
            for length, curvature in (
                (gates[g, _FIRST], gates[g, _FIRST_CURVATURE]),
                (gates[g, _ARC], gates[g, _CURVATURE]),
                (gates[g, _STRAIGHT], 0.0),
            ):
                is_open[g] = is_open[g] and piece_is_free(
                    at, length, curvature, FAR_M, clearance, boxes, count, lot, size
                )
        found = _list_candidates(pose, speed, gates, is_open, words, turns, cost, gate, radius, pieces, sides)
        for c in np.argsort(cost[:found], kind="mergesort"):
            g = gate[c]
            at[:] = pose
            driven, free = 0.0, True
            for piece in range(PIECES):
                length = radius[c] * pieces[c, piece]
                curvature = sides[c, piece] / radius[c]
                path[piece, 0], path[piece, 1] = length, curvature
                if abs(length) < BRIEF_M:
                    continue
                if not piece_is_free(at, length, curvature, driven, clearance, boxes, count, lot, size):
                    free = False
                    break
                driven += abs(length)
            if free:
                path[PIECES, 0], path[PIECES, 1] = gates[g, _FIRST], gates[g, _FIRST_CURVATURE]
                path[PIECES + 1, 0], path[PIECES + 1, 1] = gates[g, _ARC], gates[g, _CURVATURE]
                path[PIECES + 2, 0], path[PIECES + 2, 1] = gates[g, _STRAIGHT], 0.0
                return float(cost[c])
    return math.inf


@kernel
def way_out(
    pose: Floats,
    gates: Floats,
    number: int,
    boxes: Floats,
    count: int,
    lot: Floats,
    size: Floats,
    path: Floats,
) -> float:
    """Where no word is free: one arc or straight to somewhere from where one is, and nothing behind it.

    Args:
        pose: As for :func:`cheapest_path`, and so are the others.
        gates: The same.
        number: The same.
        boxes: The same.
        count: The same.
        lot: The same.
        size: The same.
        path: The same.

    Returns:
        What it costs (m), with the way from there; infinite when there is no such way.
    """
    best, best_length, best_curvature = math.inf, 0.0, 0.0
    at = np.zeros(3)
    for length in WAYS_OUT_M:
        for turn in range(-1, 2):
            curvature = turn / RADII_M[1]
            at[:] = pose
            if not piece_is_free(at, length, curvature, 0.0, CLEARANCE_M[1], boxes, count, lot, size):
                continue
            total = abs(length) + cheapest_path(at, length, gates, number, boxes, count, lot, size, path)
            if total < best:
                best, best_length, best_curvature = total, length, curvature
    path[:] = 0.0
    path[0, 0], path[0, 1] = best_length, best_curvature
    return best


@kernel
def clearance_ahead(
    pose: Floats, onwards: float, boxes: Floats, count: int, size: Floats, farthest: float
) -> float:
    """How far the car could go straight on until it touches something.

    Args:
        pose: ``f8[3]`` of the rear axle.
        onwards: 1 forwards, -1 in reverse.
        boxes: ``f8[>=count, Box]``.
        count: How many boxes there are.
        size: ``f8[2]`` length and width of the car (m).
        farthest: What is farther away does not matter (m).

    Returns:
        Metres.
    """
    cos, sin = cos_sin(None, pose[2])
    x, y = pose[0] + 0.5 * size[0] * cos, pose[1] + 0.5 * size[0] * sin
    least = farthest
    for k in range(count):
        dx, dy = boxes[k, _BOX_X] - x, boxes[k, _BOX_Y] - y
        reach = 0.5 * (size[0] + size[1]) + boxes[k, _BOX_LENGTH] + boxes[k, _BOX_WIDTH] + least
        if abs(dx) > reach or abs(dy) > reach:
            continue
        way, side = time_to_touch(
            dx, dy, -onwards * cos, -onwards * sin, cos, sin, 0.5 * size[0], 0.5 * size[1],
            boxes[k, _BOX_COS], boxes[k, _BOX_SIN], boxes[k, _BOX_LENGTH], boxes[k, _BOX_WIDTH],
        )  # fmt: skip
        if side != SIDE:
            least = min(least, way)
    return least
