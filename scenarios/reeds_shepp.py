"""Shortest paths of a car that drives forwards and backwards: the words of Reeds and Shepp, as kernels.

J. A. Reeds and L. A. Shepp, "Optimal paths for a car that goes both forwards and backwards", Pacific Journal
of Mathematics 145(2), 1990; the families and their symmetries as in S. M. LaValle, *Planning Algorithms*,
Cambridge 2006, section 15.3.2. A word is a sequence of up to five pieces, each an arc of the least radius to
the one side or the other, or a straight. The shortest path is the shortest of the words that reach the goal;
all of them are listed here, because among obstacles the shortest is seldom free.

Lengths are in units of the radius, positive forwards, negative backwards. The frame has any orientation: a
positive turn is the one that makes the heading grow.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel
from drivebench.world.numerics import asin, atan2, cos_sin, floor

__all__ = ["MOST_WORDS", "PIECES", "reeds_shepp_words"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PIECES = 5
MOST_WORDS = 48
PI = 3.141592653589793
HALF_PI = 0.5 * PI
ZERO = 1e-9
"""Lengths of the wrong sign by no more than this are zeros."""
_L, _S, _R, _NONE = 1, 0, -1, 9


@inlined_kernel
def _turned(angle: float) -> float:
    """The same angle from -π to π."""
    return float(angle - 2.0 * PI * floor((angle + PI) / (2.0 * PI)))


@kernel
def _outer_turns(u: float, v: float, xi: float, eta: float, phi: float) -> tuple[float, float]:
    """First and last turn of a word of four arcs whose inner ones are u and v."""
    cos_d, sin_d = cos_sin(None, u - v)
    cos_u, sin_u = cos_sin(None, u)
    cos_v, _ = cos_sin(None, v)
    a, b = sin_u - sin_d, cos_u - cos_d - 1.0
    t = atan2(None, eta * a - xi * b, xi * a + eta * b)
    if 2.0 * (cos_d - cos_v - cos_u) + 3.0 < 0.0:
        t += PI
    t = _turned(t)
    return t, _turned(t - u + v - phi)


@kernel
def _write(
    words: Floats, turns: Ints, count: int, reverse: bool, time: float, side: int, a: int, b: int, c: int,
    d: int, e: int, t: float, u: float, v: float, w: float, z: float,
) -> int:  # fmt: skip
    """Add a word; pieces of no length are left in it."""
    first = 4 if reverse else 0
    step = -1 if reverse else 1
    last = 5 if e != _NONE else 4 if d != _NONE else 3
    place = 0
    for k in range(5):
        index = first + step * k
        turn = a if index == 0 else b if index == 1 else c if index == 2 else d if index == 3 else e
        if index >= last:
            continue
        length = t if index == 0 else u if index == 1 else v if index == 2 else w if index == 3 else z
        words[count, place] = time * length
        turns[count, place] = side * turn
        place += 1
    for k in range(place, 5):
        words[count, k] = 0.0
        turns[count, k] = 0
    return count + 1


@kernel
def _add_words(
    x: float, y: float, phi: float, cos: float, sin: float, time: float, side: int, reverse: bool,
    words: Floats, turns: Ints, count: int,
) -> int:  # fmt: skip
    """Add the words that begin with a forward turn to the positive side, seen through a symmetry.

    Args:
        x: Goal, as seen through the symmetry.
        y: The same.
        phi: The same.
        cos: Of phi.
        sin: Of phi.
        time: -1 where forwards and backwards have changed roles.
        side: -1 where the sides have.
        reverse: Whether the word is driven from its end; then only those that differ from their mirror
            image are added.
        words: ``f8[MOST_WORDS, PIECES]``.
        turns: ``i8[MOST_WORDS, PIECES]``.
        count: Words so far.
    """
    # The other end of the word turns to the same side as its beginning …
    xi, eta = x - sin, y - 1.0 + cos
    square = xi * xi + eta * eta
    rho, theta = math.sqrt(square), atan2(None, eta, xi)
    if not reverse:
        t, v = theta, _turned(phi - theta)
        if t >= -ZERO and v >= -ZERO:  # L+ S+ L+
            count = _write(
                words, turns, count, reverse, time, side, _L, _S, _L, _NONE, _NONE, t, rho, v, 0.0, 0.0
            )
    if rho <= 4.0:  # L+ R- L+ and L+ R- L-
        u = -2.0 * asin(None, 0.25 * rho)
        t = _turned(theta + 0.5 * u + PI)
        v = _turned(phi - t + u)
        if t >= -ZERO:
            count = _write(
                words, turns, count, reverse, time, side, _L, _R, _L, _NONE, _NONE, t, u, v, 0.0, 0.0
            )
    if rho >= 2.0:  # L+ R- S- L-
        r = math.sqrt(square - 4.0)
        u = 2.0 - r
        t = _turned(theta + atan2(None, r, -2.0))
        v = _turned(phi - HALF_PI - t)
        if t >= -ZERO and u <= ZERO and v <= ZERO:
            count = _write(
                words, turns, count, reverse, time, side, _L, _R, _S, _L, _NONE, t, -HALF_PI, u, v, 0.0
            )
    # … or to the other.
    xi, eta = x + sin, y - 1.0 - cos
    square = xi * xi + eta * eta
    rho = math.sqrt(square)
    if rho >= 2.0:  # L+ R- S- R-
        theta = atan2(None, xi, -eta)
        u = 2.0 - rho
        v = _turned(theta + HALF_PI - phi)
        if theta >= -ZERO and u <= ZERO and v <= ZERO:
            count = _write(
                words, turns, count, reverse, time, side, _L, _R, _S, _R, _NONE, theta, -HALF_PI, u, v, 0.0
            )
    if reverse:
        return count
    if square >= 4.0:  # L+ S+ R+
        u = math.sqrt(square - 4.0)
        t = _turned(atan2(None, eta, xi) + atan2(None, 2.0, u))
        v = _turned(t - phi)
        if t >= -ZERO and v >= -ZERO:
            count = _write(
                words, turns, count, reverse, time, side, _L, _S, _R, _NONE, _NONE, t, u, v, 0.0, 0.0
            )
    half = 0.25 * (2.0 + rho)
    if half <= 1.0:  # L+ R+ L- R-
        u = atan2(None, math.sqrt(max(1.0 - half * half, 0.0)), half)
        t, v = _outer_turns(u, -u, xi, eta, phi)
        if t >= -ZERO and v <= ZERO:
            count = _write(words, turns, count, reverse, time, side, _L, _R, _L, _R, _NONE, t, u, -u, v, 0.0)
    half = (20.0 - square) / 16.0
    if 0.0 <= half <= 1.0:  # L+ R- L- R+
        u = -atan2(None, math.sqrt(max(1.0 - half * half, 0.0)), half)
        t, v = _outer_turns(u, u, xi, eta, phi)
        if t >= -ZERO and v >= -ZERO:
            count = _write(words, turns, count, reverse, time, side, _L, _R, _L, _R, _NONE, t, u, u, v, 0.0)
    if rho >= 2.0:  # L+ R- S- L- R+
        u = 4.0 - math.sqrt(square - 4.0)
        if u <= ZERO:
            t = _turned(atan2(None, (4.0 - u) * xi - 2.0 * eta, -2.0 * xi + (u - 4.0) * eta))
            v = _turned(t - phi)
            if t >= -ZERO and v >= -ZERO:
                count = _write(
                    words, turns, count, reverse, time, side, _L, _R, _S, _L, _R, t, -HALF_PI, u, -HALF_PI, v
                )
    return count


@kernel
def reeds_shepp_words(x: float, y: float, phi: float, words: Floats, turns: Ints) -> int:
    """All words from the origin, heading along x, to a goal.

    Args:
        x: Of the goal, in units of the radius.
        y: The same.
        phi: Its heading (rad).
        words: ``f8[MOST_WORDS, PIECES]`` written: signed lengths of the pieces; zeros behind the last.
        turns: ``i8[MOST_WORDS, PIECES]`` written: 1 where the heading grows forwards, -1 the other way, 0
            straight.

    Returns:
        How many words there are.
    """
    cos, sin = cos_sin(None, phi)
    back_x, back_y = x * cos + y * sin, x * sin - y * cos
    count = 0
    for symmetry in range(4):
        time = 1.0 if symmetry < 2 else -1.0
        side = 1 if symmetry % 2 == 0 else -1
        count = _add_words(
            time * x,
            side * y,
            time * side * phi,
            cos,
            time * side * sin,
            time,
            side,
            False,
            words,
            turns,
            count,
        )
        count = _add_words(
            time * back_x, side * back_y, time * side * phi, cos, time * side * sin, time, side, True, words,
            turns, count,
        )  # fmt: skip
    return count
