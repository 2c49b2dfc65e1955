"""What being near others costs: soft barriers about their predicted boxes.

A barrier is a superellipse about the other's box, enlarged by the ego's extent in the other's directions:
q⁴ = (ξ/A)⁴ + (η/B)⁴ with ξ, η the ego's place in the other's frame. Inside (q < 1) the cost is the square of
1 − q. There are four: the boxes themselves with a margin; the same half a second and a second later with
everybody going straight on, which is what the metric's time to collision sees; and the room that is to be
left before and behind a car that goes the same way, which grows with the speed.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.limits import SHORT_TTC_S
from scenarios.mpc.bicycle import directions
from scenarios.mpc.road_cost import gather
from scenarios.mpc.stage import Place, Weight

__all__ = ["OTHER_COLUMNS", "traffic_cost"]

F8 = NDArray[np.float64]

_X, _Y, _HEADING, _SPEED = int(Place.X), int(Place.Y), int(Place.HEADING), int(Place.SPEED)
_CORE, _SOON, _HEADWAY = int(Weight.CORE), int(Weight.SOON), int(Weight.HEADWAY)

OTHER_COLUMNS = 7
"""Of each other one: x, y (m), cosine and sine of its heading, speed (m/s), half length, half width (m)."""

MARGIN_M = 0.3
"""Added to the boxes to every side."""
SOON_S = SHORT_TTC_S + 0.15
TIME_GAP_S = 1.3
"""Left to a leader, as a share of which the barrier gives way where time presses."""
STANDSTILL_GAP_M = 2.5
FOLLOWER_TIME_S = 0.6
"""Left to who comes behind."""
SIDE_MARGIN_M = 0.35
ROUNDING = 0.01
"""Under the roots of the extents, in place of absolute values."""
LEAST_Q = 0.05
"""At the very centre of a box there is no direction to go: the slope is that of this q there."""


@kernel
def _barrier(
    xi: float,
    eta: float,
    half_xi: float,
    half_eta: float,
    by_xi: F8,
    by_eta: F8,
    by_half_xi: F8,
    by_half_eta: F8,
    scale: float,
    slopes: bool,
    work: F8,
    gradient: F8,
    hessian: F8,
) -> float:
    """One superellipse: cost, and slopes by x, y, heading and speed."""
    if abs(xi) >= half_xi or abs(eta) >= half_eta:
        return 0.0
    a, b = xi / half_xi, eta / half_eta
    fourth = a * a * a * a + b * b * b * b
    if fourth >= 1.0:
        return 0.0
    q = np.sqrt(np.sqrt(fourth))
    inside = 1.0 - q
    if slopes:
        stiff = max(q, LEAST_Q)
        cube = stiff * stiff * stiff
        by_a, by_b = a * a * a / cube, b * b * b / cube
        for p in range(4):
            work[p] = by_a * (by_xi[p] - a * by_half_xi[p]) / half_xi
            work[p] += by_b * (by_eta[p] - b * by_half_eta[p]) / half_eta
        gather(2.0 * scale, -2.0 * scale * inside, work, 4, gradient, hessian)
    return float(scale * inside * inside)


@kernel
def traffic_cost(
    state: F8,
    others: F8,
    count: int,
    half_length: float,
    half_width: float,
    weights: F8,
    factor: float,
    slopes: bool,
    work: F8,
    by: F8,
    gradient: F8,
    hessian: F8,
) -> float:
    """Cost of a state among others.

    Args:
        state: ``f8[6]``.
        others: ``f8[M, 7]`` see ``OTHER_COLUMNS``.
        count: How many of them.
        half_length: Of the ego (m).
        half_width: The same.
        weights: ``f8[columns Weight]``.
        factor: Of all terms: seconds.
        slopes: Whether to add to gradient and Hessian.
        work: ``f8[8]`` scratch.
        by: ``f8[4, 4]`` scratch.
        gradient: ``f8[8]``, added to.
        hessian: ``f8[8, 8]``, added to.
    """
    cost = 0.0
    if count == 0:
        return cost
    cosine, sine = directions(state[_HEADING])
    speed = state[_SPEED]
    core, soon, headway = factor * weights[_CORE], factor * weights[_SOON], factor * weights[_HEADWAY]
    by_xi, by_eta, by_half_xi, by_half_eta = by[0], by[1], by[2], by[3]
    for m in range(count):
        dx, dy = state[_X] - others[m, 0], state[_Y] - others[m, 1]
        its_speed = others[m, 4]
        reach = 12.0 + max(TIME_GAP_S, SOON_S) * (speed + abs(its_speed))
        if dx * dx + dy * dy > reach * reach:
            continue
        c, s = others[m, 2], others[m, 3]
        xi, eta = dx * c + dy * s, dy * c - dx * s
        same, across = cosine * c + sine * s, sine * c - cosine * s
        long = np.sqrt(same * same + ROUNDING)
        wide = np.sqrt(across * across + ROUNDING)
        half_xi = others[m, 5] + half_length * long + half_width * wide + MARGIN_M
        half_eta = others[m, 6] + half_length * wide + half_width * long + MARGIN_M
        if abs(eta) > half_eta + SIDE_MARGIN_M + SOON_S * speed * abs(across):
            continue
        long_turn, wide_turn = -same * across / long, across * same / wide
        by[:] = 0.0
        by_xi[_X], by_xi[_Y] = c, s
        by_eta[_X], by_eta[_Y] = -s, c
        by_half_xi[_HEADING] = half_length * long_turn + half_width * wide_turn
        by_half_eta[_HEADING] = half_length * wide_turn + half_width * long_turn
        cost += _barrier(
            xi, eta, half_xi, half_eta, by_xi, by_eta, by_half_xi, by_half_eta,
            core, slopes, work, gradient, hessian,
        )  # fmt: skip
        for part in range(1, 3):
            ahead = 0.5 * part * SOON_S
            by_xi[_HEADING], by_xi[_SPEED] = -ahead * speed * across, ahead * same
            by_eta[_HEADING], by_eta[_SPEED] = ahead * speed * same, ahead * across
            cost += _barrier(
                xi + ahead * (speed * same - its_speed), eta + ahead * speed * across,
                half_xi, half_eta, by_xi, by_eta, by_half_xi, by_half_eta,
                0.5 * soon, slopes, work, gradient, hessian,
            )  # fmt: skip
        if same <= 0.0:
            continue
        by_xi[_HEADING] = by_xi[_SPEED] = by_eta[_HEADING] = by_eta[_SPEED] = 0.0
        if xi < 0.0:
            room = STANDSTILL_GAP_M + TIME_GAP_S * speed
            by_half_xi[_SPEED] = same * same * TIME_GAP_S
        else:
            room = STANDSTILL_GAP_M + FOLLOWER_TIME_S * its_speed
        by_half_xi[_HEADING] -= 2.0 * same * across * room
        cost += _barrier(
            xi, eta, half_xi + same * same * room, half_eta + SIDE_MARGIN_M,
            by_xi, by_eta, by_half_xi, by_half_eta,
            headway, slopes, work, gradient, hessian,
        )  # fmt: skip
    return float(cost)
