"""Copies of worlds in which what might be done is tried: made at every decision, so they are made cheaply.

A copy holds the vehicles near the ego only, in their order; those that are left out neither act nor are
seen. The arrays are kept from one time to the next. What happens to a world from outside is held at its
present value, because nobody can know it in advance.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world.follow_script import disturbed, gust_in_force
from drivebench.world.layout import EntityFloat, WorldInt
from drivebench.world.step import NEW_ACTION, step_worlds

if TYPE_CHECKING:
    from drivebench.world.batch import WorldBatch

__all__ = ["Rehearsal", "rehearse"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_EGO, _ENTITIES, _VEHICLES = int(WorldInt.EGO), int(WorldInt.ENTITIES), int(WorldInt.VEHICLES)
_STRUCK, _DECISIONS = int(WorldInt.STRUCK), int(WorldInt.DECISIONS)
_NO_MANOEUVRE = -1


class Rehearsal:
    """Room for copies of worlds.

    Attributes:
        entity_float: [C, rows ``EntityFloat``, N] of the copies.
        entity_int: [C, rows ``EntityInt``, N].
        world_float: [C, columns ``WorldFloat``].
        world_int: [C, columns ``WorldInt``].
    """

    def __init__(self) -> None:
        self._shapes: tuple[tuple[int, ...], ...] = ()
        self._room = 0

    def copy(self, worlds: "WorldBatch", slots: Ints, near_m: Floats) -> tuple[Any, ...]:
        """Copy worlds as they are now.

        Args:
            worlds: From which; they stay as they are. In canonical numerics.
            slots: ``i8[C]`` which; one may occur several times, and is copied faster if that is in a row.
            near_m: ``f8[C]`` entities whose centre is further from the ego's are left out; the same for all
                copies of a slot.

        Returns:
            What :func:`rehearse` takes behind the range of worlds and the commands.

        Raises:
            ConfigurationError: The numerics are others, or vehicles appear and leave in one of the worlds.
        """
        if worlds.numerics != "canonical":
            raise ConfigurationError("a rehearsal of worlds in parity numerics; expected canonical ones")
        worlds.refuse_open_traffic("rehearsed")
        self._make_room(worlds, len(slots))
        _gather(
            slots,
            near_m,
            worlds.entity_float,
            worlds.entity_int,
            worlds.route,
            worlds.world_float,
            worlds.world_int,
            worlds.agents,
            worlds.script_int,
            worlds.gusts,
            self.entity_float,
            self.entity_int,
            self._route,
            self.world_float,
            self.world_int,
            self._agents,
            self._gust,
        )
        return (
            worlds.lane_float,
            worlds.lane_int,
            self.entity_float,
            self.entity_int,
            self._route,
            self.world_float,
            self.world_int,
            self._agents,
            self._trace,
            self._manoeuvres,
            self._gust,
        )

    def _make_room(self, worlds: "WorldBatch", count: int) -> None:
        """Keep the arrays if they will do."""
        names = ("entity_float", "entity_int", "route", "world_float", "world_int", "agents")
        shapes = tuple(getattr(worlds, name).shape[1:] for name in names)
        if shapes == self._shapes and count <= self._room:
            return
        room = max(count, self._room if shapes == self._shapes else 0)
        self._shapes, self._room = shapes, room
        self.entity_float = np.zeros((room, *shapes[0]))
        self.entity_int = np.zeros((room, *shapes[1]), np.int64)
        self._route = np.zeros((room, *shapes[2]), np.int64)
        self.world_float = np.zeros((room, *shapes[3]))
        self.world_int = np.zeros((room, *shapes[4]), np.int64)
        self._agents = np.full((room, *shapes[5]), -1, np.int64)
        self._trace = np.zeros((room, 0, shapes[0][1], 4))
        self._manoeuvres = np.full((room, *shapes[5]), _NO_MANOEUVRE, np.int64)
        self._gust = np.zeros(room)


@kernel
def rehearse(
    first: int,
    last: int,
    commands: Floats,
    active: Flags,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_floats: Floats,
    world_ints: Ints,
    agents: Ints,
    trace: Floats,
    manoeuvres: Ints,
    gust: Floats,
) -> None:
    """Advance the copies [first, last) that are active by one decision.

    Args:
        first: First copy.
        last: One past the last.
        commands: [C, A, 2] acceleration (m/s²) and front wheel angle (rad) of the agents; the gust that blows
            now is added to the egos'.
        active: [C] bool.
        lane_floats: This and what follows as :meth:`Rehearsal.copy` returned it.
        lane_ints: See there.
        entity_float: See there.
        entity_int: See there.
        routes: See there.
        world_floats: See there.
        world_ints: See there.
        agents: See there.
        trace: See there.
        manoeuvres: See there.
        gust: See there.
    """
    for copy in range(first, last):
        if gust[copy] != 0.0:
            commands[copy, 0, 1] = disturbed(commands[copy, 0, 1], gust[copy])
    step_worlds(
        first,
        last,
        None,
        0,
        NEW_ACTION,
        lane_floats,
        lane_ints,
        entity_float,
        entity_int,
        routes,
        world_floats,
        world_ints,
        agents,
        trace,
        commands,
        manoeuvres,
        active,
        None,
    )


@kernel
def _gather(
    slots: Ints,
    near_m: Floats,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_floats: Floats,
    world_ints: Ints,
    agents: Ints,
    script_ints: Ints,
    gusts: Floats,
    to_entity_float: Floats,
    to_entity_int: Ints,
    to_routes: Ints,
    to_world_floats: Floats,
    to_world_ints: Ints,
    to_agents: Ints,
    to_gust: Floats,
) -> None:
    for copy in range(slots.shape[0]):
        slot = slots[copy]
        if copy > 0 and slots[copy - 1] == slot:
            to_entity_float[copy] = to_entity_float[copy - 1]
            to_entity_int[copy] = to_entity_int[copy - 1]
            to_routes[copy] = to_routes[copy - 1]
            to_world_floats[copy] = to_world_floats[copy - 1]
            to_world_ints[copy] = to_world_ints[copy - 1]
            to_agents[copy] = to_agents[copy - 1]
            to_gust[copy] = to_gust[copy - 1]
            continue
        to_world_floats[copy] = world_floats[slot]
        to_world_ints[copy] = world_ints[slot]
        to_world_ints[copy, _STRUCK] = -1
        to_agents[copy] = -1
        to_gust[copy] = gust_in_force(world_ints[slot, _DECISIONS], script_ints[slot], gusts[slot])
        ego = world_ints[slot, _EGO]
        numbers = entity_float[slot]
        reach = near_m[copy] * near_m[copy]
        kept = 0
        vehicles = 0
        for i in range(world_ints[slot, _ENTITIES]):
            dx = numbers[_X, i] - numbers[_X, ego]
            dy = numbers[_Y, i] - numbers[_Y, ego]
            if i != ego and dx * dx + dy * dy > reach:
                continue
            for row in range(numbers.shape[0]):
                to_entity_float[copy, row, kept] = numbers[row, i]
            for row in range(entity_int.shape[1]):
                to_entity_int[copy, row, kept] = entity_int[slot, row, i]
            to_routes[copy, kept] = routes[slot, i]
            if i == ego:
                to_world_ints[copy, _EGO] = kept
            for agent in range(agents.shape[1]):
                if agents[slot, agent] == i:
                    to_agents[copy, agent] = kept
            if i < world_ints[slot, _VEHICLES]:
                vehicles += 1
            kept += 1
        to_world_ints[copy, _ENTITIES] = kept
        to_world_ints[copy, _VEHICLES] = vehicles
