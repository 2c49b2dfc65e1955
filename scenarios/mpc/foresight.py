"""First guesses and predictions: each plan driven by the low-level law in a copy of the world.

What the others do in a copy is what the trajectory is planned against; they react to the ego of that plan.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, QUANTUM, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat, EntityInt, WorldFloat, WorldInt
from drivebench.world.rehearsal import Rehearsal, rehearse
from drivebench.world.threads import in_threads
from scenarios import control
from scenarios.choices import Choices, Table
from scenarios.mpc.bicycle import directions
from scenarios.mpc.stage import CONTROLS, STATES
from scenarios.mpc.traffic_cost import OTHER_COLUMNS

__all__ = ["Foresight", "foresee", "prospects"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Flags = NDArray[np.bool_]

FINE = 2
"""Decisions that are simulated as finely as the world is."""
DECISION_S = 1.0 / POLICY_HZ

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_COS, _SIN, _LENGTH, _WIDTH = (
    int(EntityFloat.COS),
    int(EntityFloat.SIN),
    int(EntityFloat.LENGTH),
    int(EntityFloat.WIDTH),
)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_CRASHED, _SOLID = int(EntityInt.CRASHED), int(EntityInt.SOLID)
_EGO, _ENTITIES = int(WorldInt.EGO), int(WorldInt.ENTITIES)


@dataclass(frozen=True, kw_only=True, eq=False)
class Foresight:
    """C plans as the law would drive them, N decisions at most.

    Attributes:
        paths: ``i8[C, N + 1]`` which path is followed at each state.
        decisions: ``i8[C]`` how far it goes.
        states: ``f8[C, N + 1, 6]`` of the ego; the first one only is written.
        controls: ``f8[C, N, 2]`` commands of the law (m/s², rad).
        others: ``f8[C, N + 1, M, 7]`` see ``OTHER_COLUMNS``; the present is not written.
        numbers: ``i8[C]`` how many others.
        sizes: ``f8[C, 2]`` half length and half width of the ego (m).
        gusts: ``f8[C]`` that act on the front wheel angle (rad).
        crashed: ``b1[C]`` whether the law's ego touches somebody; the others then go straight on.
        ends: ``f8[C, rows EntityFloat, N]`` and ``i8[C, columns WorldInt]``: the copies at the end.
    """

    paths: I8
    decisions: I8
    states: F8
    controls: F8
    others: F8
    numbers: I8
    sizes: F8
    gusts: F8
    crashed: Flags
    ends: tuple[F8, I8]


def foresee(
    worlds: WorldBatch,
    table: Table,
    choices: Choices,
    rehearsal: Rehearsal,
    manner: F8,
    lateral_offset_m: float,
    heading_offset_rad: float,
) -> Foresight:
    """Drive every choice in a copy of its world.

    Args:
        worlds: The batch in its present state; it is copied, not changed.
        table: Paths, with a row for each slot.
        choices: What to try.
        rehearsal: Room for the copies.
        manner: ``f8[columns Manner]`` of the law.
        lateral_offset_m: The ego is thought to stand this far to its right.
        heading_offset_rad: The ego is thought to be turned by this to the right.
    """
    count = len(choices)
    copies = rehearsal.copy(worlds, choices.slot, table.near_m[choices.slot])
    entities, integers = rehearsal.entity_float, rehearsal.entity_int
    world_floats, world_ints = rehearsal.world_float, rehearsal.world_int
    decisions = table.decisions[choices.slot]
    longest = int(decisions.max())
    seen = Foresight(
        paths=np.zeros((count, longest + 1), np.int64),
        decisions=decisions,
        states=np.zeros((count, longest + 1, STATES)),
        controls=np.zeros((count, longest, CONTROLS)),
        others=np.zeros((count, longest + 1, entities.shape[2], OTHER_COLUMNS)),
        numbers=np.zeros(count, np.int64),
        sizes=np.zeros((count, 2)),
        gusts=copies[-1][:count].copy(),
        crashed=np.zeros(count, np.bool_),
        ends=(entities, world_ints),
    )
    _begin(entities, world_ints, lateral_offset_m, heading_offset_rad, seen.gusts, seen.states, seen.sizes)
    path, hint = choices.path.copy(), choices.hint.copy()
    commands = np.zeros((count, copies[7].shape[1], 2))
    active = np.zeros(count, np.bool_)
    for decision in range(longest):
        if decision == FINE:
            world_ints[:count, WorldInt.SUBSTEPS] = 1
            world_floats[:count, WorldFloat.TIME_STEP] = DECISION_S
        _decide(
            decision,
            table.knots,
            table.counts,
            choices.slot,
            path,
            hint,
            choices.cap,
            choices.then,
            choices.then_hint,
            choices.later,
            choices.later_start,
            choices.later_end,
            manner,
            entities,
            world_ints,
            decisions,
            seen.crashed,
            active,
            commands,
            seen.controls,
            seen.paths,
        )
        in_threads(rehearse, count, (commands, active, *copies))
        _observe(
            decision + 1, entities, integers, world_ints, active, seen.crashed, seen.others, seen.numbers
        )
    return seen


@kernel
def _begin(
    entities: F8, world_ints: I8, lateral: float, turn: float, gusts: F8, states: F8, sizes: F8
) -> None:
    """Put the egos of the copies where they are thought to be, and write down their states."""
    for c in range(gusts.shape[0]):
        world, e = entities[c], world_ints[c, _EGO]
        if lateral != 0.0 or turn != 0.0:
            world[_X, e] -= lateral * world[_SIN, e]
            world[_Y, e] += lateral * world[_COS, e]
            world[_HEADING, e] += turn
            world[_COS, e], world[_SIN, e] = directions(world[_HEADING, e])
        states[c, 0, 0], states[c, 0, 1] = world[_X, e], world[_Y, e]
        states[c, 0, 2], states[c, 0, 3] = world[_HEADING, e], max(world[_SPEED, e], 0.0)
        states[c, 0, 4] = world[_ACCELERATION, e]
        states[c, 0, 5] = world[_STEERING, e] - gusts[c]
        sizes[c, 0], sizes[c, 1] = 0.5 * world[_LENGTH, e], 0.5 * world[_WIDTH, e]


@kernel
def _acted(wanted: float, bound: float) -> float:
    """What becomes of a command when it is rounded as actions are (``drivebench.world.actions``)."""
    value = np.rint(min(max(wanted / bound, -1.0), 1.0) * QUANTUM) / QUANTUM
    return float(-bound + (value + 1.0) * (bound + bound) / 2.0)


@kernel
def _decide(
    decision: int,
    knots: F8,
    counts: I8,
    slot: I8,
    path: I8,
    hint: I8,
    cap: F8,
    then: I8,
    then_hint: I8,
    later: I8,
    later_start: F8,
    later_end: F8,
    manner: F8,
    entities: F8,
    world_ints: I8,
    decisions: I8,
    crashed: Flags,
    active: Flags,
    commands: F8,
    controls: F8,
    paths: I8,
) -> None:
    """The law's commands to all copies for one decision; who has crashed, or has come to the end, rests."""
    wanted = np.zeros(2)
    for c in range(slot.shape[0]):
        active[c] = not crashed[c] and decision < decisions[c]
        world, e, r = entities[c], world_ints[c, _EGO], slot[c]
        if active[c]:
            if decision >= later[c] and path[c] != then[c]:
                _, _, arc, _ = control.project(
                    knots[r, path[c]], counts[r, path[c]], hint[c], world[_X, e], world[_Y, e]
                )
                if later_start[c] <= arc <= later_end[c]:
                    path[c] = then[c]
                    hint[c] = then_hint[c]
            hint[c] = control.command_one(
                knots[r, path[c]],
                counts[r, path[c]],
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
            commands[c, 0, 0] = _acted(wanted[0], ACCELERATION_RANGE_MPS2)
            commands[c, 0, 1] = _acted(wanted[1], STEERING_RANGE_RAD)
            controls[c, decision] = commands[c, 0]
        elif decision > 0 and decision < decisions[c]:
            controls[c, decision] = controls[c, decision - 1]
        if decision == 0:
            paths[c, 0] = path[c]
        paths[c, decision + 1] = path[c]


@kernel
def _observe(
    k: int,
    entities: F8,
    integers: I8,
    world_ints: I8,
    active: Flags,
    crashed: Flags,
    others: F8,
    numbers: I8,
) -> None:
    """Write down where the others are; beside an ego that has crashed, they go straight on."""
    for c in range(active.shape[0]):
        world, kinds, e = entities[c], integers[c], world_ints[c, _EGO]
        if active[c] and kinds[_CRASHED, e] and k > 1:
            crashed[c] = True
        if crashed[c]:
            for m in range(numbers[c]):
                for p in range(OTHER_COLUMNS):
                    others[c, k, m, p] = others[c, k - 1, m, p]
                others[c, k, m, 0] += others[c, k, m, 2] * others[c, k, m, 4] * DECISION_S
                others[c, k, m, 1] += others[c, k, m, 3] * others[c, k, m, 4] * DECISION_S
            continue
        crashed[c] = kinds[_CRASHED, e] != 0
        m = 0
        for j in range(world_ints[c, _ENTITIES]):
            if j == e or not kinds[_SOLID, j]:
                continue
            others[c, k, m, 0], others[c, k, m, 1] = world[_X, j], world[_Y, j]
            others[c, k, m, 2], others[c, k, m, 3] = world[_COS, j], world[_SIN, j]
            others[c, k, m, 4] = world[_SPEED, j]
            others[c, k, m, 5], others[c, k, m, 6] = 0.5 * world[_LENGTH, j], 0.5 * world[_WIDTH, j]
            m += 1
        numbers[c] = m


@kernel
def prospects(
    knots: F8,
    counts: I8,
    slot: I8,
    paths: I8,
    hints: I8,
    decisions: I8,
    beyond: F8,
    crashed: Flags,
    states: F8,
    entities: F8,
    world_ints: I8,
    manner: F8,
    out: F8,
) -> None:
    """How far each ego can come after the end of its trajectory, by :func:`scenarios.control.prospect`.

    Args:
        knots: ``f8[R, P, K, 6]``.
        counts: ``i8[R, P]``.
        slot: ``i8[C]``.
        paths: ``i8[C, N + 1]`` see ``Foresight``.
        hints: ``i8[C, P]`` segment of each path near the first state.
        decisions: ``i8[C]``.
        beyond: ``f8[R]`` for how long (s).
        crashed: ``b1[C]``: there is nothing after a crash.
        states: ``f8[C, N + 1, 6]`` trajectories.
        entities: ``f8[C, rows EntityFloat, N]`` copies at the end; the egos' poses are overwritten.
        world_ints: ``i8[C, columns WorldInt]``.
        manner: ``f8[columns Manner]``.
        out: ``f8[C]`` metres, written.
    """
    for c in range(slot.shape[0]):
        out[c] = 0.0
        if crashed[c]:
            continue
        r, k, e = slot[c], decisions[c], world_ints[c, _EGO]
        p = paths[c, k]
        entities[c, _X, e], entities[c, _Y, e] = states[c, k, 0], states[c, k, 1]
        entities[c, _HEADING, e], entities[c, _SPEED, e] = states[c, k, 2], states[c, k, 3]
        out[c] = control.prospect(
            knots[r, p],
            counts[r, p],
            hints[c, p],
            e,
            world_ints[c, _ENTITIES],
            entities[c],
            beyond[r],
            manner,
        )
