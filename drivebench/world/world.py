"""The initial state of one episode: road, entities, routes and traffic parameters, as immutable arrays."""

import math
from dataclasses import astuple, dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.checks import (
    check_agents,
    check_clock,
    check_entities,
    check_lanes,
    check_regulated,
    check_routes,
    check_target_speeds,
)
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from drivebench.world.network import RoadNetwork, array_digest
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.script import Script

__all__ = ["TrafficParameters", "World"]


@dataclass(frozen=True, kw_only=True)
class TrafficParameters:
    """Constants of IDM and MOBIL; the defaults are those of highway-env 1.12's ``IDMVehicle``.

    They belong to a world because highway-env's intersection changes them for the whole process.
    """

    distance_wanted_m: float = 10.0
    """Jam distance to the leader, centre to centre."""
    time_wanted_s: float = 1.5
    comfort_acceleration_mps2: float = 3.0
    comfort_braking_mps2: float = -5.0
    max_acceleration_mps2: float = 6.0
    politeness: float = 0.0
    min_gain_mps2: float = 0.2
    max_braking_imposed_mps2: float = 2.0
    lane_change_delay_s: float = 1.0

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in astuple(self)):
            raise ConfigurationError(f"{self}; expected finite numbers")
        if self.comfort_acceleration_mps2 <= 0 or self.comfort_braking_mps2 >= 0:
            raise ConfigurationError(
                "comfort_acceleration_mps2 must be positive and comfort_braking_mps2 negative; got "
                f"{self.comfort_acceleration_mps2} and {self.comfort_braking_mps2}"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """Initial state of one episode.

    Arrays are made read-only where they stand; those that are views of others are copied.

    Attributes:
        network: The roads.
        entity_float: [rows ``EntityFloat``, N] float64.
        entity_int: [rows ``EntityInt``, N] int64.
        route: [N, K, 3] int64 of (from node, to node, lane number or -1), K >= 1.
        vehicles: Entities [0, vehicles) are vehicles, the others obstacles and landmarks.
        ego: Which entity is the ego; -1 for none.
        traffic: Constants of IDM and MOBIL.
        target_speeds_mps: Speeds that a CONTROLLED vehicle can choose, evenly spaced.
        agents: The controlled vehicles, the ego first; the ego alone if not given.
        simulation_hz, policy_hz: Simulation steps and decisions in a second, whole numbers; a decision takes
            ``simulation_hz // policy_hz`` steps, as in highway-env.
        regulated: Whether vehicles give way to each other by priority (highway-env ``RegulatedRoad``).
        road_steps: Simulation steps that the road has seen, which set the rhythm of giving way.
        decisions: Decisions since the start of the episode; open traffic changes before all but the first.
        next_identity: ``EntityInt.IDENTITY`` of the next vehicle that appears; none had it yet, so that it is
            more than all that are there, whatever was given.
        open_traffic: How vehicles appear and leave; None where they do not.
        script: What happens from outside; None where nothing does.
    """

    network: RoadNetwork
    entity_float: npt.NDArray[np.float64]
    entity_int: npt.NDArray[np.int64]
    route: npt.NDArray[np.int64]
    vehicles: int
    ego: int = 0
    traffic: TrafficParameters = field(default_factory=TrafficParameters)
    target_speeds_mps: tuple[float, ...] = (20.0, 25.0, 30.0)
    agents: tuple[int, ...] = ()
    simulation_hz: int = SIMULATION_HZ
    policy_hz: int = POLICY_HZ
    regulated: bool = False
    road_steps: int = 0
    decisions: int = 0
    next_identity: int = 0
    open_traffic: OpenTraffic | None = None
    script: Script | None = None

    def __post_init__(self) -> None:
        entities = self.entity_float.shape[1]
        expected = ((len(EntityFloat), entities), (len(EntityInt), entities))
        given = (self.entity_float.shape, self.entity_int.shape)
        steps = self.route.shape[1] if self.route.ndim == 3 else 0
        if given != expected or steps < 1 or self.route.shape != (entities, steps, 3):
            raise ConfigurationError(
                f"arrays of a world have shapes {given} and routes {self.route.shape}; expected {expected} "
                f"and ({entities}, K, 3) with K at least 1"
            )
        types = [array.dtype.name for array in (self.entity_float, self.entity_int, self.route)]
        if types != ["float64", "int64", "int64"]:
            raise ConfigurationError(f"arrays of a world are {types}; expected float64, int64 and int64")
        if not (0 <= self.vehicles <= entities and -1 <= self.ego < self.vehicles):
            raise ConfigurationError(
                f"a world of {entities} entities cannot have {self.vehicles} vehicles and ego {self.ego} "
                f"({self._name_of(self.ego)}); expected one of its vehicles, or -1 for none"
            )
        check_entities(self.entity_float, self.entity_int, self.vehicles)
        check_lanes(self.entity_int, len(self.network.lane_index))
        check_routes(self.entity_int, self.route, self.network)
        check_target_speeds(self.target_speeds_mps)
        check_clock(self.simulation_hz, self.policy_hz)
        if self.regulated:
            check_regulated(self.network, self.simulation_hz)
        if not self.agents and self.ego >= 0:
            object.__setattr__(self, "agents", (self.ego,))
        if len(set(self.agents)) != len(self.agents) or any(not 0 <= a < self.vehicles for a in self.agents):
            kinds = [self._name_of(agent) for agent in self.agents]
            raise ConfigurationError(
                f"agents {self.agents} ({', '.join(kinds)}) of a world with {self.vehicles} vehicles; "
                "expected different vehicles: obstacles and landmarks take no commands"
            )
        if self.agents[:1] != ((self.ego,) if self.ego >= 0 else ()):
            raise ConfigurationError(
                f"ego {self.ego} and agents {self.agents}; expected the ego to be the first"
            )
        check_agents(self.entity_int, self.agents, len(self.target_speeds_mps))
        if self.open_traffic is not None:
            self.open_traffic.tables(self.network)  # refuses lanes and roads that are not there
        if self.script is not None:
            is_open = self.open_traffic is not None
            self.script.check(self.entity_int, self.agents, self.ego, open_traffic=is_open)
        known = int(self.entity_int[EntityInt.IDENTITY].max(initial=-1)) + 1
        object.__setattr__(self, "next_identity", max(known, self.next_identity))
        for name in ("entity_float", "entity_int", "route"):
            array = getattr(self, name)
            if array.base is not None:
                array = array.copy()
                object.__setattr__(self, name, array)
            array.setflags(write=False)

    def _name_of(self, entity: int) -> str:
        """What an entity is, for messages."""
        if not 0 <= entity < self.entities:
            return "not there"
        kind = int(self.entity_int[EntityInt.KIND, entity])
        return EntityKind(kind).name if kind in set(EntityKind) else f"kind {kind}"

    @property
    def substeps(self) -> int:
        """Simulation steps of a decision, rounded down: 3 at 15 steps and 4 decisions in a second.

        Such a decision lasts 0.2 s and not 0.25 s; highway-env does the same.
        """
        return self.simulation_hz // self.policy_hz

    @property
    def entities(self) -> int:
        """How many vehicles and objects there are."""
        return int(self.entity_float.shape[1])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that the episode depends on, hexadecimal."""
        numbers = np.array([*astuple(self.traffic), *self.target_speeds_mps], dtype=np.float64)
        counts = np.array(
            [
                self.vehicles,
                self.simulation_hz,
                self.policy_hz,
                self.regulated,
                self.road_steps,
                self.decisions,
                *self.agents,
                *([self.next_identity] if self.open_traffic else []),  # elsewhere nothing depends on it
            ],
            dtype=np.int64,
        )
        return array_digest(
            self.network.digest,
            self.entity_float,
            self.entity_int,
            self.route,
            numbers,
            counts,
            repr(self.open_traffic),
            *([self.script.digest] if self.script else []),  # without one, digests are what they were before
        )

    def kinds(self) -> tuple[EntityKind, ...]:
        """The kind of each entity."""
        return tuple(EntityKind(int(kind)) for kind in self.entity_int[EntityInt.KIND])
