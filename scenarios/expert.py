"""The privileged expert: sees the whole world, looks ahead by simulating it, drives by a smooth law.

Two layers. The low-level law (:mod:`scenarios.control`) steers along a reference path and keeps to its speed
profile; it is a function of the present state alone, so that a camera picture and the speed can explain it.
Where there is traffic, a planner (:mod:`scenarios.planning`) chooses once a second which path to follow and
how fast, by trying the choices in copies of the world. With no traffic there is nothing to plan: in lane
keeping the expert is the law.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat
from scenarios import control, highway, intersection, merge, motorway_exit, roundabout, two_way, u_turn
from scenarios.manoeuvres import Manoeuvres, along_the_route
from scenarios.planning import HARD_BRAKING, Choices, Table, look_ahead
from scenarios.reference_path import KNOT_COLUMNS

__all__ = ["Expert"]

MANOEUVRES: Mapping[str, Callable[[Episode], Manoeuvres]] = {
    highway.SCENARIO.id: highway.manoeuvres,
    merge.SCENARIO.id: merge.manoeuvres,
    roundabout.SCENARIO.id: roundabout.manoeuvres,
    motorway_exit.SCENARIO.id: motorway_exit.manoeuvres,
    intersection.SCENARIO.id: intersection.manoeuvres,
    two_way.SCENARIO.id: two_way.manoeuvres,
    u_turn.SCENARIO.id: u_turn.manoeuvres,
}
"""What there is to choose in each family; in a family that is not named, the assigned route alone."""


class Expert:
    """The driver ``expert``; drives any number of episodes at once, each as if it were alone."""

    privileged = True

    def __init__(self) -> None:
        self._table = Table(knots=np.zeros((0, 1, 3, KNOT_COLUMNS)), counts=np.zeros((0, 1), np.int64))
        self._manoeuvres: list[Manoeuvres | None] = []
        self._hint: NDArray[np.int64] = np.zeros((0, 1), np.int64)
        self._path: NDArray[np.int64] = np.zeros(0, np.int64)
        self._cap_mps: NDArray[np.float64] = np.zeros(0)
        self._decisions: NDArray[np.int64] = np.zeros(0, np.int64)
        self._oncoming_m: NDArray[np.float64] = np.zeros(0)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: NDArray[np.int64]) -> None:
        """Take over episodes that start.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        for slot in slots.tolist():
            episode = episodes[slot]
            manoeuvres = MANOEUVRES.get(episode.scenario, along_the_route)(episode)
            knots = max(len(path.knots) for path in manoeuvres.paths)
            self._reserve(len(worlds), len(manoeuvres.paths), knots)
            self._manoeuvres[slot] = manoeuvres
            for number, path in enumerate(manoeuvres.paths):
                self._table.knots[slot, number, : len(path.knots)] = path.knots
                self._table.counts[slot, number] = len(path.knots)
                self._hint[slot, number] = path.start
            self._path[slot] = 0
            self._cap_mps[slot] = np.inf
            self._decisions[slot] = 0
            self._oncoming_m[slot] = manoeuvres.oncoming_brakes_m

    def act(self, worlds: WorldBatch, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        due: dict[tuple[float, float], list[int]] = {}
        for slot in slots.tolist():
            manoeuvres = self._manoeuvres[slot]
            if manoeuvres is not None and self._is_due(slot, manoeuvres):
                due.setdefault((manoeuvres.horizon_s, manoeuvres.beyond_s), []).append(slot)
        for (horizon_s, beyond_s), together in due.items():
            self._plan(worlds, together, horizon_s, beyond_s)
        self._decisions[slots] += 1
        actions, hint = self._law(worlds, slots, 0.0, 0.0)
        self._hint[slots, self._path[slots]] = hint
        return actions

    def label(
        self,
        worlds: WorldBatch,
        slots: NDArray[np.int64],
        lateral_offset_m: float,
        heading_offset_rad: float,
    ) -> NDArray[np.float32]:
        """What the low-level law would do if the ego stood elsewhere; changes nothing.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right.
            heading_offset_rad: The ego is thought to be turned by this to the right.

        Returns:
            ``f4[n, 2]`` actions.
        """
        actions, _ = self._law(worlds, slots, lateral_offset_m, heading_offset_rad)
        return actions

    def _law(
        self,
        worlds: WorldBatch,
        slots: NDArray[np.int64],
        lateral_offset_m: float,
        heading_offset_rad: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Actions, and the segments of the paths beside which the egos are."""
        path = self._path[slots]
        hint = self._hint[slots, path]
        wanted = np.empty((len(slots), 2))
        control.command(
            self._table.knots,
            self._table.counts,
            slots,
            path,
            self._cap_mps[slots],
            hint,
            slots,
            worlds.ego,
            worlds.entities,
            worlds.entity_float,
            float(lateral_offset_m),
            float(heading_offset_rad),
            wanted,
        )
        wanted /= (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        return np.clip(wanted, -1.0, 1.0).astype(np.float32), hint

    def _is_due(self, slot: int, manoeuvres: Manoeuvres) -> bool:
        every = round(manoeuvres.plan_every_s * POLICY_HZ)
        return manoeuvres.planned and int(self._decisions[slot]) % every == 0

    def _plan(self, worlds: WorldBatch, slots: list[int], horizon_s: float, beyond_s: float) -> None:
        """Choose path and highest speed anew for these slots."""
        tried: list[tuple[int, int, float]] = []
        for slot in slots:
            tried += [(slot, path, cap) for path, cap in self._choices(worlds, slot)]
        slot_of = np.array([slot for slot, _, _ in tried], np.int64)
        path_of = np.array([path for _, path, _ in tried], np.int64)
        worth = look_ahead(
            worlds,
            self._table,
            Choices(
                slot=slot_of,
                path=path_of,
                hint=self._hint[slot_of, path_of],
                cap=np.array([cap for _, _, cap in tried]),
                changes=path_of != self._path[slot_of],
                oncoming=np.array([self._oncoming_m[slot] for slot in slot_of.tolist()]),
            ),
            horizon_s=horizon_s,
            beyond_s=beyond_s,
        )
        for slot in slots:
            mine = np.flatnonzero(slot_of == slot)
            best = mine[np.argmax(worth[mine])]
            self._path[slot] = tried[best][1]
            self._cap_mps[slot] = tried[best][2]

    def _choices(self, worlds: WorldBatch, slot: int) -> list[tuple[int, float]]:
        """Paths and highest speeds to try: the present path first, at its own speed profile."""
        manoeuvres = self._manoeuvres[slot]
        assert manoeuvres is not None
        present = int(self._path[slot])
        ego = int(worlds.ego[slot])
        numbers = worlds.entity_float[slot, :, ego]
        arcs = []
        for path in range(len(manoeuvres.paths)):
            segment, _, arc, _ = control.project(
                self._table.knots[slot, path],
                int(self._table.counts[slot, path]),
                int(self._hint[slot, path]),
                numbers[EntityFloat.X],
                numbers[EntityFloat.Y],
            )
            self._hint[slot, path] = segment
            arcs.append(arc)
        paths = [present] + [
            change.destination
            for change in manoeuvres.changes
            if change.origin == present and change.start_m <= arcs[present] <= change.end_m
        ]
        speed = float(numbers[EntityFloat.SPEED])
        caps = [np.inf, *manoeuvres.caps_mps, *(max(speed + d, 0.0) for d in manoeuvres.slower_by_mps)]
        return [(path, cap) for path in paths for cap in caps] + [(present, HARD_BRAKING)]

    def _reserve(self, slots: int, paths: int, knots: int) -> None:
        """Make the table large enough."""
        old = self._table.knots.shape[:3]
        new = max(slots, old[0]), max(paths, old[1]), max(knots, old[2])
        if new == old:
            return
        table = Table(knots=np.zeros((*new, KNOT_COLUMNS)), counts=np.zeros(new[:2], np.int64))
        table.knots[: old[0], : old[1], : old[2]] = self._table.knots
        table.counts[: old[0], : old[1]] = self._table.counts
        hint = np.zeros(new[:2], np.int64)
        hint[: old[0], : old[1]] = self._hint
        self._table, self._hint = table, hint
        missing = new[0] - old[0]
        self._manoeuvres += [None] * missing
        self._path = np.append(self._path, np.zeros(missing, np.int64))
        self._cap_mps = np.append(self._cap_mps, np.full(missing, np.inf))
        self._decisions = np.append(self._decisions, np.zeros(missing, np.int64))
        self._oncoming_m = np.append(self._oncoming_m, np.zeros(missing))
