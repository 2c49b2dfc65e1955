"""Look ahead: try choices of path and speed in copies of the world, and keep the best.

Each choice is driven by the expert's own low-level law in a copy of the world, with the traffic reacting as
it will in earnest: the compiled core is the same, so what is foreseen is what will happen, as long as the
choice is kept. Choices are compared by the way they make, in metres:

    way driven + way that can be driven after that, if the leader keeps its speed − penalties

Penalties, in metres: a collision (more than any way, less the later it comes), a collision among others, each
decision with a time to collision under 1.3 s, traffic made to brake, hard braking of the ego, and a change of
path, which must be worth it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world import WorldBatch, quantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat
from scenarios import control

__all__ = ["HARD_BRAKING", "Choices", "Table", "look_ahead"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

HARD_BRAKING = -1.0
"""A cap that means: brake as hard as the action space allows."""

COLLISION_M = 2000.0
COLLISION_OF_OTHERS_M = 60.0
SHORT_TIME_M = 2.0
MADE_TO_BRAKE_M = 0.6
UNCOMFORTABLE_M = 0.3
CHANGE_M = 3.0

SOON_S = 1.3
"""A longer time to collision than the score's 0.95 s, so that there is a margin."""
INSTANTS = 4
"""The next ``SOON_S`` are looked at this often, with everybody going straight on."""
CLEARANCE_M = 0.3
UNCOMFORTABLE_MPS2 = 3.1
MADE_TO_BRAKE_MPS2 = 2.5
FOLLOWER_RANGE_M = 40.0
FOLLOWER_LATERAL_M = 2.5
ONCOMING_BRAKING_MPS2, ONCOMING_LATERAL_M = 1.5, 3.2
"""A little less braking, and a little more room to the side, than the score allows with oncoming drivers."""

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LENGTH, _WIDTH, _COS, _SIN, _ACCELERATION = (
    int(EntityFloat.LENGTH),
    int(EntityFloat.WIDTH),
    int(EntityFloat.COS),
    int(EntityFloat.SIN),
    int(EntityFloat.ACCELERATION),
)


@dataclass(kw_only=True)
class Table:
    """The paths of all episodes.

    Attributes:
        knots: ``f8[R, P, K, 6]``, a row for each episode.
        counts: ``i8[R, P]`` knots of each path.
    """

    knots: F8
    counts: I8


@dataclass(frozen=True, kw_only=True, eq=False)
class Choices:
    """What to try; C choices in all, over any number of episodes.

    Attributes:
        slot: ``i8[C]`` world.
        path: ``i8[C]`` path to follow.
        hint: ``i8[C]`` segment of that path near to the ego.
        cap: ``f8[C]`` highest speed (m/s), or ``HARD_BRAKING``.
        changes: ``b1[C]``, whether it is another path than the present one.
        oncoming: ``f8[C]`` what a decision costs in which an oncoming driver is made to brake (m).
    """

    slot: I8
    path: I8
    hint: I8
    cap: F8
    changes: NDArray[np.bool_]
    oncoming: F8


def look_ahead(
    worlds: WorldBatch, table: Table, choices: Choices, *, horizon_s: float, beyond_s: float
) -> F8:
    """Worth of each choice, in metres.

    Args:
        worlds: The batch in its present state; it is copied, not changed.
        table: Paths, with a row for each slot.
        choices: What to try.
        horizon_s: How far to look ahead.
        beyond_s: For how long after that the way is estimated from the leader's speed.

    Returns:
        ``f8[C]``.
    """
    ahead = worlds.copy(choices.slot.tolist())
    count = len(choices.slot)
    everyone = np.arange(count)
    hint = choices.hint.copy()
    worth = np.where(choices.changes, -CHANGE_M, 0.0)
    crashed = np.zeros(count, np.bool_)
    wanted = np.empty((count, 2))
    decisions = round(horizon_s * POLICY_HZ)
    for decision in range(decisions):
        control.command(
            table.knots,
            table.counts,
            choices.slot,
            choices.path,
            choices.cap,
            hint,
            everyone,
            ahead.ego,
            ahead.entities,
            ahead.entity_float,
            0.0,
            0.0,
            wanted,
        )
        ahead.step(quantise(wanted / (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)), ~crashed)
        hit = ahead.trace_crashed.any(axis=1) & ~crashed
        worth[hit] -= COLLISION_M * (2.0 - decision / decisions)
        crashed |= hit
        judge(ahead.entity_float, ahead.ego, ahead.vehicles, ahead.entities, crashed, 1.0 / POLICY_HZ, worth)
        mind_oncoming(ahead.entity_float, ahead.ego, ahead.vehicles, crashed, choices.oncoming, worth)
    others = ahead.crashed.sum(axis=1) - worlds.crashed[choices.slot].sum(axis=1)
    worth -= np.where(crashed, 0.0, COLLISION_OF_OTHERS_M * others)
    further = np.empty(count)
    control.prospect(
        table.knots,
        table.counts,
        choices.slot,
        choices.path,
        hint,
        ahead.ego,
        ahead.entities,
        ahead.entity_float,
        beyond_s,
        further,
    )
    return worth + np.where(crashed, 0.0, further)


