"""iLQR: from a first guess to a trajectory that is locally best, in a fixed number of rounds.

A round: slopes and curvatures along the trajectory, the backward pass, and a line search along its policies,
which takes the first step that lowers the cost. There is no other state than the arguments, and arithmetic is
the engine's own, so that a solution is the same bits everywhere.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world.clock import POLICY_HZ
from drivebench.world.threads import Shares, take
from scenarios.mpc.backward import backward
from scenarios.mpc.bicycle import step, step_with_slopes
from scenarios.mpc.control_cost import control_cost
from scenarios.mpc.road_cost import road_cost
from scenarios.mpc.stage import CONTROLS, PLACES, STATES, Weight
from scenarios.mpc.traffic_cost import traffic_cost

__all__ = ["COST", "FAR", "ROUNDS_DONE", "WAY", "solve_shares", "trajectory_cost"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

COST, FAR, WAY, ROUNDS_DONE = range(4)
"""Columns of what is told of a solution: its cost; the part of it for being beside the path and below the
speed profile; the way driven (m); rounds that lowered the cost."""

DECISION_S = 1.0 / POLICY_HZ
HALVINGS = 6
"""Steps of the line search: 1, 1/2, ... 1/32."""
ENOUGH = 1e-4
"""A round that can lower the cost by less than this (m) is the last."""
_TERMINAL = int(Weight.TERMINAL)


@kernel
def trajectory_cost(
    knots: F8,
    corridors: F8,
    counts: I8,
    paths: I8,
    hints: I8,
    states: F8,
    controls: F8,
    decisions: int,
    gust: float,
    size: F8,
    others: F8,
    number: int,
    weights: F8,
    slopes: bool,
    gradients: F8,
    hessians: F8,
    told: F8,
) -> float:
    """Cost of a trajectory, and its slopes and curvatures at every stage.

    Args:
        knots: ``f8[P, K, 6]`` the paths of the episode.
        corridors: ``f8[P, K, 2]`` see :func:`~scenarios.mpc.road_cost.road_cost`.
        counts: ``i8[P]`` knots of the paths.
        paths: ``i8[N + 1]`` which path is followed at each state.
        hints: ``i8[P]`` segment of each path near the first state.
        states: ``f8[N + 1, 6]``.
        controls: ``f8[N, 2]``.
        decisions: At most N.
        gust: Added to the front wheel angle (rad).
        size: ``f8[2]`` half length and half width of the ego (m).
        others: ``f8[N + 1, M, 7]`` predicted, see ``OTHER_COLUMNS``.
        number: How many others.
        weights: ``f8[columns Weight]``.
        slopes: Whether to write gradients and Hessians.
        gradients: ``f8[N + 1, 8]`` written.
        hessians: ``f8[N + 1, 8, 8]`` written.
        told: ``f8[4]`` written but for the rounds.
    """
    work, by = np.zeros(PLACES), np.zeros((4, 4))
    if slopes:
        gradients[:] = 0.0
        hessians[:] = 0.0
    cost, far, way = 0.0, 0.0, 0.0
    path, hint = -1, 0
    for k in range(decisions + 1):
        if k < decisions:
            cost += control_cost(
                states[k], controls[k], gust, size[0], weights, DECISION_S, slopes, work,
                gradients[k], hessians[k],
            )  # fmt: skip
        if k == 0:
            continue
        factor = DECISION_S * (weights[_TERMINAL] if k == decisions else 1.0)
        if paths[k] != path:
            path = paths[k]
            hint = hints[path]
        value, part, hint = road_cost(
            knots[path], corridors[path], counts[path], hint, states[k], gust, size[1], weights, factor,
            slopes, work, gradients[k], hessians[k],
        )  # fmt: skip
        cost += value
        far += part
        way += states[k, 3] * DECISION_S
        cost += traffic_cost(
            states[k], others[k], number, size[0], size[1], weights, DECISION_S, slopes, work, by,
            gradients[k], hessians[k],
        )  # fmt: skip
    told[COST], told[FAR], told[WAY] = cost, far, way
    return float(cost)


@kernel
def solve_shares(
    shares: Shares,
    which: I8,
    rounds: int,
    knots: F8,
    corridors: F8,
    counts: I8,
    slot: I8,
    paths: I8,
    hints: I8,
    decisions: I8,
    gusts: F8,
    sizes: F8,
    others: F8,
    numbers: I8,
    weights: F8,
    bounds: F8,
    states: F8,
    controls: F8,
    gains: F8,
    precisions: F8,
    told: F8,
) -> None:
    """Solve the problems of the shares that are left.

    Args:
        shares: Of W problems.
        which: ``i8[W]`` these of C problems, each once.
        rounds: At most.
        knots: ``f8[R, P, K, 6]`` see ``Table``.
        corridors: ``f8[R, P, K, 2]``.
        counts: ``i8[R, P]``.
        slot: ``i8[C]`` row of each problem.
        paths: ``i8[C, N + 1]``; this and what follows up to ``weights`` as for :func:`trajectory_cost`.
        hints: ``i8[C, P]``.
        decisions: ``i8[C]``.
        gusts: ``f8[C]``.
        sizes: ``f8[C, 2]``.
        others: ``f8[C, N + 1, M, 7]``.
        numbers: ``i8[C]``.
        weights: ``f8[columns Weight]``.
        bounds: ``f8[2, 2]`` lowest and highest acceleration and front wheel angle.
        states: ``f8[C, N + 1, 6]`` the first one given, the others written.
        controls: ``f8[C, N, 2]`` a first guess; overwritten by the solution.
        gains: ``f8[C, N, 2, 6]`` written: of the policies of the last backward pass.
        precisions: ``f8[C, N, 2, 2]`` written.
        told: ``f8[C, 4]`` written; to the rounds is added.
    """
    longest = controls.shape[1]
    slopes = np.zeros((longest, 4, STATES))
    gradients, hessians = np.zeros((longest + 1, PLACES)), np.zeros((longest + 1, PLACES, PLACES))
    steps = np.zeros((longest, CONTROLS))
    tried_states, tried = np.zeros((longest + 1, STATES)), np.zeros((longest, CONTROLS))
    heard = np.zeros(4)
    first, last = take(shares, 0)
    while first < last:
        for place in range(first, last):
            c = which[place]
            r, count, gust, size = slot[c], decisions[c], gusts[c], sizes[c]
            best_states, best = states[c], controls[c]
            for k in range(count):
                for p in range(CONTROLS):
                    best[k, p] = min(max(best[k, p], bounds[0, p]), bounds[1, p])
                step(best_states[k], best[k], gust, size[0], best_states[k + 1])
            for done in range(rounds + 1):
                cost = trajectory_cost(
                    knots[r], corridors[r], counts[r], paths[c], hints[c], best_states, best, count, gust,
                    size, others[c], numbers[c], weights, True, gradients, hessians, told[c],
                )  # fmt: skip
                for k in range(count):
                    step_with_slopes(best_states[k], best[k], gust, size[0], slopes[k])
                promise = backward(
                    slopes, gradients, hessians, best, bounds, count, steps, gains[c], precisions[c]
                )
                if promise < ENOUGH or done == rounds:
                    break
                share = 1.0
                improved = False
                tried_states[0] = best_states[0]
                for _ in range(HALVINGS):
                    for k in range(count):
                        for p in range(CONTROLS):
                            wanted = best[k, p] + share * steps[k, p]
                            for i in range(STATES):
                                wanted += gains[c, k, p, i] * (tried_states[k, i] - best_states[k, i])
                            tried[k, p] = min(max(wanted, bounds[0, p]), bounds[1, p])
                        step(tried_states[k], tried[k], gust, size[0], tried_states[k + 1])
                    found = trajectory_cost(
                        knots[r], corridors[r], counts[r], paths[c], hints[c], tried_states, tried, count,
                        gust, size, others[c], numbers[c], weights, False, gradients, hessians, heard,
                    )  # fmt: skip
                    if found < cost:
                        improved = True
                        break
                    share *= 0.5
                if not improved:
                    break
                told[c, ROUNDS_DONE] += 1.0
                best_states[: count + 1] = tried_states[: count + 1]
                best[:count] = tried[:count]
        first, last = take(shares, last - first)
