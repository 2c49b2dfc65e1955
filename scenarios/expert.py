"""The privileged expert: sees the whole world, looks ahead by simulating it, drives by a smooth law.

Two layers. The low-level law (:mod:`scenarios.control`) steers along a reference path and keeps to its speed
profile. Where there is traffic, a planner (:mod:`scenarios.planning`) chooses which path to follow and how
fast, by trying what is open to it (:mod:`scenarios.choices`) in copies of the world. With no traffic there is
nothing to plan: in lane keeping the expert is the law. Parking is another matter, and has a planner of its
own (:mod:`scenarios.parking_expert`).

Nothing is remembered from one decision to the next: what the expert does is a function of the present state
of the world and of the task, so that any state can be labelled. Nor does it know the future: what happens to
a world from outside stays as it is in the copies.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.rehearsal import Rehearsal
from scenarios import (
    control,
    fork,
    highway,
    intersection,
    merge,
    motorway_exit,
    occlusion,
    parking,
    roundabout,
    two_way,
    u_turn,
)
from scenarios.choices import Choices, Table, open_choices
from scenarios.displacement import displacements
from scenarios.manoeuvres import Manoeuvres, along_the_route
from scenarios.parking_expert import ParkingExpert
from scenarios.planning import look_ahead
from scenarios.style import EXPERT, Style

__all__ = ["Expert"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

MANOEUVRES: Mapping[str, Callable[[Episode], Manoeuvres]] = {
    highway.SCENARIO.id: highway.manoeuvres,
    merge.SCENARIO.id: merge.manoeuvres,
    roundabout.SCENARIO.id: roundabout.manoeuvres,
    motorway_exit.SCENARIO.id: motorway_exit.manoeuvres,
    intersection.SCENARIO.id: intersection.manoeuvres,
    two_way.SCENARIO.id: two_way.manoeuvres,
    u_turn.SCENARIO.id: u_turn.manoeuvres,
    fork.SCENARIO.id: fork.manoeuvres,
    occlusion.SCENARIO.id: occlusion.manoeuvres,
}
"""What there is to choose in each family; in a family that is not named, the assigned route alone."""


class Expert:
    """The driver ``expert``; drives any number of episodes at once, each as if it were alone.

    Args:
        style: How it drives.
    """

    privileged = True

    def __init__(self, style: Style = EXPERT) -> None:
        self._manner = style.manner
        self._table = Table()
        self._rehearsal = Rehearsal()
        self._parking = ParkingExpert(style)
        self._parks: set[int] = set()

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        for slot in slots.tolist():
            episode = episodes[slot]
            self._parks.discard(slot)
            if episode.scenario == parking.SCENARIO.id:
                self._parks.add(slot)
                self._parking.reset(worlds, episodes, np.array([slot]))
                continue
            self._table.write(slot, MANOEUVRES.get(episode.scenario, along_the_route)(episode))

    def act(self, worlds: WorldBatch, slots: I8) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        return self.label(worlds, slots, 0.0, 0.0)

    def label(
        self, worlds: WorldBatch, slots: I8, lateral_offset_m: float | F8, heading_offset_rad: float | F8
    ) -> NDArray[np.float32]:
        """What the law would do, by the plan of the present state, if the ego stood elsewhere.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right: one for all, or
                ``f8[..., n]`` for several poses of each.
            heading_offset_rad: The ego is thought to be turned by this to the right; the same.

        Returns:
            ``f4[..., n, 2]`` actions.
        """
        lateral, heading = displacements(len(slots), lateral_offset_m, heading_offset_rad)
        wanted = np.empty((*lateral.shape, 2))
        if self._parks:
            parks = np.array([slot in self._parks for slot in slots.tolist()])
            if parks.any():
                actions, drives = np.empty(wanted.shape, np.float32), ~parks
                actions[..., parks, :] = self._parking.label(
                    worlds, slots[parks], lateral[..., parks], heading[..., parks]
                )
                if drives.any():
                    actions[..., drives, :] = self.label(
                        worlds, slots[drives], lateral[..., drives], heading[..., drives]
                    )
                return actions
        choices, best = self._plan(worlds, slots)
        poses = -1, len(slots)
        for aside, turned, out in zip(
            lateral.reshape(poses), heading.reshape(poses), wanted.reshape(*poses, 2), strict=True
        ):
            control.command(
                self._table.knots,
                self._table.counts,
                choices.slot[best],
                choices.path[best],
                choices.cap[best],
                choices.hint[best],
                worlds.ego,
                worlds.entities,
                worlds.entity_float,
                aside,
                turned,
                self._manner,
                out,
            )
        wanted /= (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        return np.clip(wanted, -1.0, 1.0).astype(np.float32)

    def _plan(self, worlds: WorldBatch, slots: I8) -> tuple[Choices, I8]:
        """What is open to the episodes, and which of it is best for each."""
        choices = open_choices(self._table, slots, worlds.ego, worlds.entity_float)
        if len(choices) == len(slots):
            return choices, np.arange(len(slots))
        worth = look_ahead(worlds, self._table, choices, self._rehearsal, self._manner)
        firsts = np.flatnonzero(np.r_[True, choices.slot[1:] != choices.slot[:-1]])
        ends = np.r_[firsts[1:], len(choices)]
        best = [first + int(np.argmax(worth[first:end])) for first, end in zip(firsts, ends, strict=True)]
        return choices, np.array(best, np.int64)