@kernel
def judge(
    states: F8, ego: I8, vehicles: I8, entities: I8, crashed: NDArray[np.bool_], lasting: float, worth: F8
) -> None:
    """Add what one decision was worth.

    Args:
        states: ``f8[C, EntityFloat, N]`` after the decision.
        ego: ``i8[C]``.
        vehicles: ``i8[C]``.
        entities: ``i8[C]``.
        crashed: ``b1[C]``; nothing is added for these.
        lasting: Duration of the decision (s).
        worth: ``f8[C]``, added to.
    """
    for c in range(ego.shape[0]):
        if crashed[c]:
            continue
        world = states[c]
        e = ego[c]
        worth[c] += world[_SPEED, e] * lasting
        worth[c] -= UNCOMFORTABLE_M * max(abs(world[_ACCELERATION, e]) - UNCOMFORTABLE_MPS2, 0.0)
        if _is_close(world, e, entities[c]):
            worth[c] -= SHORT_TIME_M
        for j in range(vehicles[c]):
            if j == e or world[_ACCELERATION, j] > -MADE_TO_BRAKE_MPS2:
                continue
            dx = world[_X, e] - world[_X, j]
            dy = world[_Y, e] - world[_Y, j]
            along = dx * world[_COS, j] + dy * world[_SIN, j]
            beside = dy * world[_COS, j] - dx * world[_SIN, j]
            if 0.0 < along < FOLLOWER_RANGE_M and abs(beside) < FOLLOWER_LATERAL_M:
                worth[c] -= MADE_TO_BRAKE_M * (-world[_ACCELERATION, j] - MADE_TO_BRAKE_MPS2)


@kernel
def mind_oncoming(states: F8, ego: I8, vehicles: I8, crashed: NDArray[np.bool_], cost: F8, worth: F8) -> None:
    """Take off what it costs to make an oncoming driver brake, for one decision.

    Args:
        states: ``f8[C, EntityFloat, N]`` after the decision.
        ego: ``i8[C]``.
        vehicles: ``i8[C]``.
        crashed: ``b1[C]``; nothing is taken off for these.
        cost: ``f8[C]`` metres; 0 where it does not matter.
        worth: ``f8[C]``, taken off from.
    """
    for c in range(ego.shape[0]):
        if crashed[c] or cost[c] == 0.0:
            continue
        world, e = states[c], ego[c]
        for j in range(vehicles[c]):
            if j == e or world[_ACCELERATION, j] > -ONCOMING_BRAKING_MPS2:
                continue
            dx, dy = world[_X, j] - world[_X, e], world[_Y, j] - world[_Y, e]
            towards = world[_COS, e] * world[_COS, j] + world[_SIN, e] * world[_SIN, j] < 0.0
            ahead = dx * world[_COS, e] + dy * world[_SIN, e]
            beside = dy * world[_COS, e] - dx * world[_SIN, e]
            if towards and ahead > 0.0 and abs(beside) < ONCOMING_LATERAL_M:
                worth[c] -= cost[c]
                break


@kernel
def _is_close(world: F8, e: int, entities: int) -> bool:
    """Whether the ego's box touches another within ``SOON_S``, with everybody going straight on."""
    for j in range(entities):
        if j == e:
            continue
        dx = world[_X, j] - world[_X, e]
        dy = world[_Y, j] - world[_Y, e]
        reach = 8.0 + SOON_S * (world[_SPEED, e] + world[_SPEED, j])
        if dx * dx + dy * dy > reach * reach:
            continue
        vx = world[_SPEED, j] * world[_COS, j] - world[_SPEED, e] * world[_COS, e]
        vy = world[_SPEED, j] * world[_SIN, j] - world[_SPEED, e] * world[_SIN, e]
        for k in range(1, INSTANTS + 1):
            t = SOON_S * k / INSTANTS
            if _overlap(world, e, j, dx + vx * t, dy + vy * t):
                return True
    return False


@kernel
def _overlap(world: F8, e: int, j: int, dx: float, dy: float) -> bool:
    """Whether two boxes overlap, the second displaced by (dx, dy) from the first (separating axes)."""
    ce, se = world[_COS, e], world[_SIN, e]
    cj, sj = world[_COS, j], world[_SIN, j]
    cosine = abs(ce * cj + se * sj)
    sine = abs(ce * sj - se * cj)
    a = 0.5 * world[_LENGTH, e] + CLEARANCE_M
    b = 0.5 * world[_WIDTH, e] + CLEARANCE_M
    p = 0.5 * world[_LENGTH, j]
    q = 0.5 * world[_WIDTH, j]
    if abs(dx * ce + dy * se) > a + cosine * p + sine * q:
        return False
    if abs(dy * ce - dx * se) > b + sine * p + cosine * q:
        return False
    if abs(dx * cj + dy * sj) > p + cosine * a + sine * b:
        return False
    return bool(abs(dy * cj - dx * sj) <= q + sine * a + cosine * b)
