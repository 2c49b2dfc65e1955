"""What the expert can choose from in a state, as arrays: the plans of each episode, and those that are open.

A plan is: follow a path at once, under a highest speed, and perhaps change to another path later. Which plans
there are follows from the episode's :class:`~scenarios.manoeuvres.Manoeuvres`; which of them are open, from
where the ego is. Nothing is remembered from one decision to the next: the path that the ego is on is the one
that it is nearest to, a moment from now.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat
from scenarios.control import locate
from scenarios.manoeuvres import Manoeuvres
from scenarios.reference_path import ARC, HEADING, KNOT_COLUMNS, X, Y

__all__ = ["HARD_BRAKING", "Choices", "Table", "open_choices"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Number = TypeVar("Number", np.float64, np.int64)

HARD_BRAKING = -1.0
"""A highest speed that means: brake as hard as the action space allows."""
NEVER = 1 << 30
PI = 3.141592653589793

SOON_S = 0.8
"""The path that the ego is on is the one that it is nearest to after this time: who has begun to change lanes
goes on with it."""
PREVIEW_M = 30.0
"""On which side of the present path another one leads is seen this far ahead."""
ASTRAY_M = 1e6
"""Added to the distance of a path that has ended."""

_X, _Y, _SPEED = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.SPEED)
_COS, _SIN, _HEADING = int(EntityFloat.COS), int(EntityFloat.SIN), int(EntityFloat.HEADING)


class Plan(IntEnum):
    """Columns of the table of plans."""

    ORIGIN = 0
    """The path that the ego is on."""
    PATH = 1
    """The path to follow at once."""
    THEN = 2
    """The path to follow later."""
    START = 3
    """Stretch of the origin on which the first change may begin."""
    END = 4
    CAP = 5
    """Highest speed."""
    SLOWER = 6
    """The same, from the present speed on."""
    LATER = 7
    """Decisions until the second change."""
    LATER_START = 8
    """Stretch of the path on which the second change may begin."""
    LATER_END = 9


_ORIGIN, _PATH, _THEN, _START, _END = (
    int(Plan.ORIGIN),
    int(Plan.PATH),
    int(Plan.THEN),
    int(Plan.START),
    int(Plan.END),
)
_CAP, _SLOWER, _LATER = int(Plan.CAP), int(Plan.SLOWER), int(Plan.LATER)
_LATER_START, _LATER_END = int(Plan.LATER_START), int(Plan.LATER_END)


class Table:
    """Paths and plans of all episodes, a row for each slot of a batch.

    Attributes:
        knots: ``f8[R, P, K, 6]`` of the paths.
        counts: ``i8[R, P]`` knots of each path; 0 where there is no path.
        plans: ``f8[R, M, columns Plan]``.
        plan_counts: ``i8[R]`` plans of each episode.
        near_m: ``f8[R]`` how far the vehicles are that matter.
        decisions: ``i8[R]`` how far to look ahead.
        beyond_s: ``f8[R]`` for how long after that the way is estimated.
        oncoming_m: ``f8[R]`` what a decision costs in which an oncoming driver is made to brake.
    """

    def __init__(self) -> None:
        self.knots: F8 = np.zeros((0, 1, 3, KNOT_COLUMNS))
        self.counts: I8 = np.zeros((0, 1), np.int64)
        self.plans: F8 = np.zeros((0, 1, len(Plan)))
        self.plan_counts: I8 = np.zeros(0, np.int64)
        self.near_m: F8 = np.zeros(0)
        self.decisions: I8 = np.zeros(0, np.int64)
        self.beyond_s: F8 = np.zeros(0)
        self.oncoming_m: F8 = np.zeros(0)

    def write(self, slot: int, manoeuvres: Manoeuvres) -> None:
        """Put an episode's choices into a row.

        Args:
            slot: The row; rows are added as needed.
            manoeuvres: The choices.
        """
        plans = _plans(manoeuvres)
        knots = max(len(path.knots) for path in manoeuvres.paths)
        self.knots = _grown(self.knots, slot + 1, len(manoeuvres.paths), knots)
        self.counts = _grown(self.counts, slot + 1, len(manoeuvres.paths))
        self.plans = _grown(self.plans, slot + 1, len(plans))
        self.plan_counts = _grown(self.plan_counts, slot + 1)
        self.near_m = _grown(self.near_m, slot + 1)
        self.decisions = _grown(self.decisions, slot + 1)
        self.beyond_s = _grown(self.beyond_s, slot + 1)
        self.oncoming_m = _grown(self.oncoming_m, slot + 1)
        self.counts[slot] = 0
        for number, path in enumerate(manoeuvres.paths):
            self.knots[slot, number, : len(path.knots)] = path.knots
            self.counts[slot, number] = len(path.knots)
        self.plans[slot, : len(plans)] = plans
        self.plan_counts[slot] = len(plans)
        self.near_m[slot] = manoeuvres.near_m
        self.decisions[slot] = round(manoeuvres.horizon_s * POLICY_HZ)
        self.beyond_s[slot] = manoeuvres.beyond_s
        self.oncoming_m[slot] = manoeuvres.oncoming_brakes_m


def _grown(array: NDArray[Number], *sizes: int) -> NDArray[Number]:
    """The array, or a copy with room for these sizes along its first axes."""
    axes = len(sizes)
    wanted = tuple(map(max, sizes, array.shape[:axes]))
    if wanted == array.shape[:axes]:
        return array
    larger = np.zeros(wanted + array.shape[axes:], array.dtype)
    larger[tuple(map(slice, array.shape))] = array
    return larger


def _plans(manoeuvres: Manoeuvres) -> F8:
    """``f8[M, columns Plan]``: for each path, to stay on it first of all, at the speed of its profile."""
    endless = (-np.inf, np.inf)
    rows: list[list[float]] = []
    for origin in range(len(manoeuvres.paths)):
        firsts = [(origin, *endless)] + [
            (change.destination, change.start_m, change.end_m)
            for change in manoeuvres.changes
            if change.origin == origin
        ]
        if not manoeuvres.planned:
            rows.append([origin, origin, origin, *endless, np.inf, np.inf, NEVER, *endless])
            continue
        for path, start, end in firsts:
            seconds = [(path, NEVER, *endless)] + [
                (change.destination, round(later * POLICY_HZ), change.start_m, change.end_m)
                for change in manoeuvres.changes
                if change.origin == path
                for later in change.later_s
            ]
            speeds = [(np.inf, np.inf)]
            speeds += [(cap, np.inf) for cap in manoeuvres.caps_mps]
            speeds += [(np.inf, slower) for slower in manoeuvres.slower_by_mps]
            rows += [
                [origin, path, then, start, end, cap, slower, later, later_start, later_end]
                for then, later, later_start, later_end in seconds
                for cap, slower in speeds
            ]
        rows.append([origin, origin, origin, *endless, HARD_BRAKING, np.inf, NEVER, *endless])
    return np.array(rows, np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Choices:
    """What is open to each of some episodes; C choices in all, those of an episode in a row.

    Attributes:
        slot: ``i8[C]`` world.
        path: ``i8[C]`` path to follow.
        hint: ``i8[C]`` segment of that path beside the ego.
        cap: ``f8[C]`` highest speed (m/s), or ``HARD_BRAKING``.
        then: ``i8[C]`` path to follow later.
        then_hint: ``i8[C]`` segment of that path beside the ego.
        later: ``i8[C]`` after so many decisions.
        later_start: ``f8[C]`` arc length of the path from which it may be left (m).
        later_end: ``f8[C]`` arc length up to which it may be left (m).
        change: ``f8[C]`` 0 for the path that the ego is on; for another one, how much of the way to it is
            left, from 0 to 1.
        to_the_right: ``f8[C]`` 1 where the path leads to the right of the one that the ego is on, -1 to the
            left, 0 where it leads to neither.
    """

    slot: I8
    path: I8
    hint: I8
    cap: F8
    then: I8
    then_hint: I8
    later: I8
    later_start: F8
    later_end: F8
    change: F8
    to_the_right: F8

    def __len__(self) -> int:
        return len(self.slot)


def open_choices(table: Table, slots: I8, ego: I8, states: F8) -> Choices:
    """The plans that are open to the episodes in some slots; at least one to each.

    Args:
        table: With a row for each slot.
        slots: ``i8[n]``, in which each stands once.
        ego: ``i8[B]`` index of the ego in each world.
        states: ``f8[B, EntityFloat, N]``.
    """
    most = int(table.plan_counts[slots].sum())
    whole = np.zeros((6, most), np.int64)
    numbers = np.zeros((5, most))
    found = _list(
        table.knots, table.counts, table.plans, table.plan_counts, slots, ego, states, whole, numbers
    )
    slot, path, hint, then, then_hint, later = whole[:, :found]
    cap, later_start, later_end, change, to_the_right = numbers[:, :found]
    return Choices(
        slot=slot,
        path=path,
        hint=hint,
        cap=cap,
        then=then,
        then_hint=then_hint,
        later=later,
        later_start=later_start,
        later_end=later_end,
        change=change,
        to_the_right=to_the_right,
    )


@kernel
def _list(
    knots: F8,
    counts: I8,
    plans: F8,
    plan_counts: I8,
    slots: I8,
    ego: I8,
    states: F8,
    whole: I8,
    numbers: F8,
) -> int:
    """Write the open plans down, rows as in :func:`open_choices`; how many there are."""
    paths = counts.shape[1]
    segments = np.zeros(paths, np.int64)
    arcs = np.zeros(paths)
    away = np.zeros(paths)
    beside = np.zeros(paths)
    found = 0
    for k in range(slots.shape[0]):
        slot = slots[k]
        world = states[slot]
        e = ego[slot]
        speed = world[_SPEED, e]
        present = 0
        for p in range(paths):
            if counts[slot, p] == 0:
                break
            table = knots[slot, p]
            i, t, arcs[p], right = locate(
                table, counts[slot, p], world[_X, e], world[_Y, e], world[_COS, e], world[_SIN, e]
            )
            segments[p] = i
            inside = min(max(t, 0.0), 1.0)
            heading = table[i, HEADING] + inside * (table[i + 1, HEADING] - table[i, HEADING])
            off = world[_HEADING, e] - heading
            off -= 2.0 * PI * np.floor((off + PI) / (2.0 * PI))
            drift = min(max(off, -1.0), 1.0) * speed * SOON_S
            away[p] = abs(right + drift)
            if i == counts[slot, p] - 2 and t > 1.0:
                away[p] += ASTRAY_M
            if away[p] < away[present]:
                present = p
            last = counts[slot, p] - 1
            while i < last and table[i, ARC] < arcs[p] + PREVIEW_M:
                i += 1
            dx, dy = table[i, X] - world[_X, e], table[i, Y] - world[_Y, e]
            beside[p] = dy * world[_COS, e] - dx * world[_SIN, e]
        for m in range(plan_counts[slot]):
            plan = plans[slot, m]
            path = int(plan[_PATH])
            then = int(plan[_THEN])
            if int(plan[_ORIGIN]) != present or not plan[_START] <= arcs[present] <= plan[_END]:
                continue
            whole[0, found] = slot
            whole[1, found] = path
            whole[2, found] = segments[path]
            whole[3, found] = then
            whole[4, found] = segments[then]
            whole[5, found] = int(plan[_LATER])
            cap = plan[_CAP]
            if plan[_SLOWER] < np.inf:
                cap = max(speed + plan[_SLOWER], 0.0)
            numbers[0, found] = cap
            numbers[1, found] = plan[_LATER_START]
            numbers[2, found] = plan[_LATER_END]
            both = away[path] + away[present]
            numbers[3, found] = away[path] / both if path != present and both > 0.0 else 0.0
            if path != present:
                numbers[4, found] = np.sign(beside[path] - beside[present])
            found += 1
    return found
