"""Look ahead: try what is open to the ego in copies of its world, and say what each choice is worth.

Each choice is driven by the expert's own low-level law in a copy of the world that holds the vehicles that
matter, with the traffic reacting as it will in earnest: the compiled core is the same. The next second is
simulated as finely as the world itself, what follows in one step for each decision. Choices are compared by
the way they make, in metres:

    way driven + way that can be driven after that, if the leader keeps its speed − penalties

Penalties, in metres: a collision (more than any way, less the later it comes), a collision among others, each
decision with a short time to collision by the score's own measure, traffic made to brake, hard braking of the
ego, a jump of the acceleration, and a change of path, which must be worth it.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.bounds import DRIVEBENCH_BOUNDS
from drivebench.metric.boxes import time_to_touch
from drivebench.metric.limits import SHORT_TTC_S
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, QUANTUM, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat, EntityInt, WorldFloat, WorldInt
from drivebench.world.rehearsal import Rehearsal, rehearse
from drivebench.world.threads import Shares, share_out, take
from scenarios import control
from scenarios.choices import Choices, Table
from scenarios.style import Manner

__all__ = ["look_ahead"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

COLLISION_M = 2000.0
COLLISION_OF_OTHERS_M = 60.0
SHORT_TIME_M = 2.0
MADE_TO_BRAKE_M = 0.6
UNCOMFORTABLE_M = 0.3
JUMP_M = 0.4

SOON_S = SHORT_TTC_S + 0.35
"""A time to collision up to this is short: there is a margin to what the score counts."""
CLEARANCE_M = 0.3
"""The ego is thought to be this much larger to each side."""
UNCOMFORTABLE_MPS2 = 0.75 * DRIVEBENCH_BOUNDS.braking_mps2
JUMP_MPS2 = 2.2
"""Change of the acceleration from one decision to the next that costs nothing: nuPlan's bound of the jerk
(see ``DRIVEBENCH_BOUNDS``)."""
MADE_TO_BRAKE_MPS2 = 2.5
FOLLOWER_RANGE_M = 40.0
FOLLOWER_LATERAL_M = 2.5
ONCOMING_BRAKING_MPS2, ONCOMING_LATERAL_M = 1.5, 3.2
"""A little less braking, and a little more room to the side, than the score allows with oncoming drivers."""

FINE = 5
"""Decisions that are simulated as finely as the world is."""
DECISION_S = 1.0 / POLICY_HZ

_X, _Y, _SPEED = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.SPEED)
_LENGTH, _WIDTH, _COS, _SIN, _ACCELERATION = (
    int(EntityFloat.LENGTH),
    int(EntityFloat.WIDTH),
    int(EntityFloat.COS),
    int(EntityFloat.SIN),
    int(EntityFloat.ACCELERATION),
)
_CRASHED = int(EntityInt.CRASHED)
_EGO, _ENTITIES, _VEHICLES = int(WorldInt.EGO), int(WorldInt.ENTITIES), int(WorldInt.VEHICLES)
_SUBSTEPS, _TIME_STEP = int(WorldInt.SUBSTEPS), int(WorldFloat.TIME_STEP)
_CHANGE, _RIGHTWARDS = int(Manner.CHANGE), int(Manner.RIGHTWARDS)
_ACCELERATION_BOUND, _STEERING_BOUND = ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD


def look_ahead(worlds: WorldBatch, table: Table, choices: Choices, rehearsal: Rehearsal, manner: F8) -> F8:
    """Worth of each choice, in metres.

    Args:
        worlds: The batch in its present state; it is copied, not changed.
        table: Paths, with a row for each slot.
        choices: What to try.
        rehearsal: Room for the copies.
        manner: ``f8[columns Manner]`` of the driver.

    Returns:
        ``f8[C]``.
    """
    copies = rehearsal.copy(worlds, choices.slot, table.near_m[choices.slot])
    count = len(choices)
    worth = np.zeros(count)
    arguments = (
        table.knots,
        table.counts,
        table.decisions,
        table.beyond_s,
        table.oncoming_m,
        choices.slot,
        choices.path.copy(),
        choices.hint.copy(),
        choices.cap,
        choices.then,
        choices.then_hint,
        choices.later,
        choices.later_start,
        choices.later_end,
        choices.change,
        choices.to_the_right,
        manner,
        *copies,
        worth,
    )
    share_out(_foresee_shares, count, arguments)
    return worth


@kernel
def _foresee_shares(
    shares: Shares,
    knots: F8,
    counts: I8,
    decisions: I8,
    beyond: F8,
    oncoming: F8,
    slot: I8,
    path: I8,
    hint: I8,
    cap: F8,
    then: I8,
    then_hint: I8,
    later: I8,
    later_start: F8,
    later_end: F8,
    change: F8,
    to_the_right: F8,
    manner: F8,
    lane_floats: F8,
    lane_ints: I8,
    states: F8,
    integers: I8,
    routes: I8,
    world_floats: F8,
    world_ints: I8,
    agents: I8,
    trace: F8,
    manoeuvres: I8,
    gust: F8,
    worth: F8,
) -> None:
    """Foresee what comes of the choices of the shares that are left."""
    first, last = take(shares, 0)
    while first < last:
        _foresee(
            first,
            last,
            knots,
            counts,
            decisions,
            beyond,
            oncoming,
            slot,
            path,
            hint,
            cap,
            then,
            then_hint,
            later,
            later_start,
            later_end,
            change,
            to_the_right,
            manner,
            lane_floats,
            lane_ints,
            states,
            integers,
            routes,
            world_floats,
            world_ints,
            agents,
            trace,
            manoeuvres,
            gust,
            worth,
        )
        first, last = take(shares, last - first)


@kernel
def _foresee(
    first: int,
    last: int,
    knots: F8,
    counts: I8,
    decisions: I8,
    beyond: F8,
    oncoming: F8,
    slot: I8,
    path: I8,
    hint: I8,
    cap: F8,
    then: I8,
    then_hint: I8,
    later: I8,
    later_start: F8,
    later_end: F8,
    change: F8,
    to_the_right: F8,
    manner: F8,
    lane_floats: F8,
    lane_ints: I8,
    states: F8,
    integers: I8,
    routes: I8,
    world_floats: F8,
    world_ints: I8,
    agents: I8,
    trace: F8,
    manoeuvres: I8,
    gust: F8,
    worth: F8,
) -> None:
    """Drive the choices [first, last) in their copies and add up what they are worth.

    Args:
        first: First choice.
        last: One past the last.
        knots: ``f8[R, P, K, 6]`` of the table.
        counts: ``i8[R, P]`` of the table.
        decisions: ``i8[R]`` of the table.
        beyond: ``f8[R]`` of the table.
        oncoming: ``f8[R]`` of the table.
        slot: ``i8[C]`` rows of the table, as all that follows up to ``change`` from the ``Choices``.
        path: Changed where a later path is taken.
        hint: Brought up to date.
        cap: See ``Choices``.
        then: See ``Choices``.
        then_hint: See ``Choices``.
        later: See ``Choices``.
        later_start: See ``Choices``.
        later_end: See ``Choices``.
        change: See ``Choices``.
        to_the_right: See ``Choices``.
        manner: ``f8[columns Manner]``.
        lane_floats: As for :func:`drivebench.world.rehearsal.rehearse`, up to ``gust``.
        lane_ints: See there.
        states: See there.
        integers: See there.
        routes: See there.
        world_floats: See there.
        world_ints: See there.
        agents: See there.
        trace: See there.
        manoeuvres: See there.
        gust: See there.
        worth: ``f8[C]`` written.
    """
    commands = np.zeros((last, agents.shape[1], 2))
    active = np.zeros(last, np.bool_)
    crashed = np.zeros(last, np.bool_)
    others = np.zeros(last, np.int64)
    wanted = np.zeros(2)
    most = 0
    for c in range(first, last):
        worth[c] = manner[_RIGHTWARDS] * to_the_right[c] - manner[_CHANGE] * change[c]
        others[c] = _crashes(integers[c], world_ints[c, _VEHICLES])
        most = max(most, decisions[slot[c]])
    for decision in range(most):
        for c in range(first, last):
            active[c] = not crashed[c] and decision < decisions[slot[c]]
            if not active[c]:
                continue
            world = states[c]
            e = world_ints[c, _EGO]
            if decision >= later[c] and path[c] != then[c]:
                _, _, arc, _ = control.project(
                    knots[slot[c], path[c]], counts[slot[c], path[c]], hint[c], world[_X, e], world[_Y, e]
                )
                if later_start[c] <= arc <= later_end[c]:
                    worth[c] -= manner[_CHANGE]
                    path[c] = then[c]
                    hint[c] = then_hint[c]
            hint[c] = control.command_one(
                knots[slot[c], path[c]],
                counts[slot[c], path[c]],
                cap[c],
                hint[c],
                e,
                world_ints[c, _ENTITIES],
                world,
                0.0,
                0.0,
                manner,
                wanted,
            )
            commands[c, 0, 0] = _acted(wanted[0], _ACCELERATION_BOUND)
            commands[c, 0, 1] = _acted(wanted[1], _STEERING_BOUND)
            if decision == 0:
                jump = abs(commands[c, 0, 0] - world[_ACCELERATION, e])
                worth[c] -= JUMP_M * max(jump - JUMP_MPS2, 0.0)
            if decision == FINE:
                world_ints[c, _SUBSTEPS] = 1
                world_floats[c, _TIME_STEP] = DECISION_S
        rehearse(
            first,
            last,
            commands,
            active,
            lane_floats,
            lane_ints,
            states,
            integers,
            routes,
            world_floats,
            world_ints,
            agents,
            trace,
            manoeuvres,
            gust,
        )
        for c in range(first, last):
            if not active[c]:
                continue
            e = world_ints[c, _EGO]
            if integers[c, _CRASHED, e]:
                crashed[c] = True
                worth[c] -= COLLISION_M * (2.0 - decision / decisions[slot[c]])
            else:
                vehicles, entities = world_ints[c, _VEHICLES], world_ints[c, _ENTITIES]
                worth[c] += _worth_of_decision(states[c], e, vehicles, entities)
                if oncoming[slot[c]] > 0.0 and _oncoming_brakes(states[c], e, vehicles):
                    worth[c] -= oncoming[slot[c]]
    for c in range(first, last):
        if crashed[c]:
            continue
        e = world_ints[c, _EGO]
        more = _crashes(integers[c], world_ints[c, _VEHICLES]) - others[c]
        worth[c] -= COLLISION_OF_OTHERS_M * more
        worth[c] += control.prospect(
            knots[slot[c], path[c]],
            counts[slot[c], path[c]],
            hint[c],
            e,
            world_ints[c, _ENTITIES],
            states[c],
            beyond[slot[c]],
            manner,
        )


@kernel
def _acted(wanted: float, bound: float) -> float:
    """What becomes of a command when it is rounded as actions are (``drivebench.world.actions``)."""
    value = np.rint(min(max(wanted / bound, -1.0), 1.0) * QUANTUM) / QUANTUM
    return float(-bound + (value + 1.0) * (bound + bound) / 2.0)


@kernel
def _crashes(integers: I8, vehicles: int) -> int:
    """How many vehicles have crashed."""
    found = 0
    for i in range(vehicles):
        found += integers[_CRASHED, i]
    return found


@kernel
def _worth_of_decision(world: F8, e: int, vehicles: int, entities: int) -> float:
    """What one decision was worth, by the state after it."""
    worth = world[_SPEED, e] * DECISION_S
    worth -= UNCOMFORTABLE_M * max(abs(world[_ACCELERATION, e]) - UNCOMFORTABLE_MPS2, 0.0)
    if _is_close(world, e, entities):
        worth -= SHORT_TIME_M
    for j in range(vehicles):
        if j == e or world[_ACCELERATION, j] > -MADE_TO_BRAKE_MPS2:
            continue
        dx = world[_X, e] - world[_X, j]
        dy = world[_Y, e] - world[_Y, j]
        along = dx * world[_COS, j] + dy * world[_SIN, j]
        beside = dy * world[_COS, j] - dx * world[_SIN, j]
        if 0.0 < along < FOLLOWER_RANGE_M and abs(beside) < FOLLOWER_LATERAL_M:
            worth -= MADE_TO_BRAKE_M * (-world[_ACCELERATION, j] - MADE_TO_BRAKE_MPS2)
    return float(worth)


@kernel
def _oncoming_brakes(world: F8, e: int, vehicles: int) -> bool:
    """Whether an oncoming driver ahead of the ego brakes."""
    for j in range(vehicles):
        if j == e or world[_ACCELERATION, j] > -ONCOMING_BRAKING_MPS2:
            continue
        dx, dy = world[_X, j] - world[_X, e], world[_Y, j] - world[_Y, e]
        towards = world[_COS, e] * world[_COS, j] + world[_SIN, e] * world[_SIN, j] < 0.0
        ahead = dx * world[_COS, e] + dy * world[_SIN, e]
        beside = dy * world[_COS, e] - dx * world[_SIN, e]
        if towards and ahead > 0.0 and abs(beside) < ONCOMING_LATERAL_M:
            return True
    return False


@kernel
def _is_close(world: F8, e: int, entities: int) -> bool:
    """Whether the ego's box touches another within ``SOON_S``, with everybody going straight on."""
    cosine, sine, speed = world[_COS, e], world[_SIN, e], world[_SPEED, e]
    half_length = 0.5 * world[_LENGTH, e] + CLEARANCE_M
    half_width = 0.5 * world[_WIDTH, e] + CLEARANCE_M
    for j in range(entities):
        if j == e:
            continue
        dx = world[_X, j] - world[_X, e]
        dy = world[_Y, j] - world[_Y, e]
        sides = half_length + half_width + 0.5 * (world[_LENGTH, j] + world[_WIDTH, j])
        reach = sides + SOON_S * (speed + abs(world[_SPEED, j]))
        if dx * dx + dy * dy > reach * reach:
            continue
        seconds, _ = time_to_touch(
            dx,
            dy,
            world[_SPEED, j] * world[_COS, j] - speed * cosine,
            world[_SPEED, j] * world[_SIN, j] - speed * sine,
            cosine,
            sine,
            half_length,
            half_width,
            world[_COS, j],
            world[_SIN, j],
            0.5 * world[_LENGTH, j],
            0.5 * world[_WIDTH, j],
        )
        if seconds <= SOON_S:
            return True
    return False
