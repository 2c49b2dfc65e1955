"""The driver ``camera-expert``: the expert's planner, told only what the cameras could have seen.

It shows that the camera track can be solved. It has a picture of the world in mind, a copy that holds those
vehicles only that it has seen within the last five seconds: the ones in view where they are, the others where
they would be by now. What cannot be seen is not known: where somebody is going, how fast they would like to
go. Their speed is known from the second picture on. Poses in view are exact, so that this is an upper bound
of what pictures tell.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat, EntityInt, WorldInt
from scenarios.expert import Expert
from scenarios.visibility import RIG, seen_by

__all__ = ["CameraExpert"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

MEMORY = 5 * POLICY_HZ
"""Decisions for which somebody who is out of view is remembered."""
NOWHERE_M = 1e7
"""Coordinates of those whom the driver does not know of."""
EXPONENT = 4.0
"""Of IDM, in the middle of highway-env's range; nobody's is known."""

_ENTITIES, _VEHICLES, _EGO = int(WorldInt.ENTITIES), int(WorldInt.VEHICLES), int(WorldInt.EGO)
_X, _Y, _SPEED = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.SPEED)
_TARGET_SPEED, _DELTA, _TIMER = int(EntityFloat.TARGET_SPEED), int(EntityFloat.DELTA), int(EntityFloat.TIMER)
_ACCELERATION, _STEERING = int(EntityFloat.ACCELERATION), int(EntityFloat.STEERING)
_LANE, _TARGET_LANE = int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_ROUTE_LEFT, _YIELDING = int(EntityInt.ROUTE_LEFT), int(EntityInt.YIELDING)


class CameraExpert(Expert):
    """The expert with the eyes of the camera track; drives any number of episodes at once."""

    def __init__(self) -> None:
        super().__init__()
        self._mind: WorldBatch | None = None
        self._unseen: I8 = np.zeros((0, 0), np.int64)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start, knowing the roads and nobody on them.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``.
        """
        worlds.refuse_open_traffic("kept in mind")
        super().reset(worlds, episodes, slots)
        if self._mind is None or len(self._mind) != len(worlds):
            self._mind = worlds.copy(range(len(worlds)))
        for slot in slots.tolist():
            self._mind.load(slot, episodes[slot].world)
        room = (len(worlds), self._mind.capacity.entities)
        unseen = np.full(room, MEMORY + 1, np.int64)
        unseen[: self._unseen.shape[0], : self._unseen.shape[1]] = self._unseen[: room[0], : room[1]]
        unseen[slots] = MEMORY + 1
        self._unseen = unseen

    def act(self, worlds: WorldBatch, slots: I8) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` for the slots ``i8[n]``, each of which must be asked at every decision."""
        mind = self._mind
        assert mind is not None
        due = np.zeros(len(worlds), np.bool_)
        due[slots] = True
        mind.step(np.zeros((len(worlds), 2), np.int16), due)
        _look(
            RIG,
            slots,
            worlds.entity_float,
            worlds.entity_int,
            worlds.world_int,
            mind.entity_float,
            mind.entity_int,
            self._unseen,
        )
        return super().act(mind, slots)


@kernel
def _look(
    rig: F8,
    slots: I8,
    true_numbers: F8,
    true_integers: I8,
    world_ints: I8,
    mind_numbers: F8,
    mind_integers: I8,
    unseen: I8,
) -> None:
    """Bring what the driver has in mind up to date.

    Args:
        rig: Cameras.
        slots: ``i8[n]``.
        true_numbers: ``f8[B, EntityFloat, N]`` of the worlds.
        true_integers: ``i8[B, EntityInt, N]`` of the worlds.
        world_ints: ``i8[B, WorldInt]`` of the worlds.
        mind_numbers: As of the worlds, brought up to date.
        mind_integers: As of the worlds, brought up to date.
        unseen: ``i8[B, N]`` decisions since each was seen last.
    """
    most = unseen.shape[1]
    seen = np.zeros(most, np.bool_)
    would_see = np.zeros(most, np.bool_)
    for slot in slots:
        truth, mind = true_numbers[slot], mind_numbers[slot]
        facts, beliefs = true_integers[slot], mind_integers[slot]
        ego, entities = world_ints[slot, _EGO], world_ints[slot, _ENTITIES]
        seen_by(rig, truth, facts, ego, entities, seen)
        for row in range(truth.shape[0]):
            mind[row, ego] = truth[row, ego]
        for row in range(facts.shape[0]):
            beliefs[row, ego] = facts[row, ego]
        seen_by(rig, mind, beliefs, ego, entities, would_see)
        for j in range(entities):
            if j == ego:
                continue
            if seen[j]:
                before = unseen[slot, j]
                for row in range(truth.shape[0]):
                    mind[row, j] = truth[row, j]
                for row in range(facts.shape[0]):
                    beliefs[row, j] = facts[row, j]
                if j < world_ints[slot, _VEHICLES]:
                    if before > 1:  # not in the picture before this one
                        mind[_SPEED, j] = truth[_SPEED, ego]
                    mind[_ACCELERATION, j] = 0.0
                    mind[_STEERING, j] = 0.0
                    mind[_TARGET_SPEED, j] = mind[_SPEED, j]
                    mind[_DELTA, j] = EXPONENT
                    mind[_TIMER, j] = 0.0
                    beliefs[_TARGET_LANE, j] = beliefs[_LANE, j]
                    beliefs[_ROUTE_LEFT, j] = 0
                    beliefs[_YIELDING, j] = 0
                unseen[slot, j] = 1
                continue
            unseen[slot, j] += 1
            if unseen[slot, j] > MEMORY or would_see[j]:  # forgotten, or not where it should be
                unseen[slot, j] = MEMORY + 1
                mind[_X, j] = NOWHERE_M
                mind[_Y, j] = NOWHERE_M
                mind[_SPEED, j] = 0.0
                mind[_TARGET_SPEED, j] = 0.0
