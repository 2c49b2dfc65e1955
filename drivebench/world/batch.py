"""Worlds that step together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drivebench.errors import ActionError, ConfigurationError
from drivebench.world.actions import QUANTUM, to_commands
from drivebench.world.appear_and_leave import change_traffic
from drivebench.world.capacity import ROOM, Capacity, route_steps
from drivebench.world.clock import SUBSTEPS
from drivebench.world.follow_script import follow_scripts
from drivebench.world.layout import (
    EntityFloat,
    EntityInt,
    EntityKind,
    LaneFloat,
    LaneInt,
    RandomInt,
    WorldInt,
)
from drivebench.world.network import RoadNetwork
from drivebench.world.numerics import PARITY
from drivebench.world.script import ScriptInt, script_row
from drivebench.world.step import EGO_ABSENT, NEW_ACTION, SAME_ACTION, step_shares
from drivebench.world.threads import in_threads, share_out
from drivebench.world.world import World
from drivebench.world.world_rows import WORLD_FLOATS, WORLD_INTS, counts_of, parameters_of

__all__ = ["STATE", "WorldBatch"]

STATE = (
    "entity_float",
    "entity_int",
    "route",
    "world_float",
    "world_int",
    "_trace",
    "agents",
    "random",
    "entry_lanes",
    "entry_routes",
    "script_int",
    "gusts",
    "actor_speeds",
)
"""Arrays with one row per world."""


class WorldBatch:
    """A mutable batch of B worlds; each has its own roads, entities and parameters.

    Arrays are padded to the largest world; padding never changes a result, nor do batch size, order or
    threads. The attributes below are views into the batch: read them freely, and fetch them anew after
    ``load`` and, where vehicles appear, after each decision, which may have to move them. There, columns
    change, too: vehicles leave and the ones behind them move up (``EntityInt.IDENTITY`` says who is who).

    Attributes:
        x, y, heading, speed, steering, acceleration, length, width: [B, N] float64, m, rad and s; x to the
            front, y to the right, headings clockwise; of the entity's centre.
        kind, lane, target_lane, crashed: [B, N] int64; ``lane`` and ``target_lane`` are rows of the network.
        present: [B, N] bool, whether the column holds an entity.
        entities, vehicles, ego: [B] int64.
        agents: [B, A] int64, the controlled vehicles, the ego first; -1 past the last.
        random: [B, columns ``RandomInt``] uint64, the random numbers of open traffic.
        script_int, gusts, actor_speeds: [B, columns ``ScriptInt``] int64, [B, T] rad and [B, T, M] m/s: what
            the worlds' scripts say.
        struck: [B] int64, the entity that touched the ego first, -1 if none did yet.
        lane_float, lane_int: [P, L, ...] the pool of road networks; ``network_of_world`` [B] indexes it.
        networks: The road networks of the pool.
        stamps: None, or [len(Phase)] int64 that gathers the time spent in each phase of the step, on one
            thread (see ``drivebench.world.phases``).
    """

    stamps: npt.NDArray[np.int64] | None = None

    def __init__(
        self,
        worlds: Sequence[World],
        *,
        numerics: Literal["canonical", "parity"] = "canonical",
        capacity: Capacity | None = None,
    ) -> None:
        """Load worlds into a new batch.

        Args:
            worlds: At least one.
            numerics: ``canonical`` (reproducible everywhere) or ``parity`` (the C library's functions, for
                comparison with stock highway-env).
            capacity: Room for worlds to be loaded later.

        Raises:
            ConfigurationError: No world, or unknown numerics.
        """
        if not worlds:
            raise ConfigurationError("a batch needs at least one world; got none")
        if numerics not in ("canonical", "parity"):
            raise ConfigurationError(f"numerics {numerics!r}; expected 'canonical' or 'parity'")
        self.numerics: Literal["canonical", "parity"] = numerics
        self._numerics_value = None if numerics == "canonical" else PARITY
        self.worlds: list[World] = list(worlds)
        self.networks: list[RoadNetwork] = []
        self._allocate(Capacity.of(worlds).joined(capacity or Capacity()))
        for slot, world in enumerate(worlds):
            self.load(slot, world)

    def __len__(self) -> int:
        return len(self.worlds)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Unpickled, views are arrays of their own: look at the batch again."""
        vars(self).update(state)
        self._view()

    def _allocate(self, capacity: Capacity) -> None:
        """New arrays of this capacity that hold nothing."""
        batch = len(self.worlds)
        self.capacity = capacity
        columns = LaneFloat.OFFSET + capacity.lane_numbers, LaneInt.NEIGHBOUR + capacity.neighbour_lanes
        self.lane_float = np.zeros((batch, capacity.lanes, columns[0]))
        self.lane_int = np.zeros((batch, capacity.lanes, columns[1]), dtype=np.int64)
        self.entity_float = np.zeros((batch, len(EntityFloat), capacity.entities))
        self.entity_int = np.zeros((batch, len(EntityInt), capacity.entities), dtype=np.int64)
        self.route = np.full((batch, capacity.entities, capacity.route_steps, 3), -1, dtype=np.int64)
        self.world_float = np.zeros((batch, WORLD_FLOATS))
        self.world_int = np.zeros((batch, WORLD_INTS), dtype=np.int64)
        self.world_int[:, [WorldInt.NETWORK, WorldInt.EGO, WorldInt.STRUCK]] = -1
        self._trace = np.zeros((batch, SUBSTEPS, capacity.entities, 4))
        self.agents = np.full((batch, capacity.agents), -1, dtype=np.int64)
        self.random = np.zeros((batch, len(RandomInt)), dtype=np.uint64)
        self.entry_lanes = np.full((batch, capacity.entries), -1, dtype=np.int64)
        shape = (batch, capacity.entries, capacity.entries, capacity.route_steps, 3)
        self.entry_routes = np.full(shape, -1, dtype=np.int64)
        self.script_int = np.tile(script_row(None, capacity.actors), (batch, 1))
        self.gusts = np.zeros((batch, capacity.gusts))
        self.actor_speeds = np.zeros((batch, capacity.actor_speeds, capacity.actors))
        self.networks = []
        self._view()

    def _view(self) -> None:
        f, i, w = self.entity_float, self.entity_int, self.world_int
        self.x, self.y = f[:, EntityFloat.X], f[:, EntityFloat.Y]
        self.heading, self.speed = f[:, EntityFloat.HEADING], f[:, EntityFloat.SPEED]
        self.steering, self.acceleration = f[:, EntityFloat.STEERING], f[:, EntityFloat.ACCELERATION]
        self.length, self.width = f[:, EntityFloat.LENGTH], f[:, EntityFloat.WIDTH]
        self.kind, self.lane = i[:, EntityInt.KIND], i[:, EntityInt.LANE]
        self.target_lane, self.crashed = i[:, EntityInt.TARGET_LANE], i[:, EntityInt.CRASHED]
        self.entities, self.vehicles = w[:, WorldInt.ENTITIES], w[:, WorldInt.VEHICLES]
        self.ego, self.struck = w[:, WorldInt.EGO], w[:, WorldInt.STRUCK]
        self.network_of_world = w[:, WorldInt.NETWORK]
        self._everyone = np.ones(len(self.worlds), dtype=np.bool_)
        self._commands = np.zeros((*self.agents.shape, 2))
        self._manoeuvres = np.full(self.agents.shape, -1, dtype=np.int64)
        self.note_contents()

    def note_contents(self) -> None:
        """Note what the worlds in the slots ask for; to be called by who writes into ``STATE`` arrays."""
        w = self.world_int
        self._open = bool((w[:, WorldInt.ENTRIES] > 0).any())
        self._traced = bool((w[:, WorldInt.SUBSTEPS] == SUBSTEPS).all())
        self._several = self.agents.shape[1] > 1 and bool((self.agents[:, 1] >= 0).any())
        kinds = np.take_along_axis(self.kind, np.maximum(self.agents, 0), axis=1)
        self._meta = (self.agents >= 0) & (kinds == EntityKind.CONTROLLED)
        self._any_meta = bool(self._meta.any())
        s = self.script_int
        self._scripted = bool((s[:, [ScriptInt.GUSTS, ScriptInt.SPEEDS]] > 0).any())

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """[B, N] whether the column holds an entity."""
        columns: npt.NDArray[np.bool_] = np.arange(self.capacity.entities) < self.entities[:, None]
        return columns

    @property
    def is_open(self) -> bool:
        """Whether vehicles leave and appear in any of the worlds, so that columns change."""
        return self._open

    def refuse_open_traffic(self, done: str) -> None:
        """For those who write down a column for each entity, once for a whole episode.

        Args:
            done: What they do with a world, as a participle.

        Raises:
            ConfigurationError: Vehicles leave and appear in one of the worlds.
        """
        if self._open:
            raise ConfigurationError(
                f"a world with open traffic cannot be {done}: its vehicles leave and appear; expected a "
                "world with the same vehicles from its first step to its last"
            )

    @property
    def identity(self) -> npt.NDArray[np.int64]:
        """[B, N] the numbers that vehicles keep when their columns change."""
        return self.entity_int[:, EntityInt.IDENTITY]

    @property
    def trace(self) -> npt.NDArray[np.float64]:
        """[B, SUBSTEPS, N, 4] x, y, heading and speed after each sub-step of the last decision.

        Raises:
            ConfigurationError: A world has another number of simulation steps in a decision.
        """
        self._refuse_other_clocks()
        return self._trace

    @property
    def trace_crashed(self) -> npt.NDArray[np.bool_]:
        """[B, SUBSTEPS] whether the ego had crashed after each sub-step of the last decision.

        Raises:
            ConfigurationError: As for ``trace``.
        """
        self._refuse_other_clocks()
        crashed: npt.NDArray[np.bool_] = self.world_int[:, WorldInt.TRACE_CRASHED :] != 0
        return crashed

    def _refuse_other_clocks(self) -> None:
        if not self._traced:
            steps = sorted({world.substeps for world in self.worlds})
            raise ConfigurationError(
                f"worlds with {steps} simulation steps in a decision have no trace; expected {SUBSTEPS}"
            )

    def load(self, slot: int, world: World) -> None:
        """Put a world into a slot, in place of the one that is there.

        Args:
            slot: Which.
            world: Its initial state.

        Raises:
            ConfigurationError: There is no such slot.
        """
        self._check_slots([slot])
        needed = self.capacity.joined(Capacity.of([world]))
        if needed != self.capacity:
            self._grow(needed)
        n = world.entities
        self.worlds[slot] = world
        self.world_int[slot, WorldInt.NETWORK] = -1
        pool = self._pool(world.network)
        self.entity_float[slot] = 0.0
        self.entity_int[slot] = 0
        self.entity_float[slot, :, :n] = world.entity_float
        self.entity_int[slot, :, :n] = world.entity_int
        self.route[slot] = -1
        self.route[slot, :n, : world.route.shape[1]] = world.route
        self.agents[slot] = -1
        self.agents[slot, : len(world.agents)] = world.agents
        self.world_float[slot] = parameters_of(world)
        self.world_int[slot] = counts_of(world, pool)
        self.random[slot] = 0
        self.entry_lanes[slot], self.entry_routes[slot] = -1, -1
        if world.open_traffic is not None:
            self.random[slot] = world.open_traffic.words()
            lanes, routes = world.open_traffic.tables(world.network)
            count, steps = len(lanes), routes.shape[2]
            self.entry_lanes[slot, :count] = lanes
            self.entry_routes[slot, :count, :count, :steps] = routes
        script = world.script
        self.script_int[slot] = script_row(script, self.capacity.actors)
        self.gusts[slot], self.actor_speeds[slot] = 0.0, 0.0
        if script is not None:
            self.gusts[slot, : len(script.steering_gust_rad)] = script.steering_gust_rad
            self.actor_speeds[slot, : len(script.speeds_mps), : len(script.actors)] = script.speeds_mps
        self._trace[slot] = self.entity_float[slot, :4].T
        self.note_contents()

    def _check_slots(self, slots: Sequence[int]) -> None:
        for slot in slots:
            if not 0 <= slot < len(self.worlds):
                last = len(self.worlds) - 1
                raise ConfigurationError(f"slot {slot} of a batch; expected 0 to {last}")

    def _grow(self, capacity: Capacity) -> None:
        """Move everything into larger arrays."""
        old = {name: getattr(self, name) for name in STATE}
        networks = self.networks
        self._allocate(capacity)
        for name, source in old.items():
            getattr(self, name)[tuple(slice(size) for size in source.shape)] = source
        self._view()
        for place, network in enumerate(networks):
            self._write_network(place, network)

    def _pool(self, network: RoadNetwork) -> int:
        """Where a network stands in the pool; it is written there first if it is not yet."""
        for place, known in enumerate(self.networks):
            if known is network or known.digest == network.digest:
                return place
        used = set(self.network_of_world.tolist())
        place = next(place for place in range(len(self.worlds)) if place not in used)
        self._write_network(place, network)
        return place

    def _write_network(self, place: int, network: RoadNetwork) -> None:
        if place == len(self.networks):
            self.networks.append(network)
        else:
            self.networks[place] = network
        for pool, rows in ((self.lane_float, network.lane_float), (self.lane_int, network.lane_int)):
            pool[place] = 0
            pool[place, : rows.shape[0], : rows.shape[1]] = rows

    def step(self, actions: npt.NDArray[np.int16], active: npt.NDArray[np.bool_] | None = None) -> None:
        """Advance by one decision under the ego's action.

        Args:
            actions: [B, 2] int16 from ``quantise``: (acceleration, steering) of an ego under continuous
                control. A CONTROLLED ego takes a meta-action in the first: 0 lane left, 1 idle, 2 lane right,
                3 faster, 4 slower (highway-env ``DiscreteMetaAction``).
            active: [B] bool; worlds that are not active stay as they are.

        Raises:
            ActionError: Another shape or type, a number or a meta-action that does not exist, or a world with
                further agents.
        """
        self._take(actions)
        self._run(0, NEW_ACTION, self._commands, self._manoeuvres, active)

    def _take(self, actions: npt.NDArray[np.int16]) -> None:
        """Write the egos' actions down as commands and manoeuvres."""
        self._refuse_several("step")
        if actions.__class__ is not np.ndarray or actions.dtype != np.int16:
            raise ActionError(f"actions must be an int16 array (see quantise); got {type(actions).__name__}")
        if actions.shape != (len(self.worlds), 2):
            raise ActionError(f"actions have shape {actions.shape}; expected ({len(self.worlds)}, 2)")
        wrong = to_commands(np.ascontiguousarray(actions), self._commands, self._manoeuvres)
        if wrong >= 0:
            raise ActionError(
                f"action {actions[wrong].tolist()} of world {wrong}; expected integers from {-QUANTUM} to "
                f"{QUANTUM}"
            )
        self._check_manoeuvres(self._manoeuvres)

    def _refuse_several(self, asked: str) -> None:
        if self._several:
            raise ActionError(
                f"`{asked}` of a batch with worlds of up to {self.agents.shape[1]} agents, which it would "
                "leave without commands; expected `drive`"
            )

    def _check_manoeuvres(self, manoeuvres: npt.NDArray[np.int64]) -> None:
        if not self._any_meta:
            return
        wrong = self._meta & ((manoeuvres < -1) | (manoeuvres > 4))
        if wrong.any():
            slot, agent = np.argwhere(wrong)[0].tolist()
            raise ActionError(
                f"meta-action {manoeuvres[slot, agent]} of agent {agent} in world {slot}; expected 0 to 4, "
                "or -1 for none"
            )

    def drive(
        self,
        commands: npt.NDArray[np.float64],
        manoeuvres: npt.NDArray[np.int64],
        active: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Advance by one decision of each world under the commands of all agents.

        Args:
            commands: [B, A, 2] float64, (acceleration in m/s², front wheel angle in rad) of agents under
                continuous control.
            manoeuvres: [B, A] int64, the meta-action of CONTROLLED agents: 0 lane left, 1 idle, 2 lane right,
                3 faster, 4 slower, -1 none.
            active: [B] bool; worlds that are not active stay as they are.

        Raises:
            ActionError: Another shape or type, a command that is not finite, or another meta-action.
        """
        self._check_orders(commands, manoeuvres)
        self._run(0, NEW_ACTION, np.ascontiguousarray(commands), np.ascontiguousarray(manoeuvres), active)

    def drive_substep(
        self, commands: npt.NDArray[np.float64], manoeuvres: npt.NDArray[np.int64], *, new_action: bool
    ) -> None:
        """Advance all worlds by one simulation step only, to look inside a decision of ``drive``.

        Args:
            commands: [B, A, 2] as for ``drive``.
            manoeuvres: [B, A] as for ``drive``.
            new_action: Whether a decision begins here; else what is in force stays so.
        """
        self._check_orders(commands, manoeuvres)
        mode = NEW_ACTION if new_action else SAME_ACTION
        self._run(1, mode, np.ascontiguousarray(commands), np.ascontiguousarray(manoeuvres), None)

    def _check_orders(self, commands: npt.NDArray[np.float64], manoeuvres: npt.NDArray[np.int64]) -> None:
        shape = self.agents.shape
        if commands.shape != (*shape, 2) or commands.dtype != np.float64:
            raise ActionError(
                f"commands of shape {commands.shape}, {commands.dtype}; expected {(*shape, 2)}, float64"
            )
        if manoeuvres.shape != shape or manoeuvres.dtype != np.int64:
            raise ActionError(
                f"manoeuvres of shape {manoeuvres.shape}, {manoeuvres.dtype}; expected {shape}, int64"
            )
        if not np.isfinite(commands).all():
            raise ActionError("a command is NaN or infinite; expected m/s² and rad")
        self._check_manoeuvres(manoeuvres)

    def substep(self, actions: npt.NDArray[np.int16], *, new_action: bool) -> None:
        """Advance all worlds by one simulation step only, to look inside a decision.

        Args:
            actions: [B, 2] int16 as for ``step``.
            new_action: Whether the actions are put into force; else those of before stay, as in the second
                and third simulation step of a decision.
        """
        self._take(actions)
        mode = NEW_ACTION if new_action else SAME_ACTION
        self._run(1, mode, self._commands, self._manoeuvres, None)

    def warm_up(self, slots: Sequence[int], substeps: int) -> None:
        """Let the traffic of some worlds drive while their ego is absent: not moved, not seen, not touched.

        Args:
            slots: Which worlds.
            substeps: How many simulation steps.

        Raises:
            ConfigurationError: There is no such slot.
            ActionError: A world has further agents.
        """
        self._refuse_several("warm_up")
        self._check_slots(slots)
        active = np.zeros(len(self.worlds), dtype=np.bool_)
        active[list(slots)] = True
        if substeps > 0:
            self._run(substeps, EGO_ABSENT, self._commands, self._manoeuvres, active)

    def _run(
        self,
        substeps: int,
        mode: int,
        commands: npt.NDArray[np.float64],
        manoeuvres: npt.NDArray[np.int64],
        active: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Take ``substeps`` simulation steps, or with 0 as many as a decision of each world has."""
        if active is None:
            everyone = self._everyone
        else:
            everyone = np.ascontiguousarray(active)
            if active.__class__ is not np.ndarray or active.dtype != np.bool_ or active.shape != (len(self),):
                raise ActionError(
                    f"active={active!r}; expected an array of {len(self)} truth values, one for each world"
                )
        if self._open and mode == NEW_ACTION:
            self._change_traffic(everyone)
        if self._scripted and mode == NEW_ACTION:
            commands = self._follow_scripts(commands, everyone)
        arguments = (
            self._numerics_value,
            substeps,
            mode,
            self.lane_float,
            self.lane_int,
            self.entity_float,
            self.entity_int,
            self.route,
            self.world_float,
            self.world_int,
            self.agents,
            self._trace,
            commands,
            manoeuvres,
            everyone,
            self.stamps,
        )
        share_out(step_shares, len(self.worlds), arguments)

    def _change_traffic(self, active: npt.NDArray[np.bool_]) -> None:
        """Let vehicles leave and appear in open traffic; first make room for one more in every world."""
        if int(self.entities.max()) + 1 > self.capacity.entities:
            self._grow(replace(self.capacity, entities=self.capacity.entities + ROOM))
        arguments = (
            self._numerics_value,
            self.lane_float,
            self.lane_int,
            self.entity_float,
            self.entity_int,
            self.route,
            self.world_float,
            self.world_int,
            self.agents,
            self.random,
            self.entry_lanes,
            self.entry_routes,
            active,
        )
        in_threads(change_traffic, len(self.worlds), arguments)

    def _follow_scripts(
        self, commands: npt.NDArray[np.float64], active: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Let the scripts act on the actors; the commands as the gusts leave them."""
        disturbed = commands.copy()
        follow_scripts(
            self.world_int,
            self.script_int,
            self.gusts,
            self.actor_speeds,
            active,
            self.entity_float,
            disturbed,
        )
        return disturbed

    def copy(self, slots: Sequence[int], *, hold_script: bool = False) -> "WorldBatch":
        """A new batch whose worlds continue from the present states of some of these, to look ahead.

        Args:
            slots: Which, in order; a slot may occur several times.
            hold_script: Whether what comes from outside stays as it is now: actors keep the speed that they
                want, and the gust of the last decision goes on. Who plans must not know what is to come.
        """
        places = np.asarray(slots, dtype=np.int64)
        if places.size == 0:
            raise ConfigurationError("a batch needs at least one world; got no slots to copy")
        self._check_slots(slots)
        other = WorldBatch.__new__(WorldBatch)
        other.numerics, other._numerics_value = self.numerics, self._numerics_value
        other.capacity = self.capacity
        other.worlds = [self.worlds[place] for place in places]
        for name in STATE:
            setattr(other, name, getattr(self, name)[places])
        if hold_script:
            held = other.script_int[:, ScriptInt.HELD_AFTER]
            held[:] = np.where(held < 0, other.world_int[:, WorldInt.DECISIONS], held)
        pools = sorted(set(other.world_int[:, WorldInt.NETWORK].tolist()))
        other.networks = [self.networks[pool] for pool in pools]
        shape = (len(places), *self.lane_float.shape[1:]), (len(places), *self.lane_int.shape[1:])
        other.lane_float, other.lane_int = np.zeros(shape[0]), np.zeros(shape[1], dtype=np.int64)
        other.lane_float[: len(pools)], other.lane_int[: len(pools)] = (
            self.lane_float[pools],
            self.lane_int[pools],
        )
        other.world_int[:, WorldInt.NETWORK] = np.searchsorted(pools, other.world_int[:, WorldInt.NETWORK])
        other._view()
        return other

    def snapshot(self, slot: int) -> World:
        """The present state of a world as an initial state (its warm-up done, for example)."""
        self._check_slots([slot])
        world, n = self.worlds[slot], int(self.entities[slot])
        integers = self.world_int[slot]
        traffic = world.open_traffic
        if traffic is not None:
            traffic = replace(traffic, random=tuple(int(word) for word in self.random[slot]))
        held = int(self.script_int[slot, ScriptInt.HELD_AFTER])
        return replace(
            world,
            entity_float=self.entity_float[slot, :, :n].copy(),
            entity_int=self.entity_int[slot, :, :n].copy(),
            route=self.route[slot, :n, : route_steps(world)].copy(),
            vehicles=int(self.vehicles[slot]),
            ego=int(self.ego[slot]),
            agents=tuple(int(agent) for agent in self.agents[slot] if agent >= 0),
            road_steps=int(integers[WorldInt.ROAD_STEPS]),
            decisions=int(integers[WorldInt.DECISIONS]),
            next_identity=int(integers[WorldInt.NEXT_IDENTITY]),
            open_traffic=traffic,
            script=world.script.held(held) if world.script is not None and held >= 0 else world.script,
        )

    def random_after(self, slot: int) -> tuple[int, ...]:
        """Where a world's random numbers stand if its episode ends with the decision it has just taken.

        highway-env lets traffic leave and appear at the end of that decision, too; here it waits for the next
        one. So this is what the next reset of the same highway-env environment starts from.

        Args:
            slot: Which world.

        Returns:
            Columns ``RandomInt``.
        """
        ahead = self.copy([slot])
        ahead._change_traffic(ahead._everyone)
        return tuple(int(word) for word in ahead.random[0])

    def ego_kind(self, slot: int) -> EntityKind | None:
        """The kind of a world's ego, None without one."""
        ego = int(self.ego[slot])
        return None if ego < 0 else EntityKind(int(self.kind[slot, ego]))
