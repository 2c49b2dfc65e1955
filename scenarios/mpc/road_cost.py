"""What a state costs on its path: distance, course, speed, drivable corridor. Exact slopes; curvatures ≥ 0.

Curvatures of the cost are those of Gauss and Newton: products of slopes of residuals, with the weight that
majorises a cost that is quadratic near zero and linear far away. They are never negative, which is what the
backward pass builds on.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from scenarios.control import project
from scenarios.mpc.bicycle import slip
from scenarios.mpc.stage import Place, Weight
from scenarios.reference_path import ARC, CAP, CURVATURE, HEADING, X, Y

__all__ = ["gather", "road_cost", "rounded"]

F8 = NDArray[np.float64]

_X, _Y, _HEADING, _SPEED = int(Place.X), int(Place.Y), int(Place.HEADING), int(Place.SPEED)
_LAST_STEERING = int(Place.LAST_STEERING)
_LATERAL, _COURSE, _SLOW, _FAST = int(Weight.LATERAL), int(Weight.COURSE), int(Weight.SLOW), int(Weight.FAST)
_CORRIDOR = int(Weight.CORRIDOR)

PI = 3.141592653589793
LATERAL_KNEE_M = 1.0
"""Distance at which the cost of being beside the path turns from quadratic to linear."""
SPEED_KNEE_MPS = 1.0
"""The same for being slower than the profile."""
EDGE_KNEE_M = 0.1
"""The same for being off the road: who stands across it has to leave it in order to turn."""
SPARE_M = 0.3
"""From the side of the car to the edge of the road: its corners stray from its middle in bends."""


@kernel
def rounded(residual: float, knee: float) -> tuple[float, float]:
    """The cost knee²·(√(1 + (r/knee)²) − 1): r²/2 near zero, knee·|r| far away.

    Args:
        residual: r.
        knee: Where it turns.

    Returns:
        The cost, and its slope divided by r, which is also the curvature of the parabola that lies above the
        cost and touches it at r.
    """
    root = np.sqrt(1.0 + residual * residual / (knee * knee))
    return knee * knee * (root - 1.0), 1.0 / root


@kernel
def gather(curvature: float, slope: float, by: F8, count: int, gradient: F8, hessian: F8) -> None:
    """Add a term that depends on one residual to the gradient and the Hessian of a stage.

    Args:
        curvature: Of the term by the residual, not negative.
        slope: Of the term by the residual.
        by: ``f8[>= count]`` slopes of the residual by the first places of (state, control).
        count: How many places.
        gradient: ``f8[8]``, added to.
        hessian: ``f8[8, 8]``, added to.
    """
    for i in range(count):
        if by[i] == 0.0:
            continue
        gradient[i] += slope * by[i]
        for j in range(count):
            hessian[i, j] += curvature * by[i] * by[j]


@kernel
def road_cost(
    knots: F8,
    corridor: F8,
    count: int,
    hint: int,
    state: F8,
    gust: float,
    half_width: float,
    weights: F8,
    factor: float,
    slopes: bool,
    work: F8,
    gradient: F8,
    hessian: F8,
) -> tuple[float, float, int]:
    """Cost of a state on a path.

    Args:
        knots: ``f8[K, 6]`` of the path.
        corridor: ``f8[K, 2]`` how far to the left (negative) and to the right of each knot the road goes (m).
        count: Knots of the path.
        hint: Segment near the ego.
        state: ``f8[6]``.
        gust: Added to the front wheel angle (rad).
        half_width: Of the ego (m).
        weights: ``f8[columns Weight]``.
        factor: Of all terms: seconds.
        slopes: Whether to add to gradient and Hessian.
        work: ``f8[8]`` scratch.
        gradient: ``f8[8]``, added to.
        hessian: ``f8[8, 8]``, added to.

    Returns:
        The cost; the part of it that says how far the ego is from where it wants to be, beside the path and
        below its speed; the segment beside the ego.
    """
    i, t, _, right = project(knots, count, hint, state[_X], state[_Y])
    inside = min(max(t, 0.0), 1.0)
    along = 1.0 if inside == t else 0.0
    dx, dy = knots[i + 1, X] - knots[i, X], knots[i + 1, Y] - knots[i, Y]
    square = dx * dx + dy * dy
    chord = np.sqrt(square)
    share_x, share_y = along * dx / square, along * dy / square
    length = knots[i + 1, ARC] - knots[i, ARC]
    sagitta = 0.5 * knots[i, CURVATURE] * (1.0 - 2.0 * inside) * length * length
    right_x, right_y = -dy / chord + sagitta * share_x, dx / chord + sagitta * share_y

    value, weight = rounded(right, LATERAL_KNEE_M)
    scale = factor * weights[_LATERAL]
    far = scale * value
    if slopes:
        work[:] = 0.0
        work[_X], work[_Y] = right_x, right_y
        gather(scale * weight, scale * weight * right, work, 2, gradient, hessian)
    cost = far

    turn = knots[i + 1, HEADING] - knots[i, HEADING]
    angle, _, _, bend = slip(state[_LAST_STEERING], gust)
    off = state[_HEADING] + angle - knots[i, HEADING] - inside * turn
    off -= 2.0 * PI * np.floor((off + PI) / (2.0 * PI))
    scale = factor * weights[_COURSE]
    cost += scale * off * off
    if slopes:
        work[_X], work[_Y], work[_HEADING] = -turn * share_x, -turn * share_y, 1.0
        work[_LAST_STEERING] = bend
        gather(2.0 * scale, 2.0 * scale * off, work, 6, gradient, hessian)
        work[_HEADING] = work[_LAST_STEERING] = 0.0

    rise = knots[i + 1, CAP] - knots[i, CAP]
    above = state[_SPEED] - knots[i, CAP] - inside * rise
    value, weight = rounded(above, SPEED_KNEE_MPS)
    scale = factor * weights[_SLOW]
    curvature = scale * weight
    if above < 0.0:
        far += scale * value
    cost += scale * value
    if above > 0.0:
        cost += factor * weights[_FAST] * above * above
        curvature += 2.0 * factor * weights[_FAST]
    if slopes:
        work[_X], work[_Y], work[_SPEED] = -rise * share_x, -rise * share_y, 1.0
        gather(curvature, curvature * above, work, 4, gradient, hessian)
        work[_SPEED] = 0.0

    scale = factor * weights[_CORRIDOR]
    for side in range(2):
        sign = 1.0 if side == 1 else -1.0
        widening = corridor[i + 1, side] - corridor[i, side]
        over = sign * (right - corridor[i, side] - inside * widening) + half_width + SPARE_M
        if over > 0.0:
            value, weight = rounded(over, EDGE_KNEE_M)
            cost += 2.0 * scale * value
            if slopes:
                work[_X] = sign * (right_x - widening * share_x)
                work[_Y] = sign * (right_y - widening * share_y)
                gather(2.0 * scale * weight, 2.0 * scale * weight * over, work, 2, gradient, hessian)
    return cost, far, i
