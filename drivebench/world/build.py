"""Make road networks and worlds from plain descriptions, without highway-env.

Every number is rounded to a multiple of 2**-20 (about a millionth of a metre) before anything is derived from
it, and what is derived (directions, headings, lengths, closest lanes) uses canonical numerics. So a world
does not depend on the last bits of whatever computed the description.
"""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world import numerics
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneRow, LaneSpec
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt
from drivebench.world.network import LaneIndex, RoadNetwork, RouteStep
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.script import Script
from drivebench.world.world import TrafficParameters, World

__all__ = ["VehicleSpec", "build_network", "build_world", "plan_route", "vehicle_on_lane"]


def build_network(
    lanes: Iterable[tuple[str, str, LaneSpec]],
    *,
    connected_lanes: bool = False,
    exits: Container[LaneIndex] = (),
) -> RoadNetwork:
    """Build a road network.

    Args:
        lanes: (from node, to node, lane) in the order in which highway-env's ``add_lane`` would be called.
        connected_lanes: Whether traffic looks for neighbours on the following and preceding lanes, too
            (highway-env's ``neighbour_vehicles_connected_lanes``).
        exits: Lanes at whose ends vehicles of open traffic leave.

    Returns:
        The network; rows are in highway-env's graph order.
    """
    rows: dict[str, dict[str, list[LaneSpec]]] = {}
    for origin, destination, lane in lanes:
        rows.setdefault(origin, {}).setdefault(destination, []).append(lane)
    graph = {
        origin: {destination: [lane.row() for lane in specs] for destination, specs in roads.items()}
        for origin, roads in rows.items()
    }
    return network_from_rows(graph, connected_lanes=connected_lanes, exits=exits)


def network_from_rows(
    graph: Mapping[str, Mapping[str, Sequence[LaneRow]]],
    *,
    connected_lanes: bool,
    exits: Container[LaneIndex] = (),
) -> RoadNetwork:
    """Arrange lanes that are already numbers into a network.

    Args:
        graph: from node -> to node -> lanes from the left, in graph order.
        connected_lanes: See ``build_network``.
        exits: Lanes at whose ends vehicles of open traffic leave.
    """
    names: list[LaneIndex] = []
    nodes: dict[str, int] = {}
    lane_rows: list[LaneRow] = []
    for origin, roads in graph.items():
        for destination, specs in roads.items():
            for node in (origin, destination):
                nodes.setdefault(node, len(nodes))
            names.extend((origin, destination, number) for number in range(len(specs)))
            lane_rows.extend(specs)
    row_of = {name: row for row, name in enumerate(names)}
    searched = [
        _searched_lanes(graph, row_of, name, lane_rows) if connected_lanes else [(row, 0.0)]
        for row, name in enumerate(names)
    ]
    widest = max(map(len, searched), default=1)
    samples = [np.zeros(0) if lane.samples is None else lane.samples.numbers() for lane in lane_rows]
    first_sample = LaneFloat.OFFSET + widest
    lane_float = np.zeros((len(names), first_sample + max(map(len, samples), default=0)))
    lane_int = np.zeros((len(names), LaneInt.NEIGHBOUR + widest), dtype=np.int64)
    for row, ((origin, destination, number), lane) in enumerate(zip(names, lane_rows, strict=True)):
        lane_float[row, : LaneFloat.OFFSET] = lane.numbers
        lane_float[row, first_sample : first_sample + len(samples[row])] = samples[row]
        integers = lane_int[row]
        integers[LaneInt.KIND], integers[LaneInt.FORBIDDEN] = lane.kind, lane.forbidden
        integers[LaneInt.ID] = number
        integers[LaneInt.FROM], integers[LaneInt.TO] = nodes[origin], nodes[destination]
        integers[LaneInt.ROAD_FIRST] = row_of[(origin, destination, 0)]
        integers[LaneInt.ROAD_LANES] = len(graph[origin][destination])
        integers[LaneInt.LINE_LEFT], integers[LaneInt.LINE_RIGHT] = lane.line_types
        integers[LaneInt.PRIORITY] = lane.priority
        integers[LaneInt.EXIT] = (origin, destination, number) in exits
        if lane.samples is not None:
            integers[LaneInt.SAMPLES] = first_sample
            integers[LaneInt.KNOTS] = lane.samples.knots.shape[1]
            integers[LaneInt.POSES] = lane.samples.poses.shape[1]
            integers[LaneInt.WIDTHS] = len(lane.samples.widths_m)
        integers[LaneInt.NEIGHBOURS] = len(searched[row])
        for place, (other, offset) in enumerate(searched[row]):
            integers[LaneInt.NEIGHBOUR + place] = other
            lane_float[row, LaneFloat.OFFSET + place] = offset
    return RoadNetwork(lane_float=lane_float, lane_int=lane_int, nodes=tuple(nodes), lane_index=tuple(names))


def _searched_lanes(
    graph: Mapping[str, Mapping[str, Sequence[LaneRow]]],
    row_of: Mapping[LaneIndex, int],
    name: LaneIndex,
    lane_rows: Sequence[LaneRow],
) -> list[tuple[int, float]]:
    """The lane itself, the following and the preceding ones, each with its offset (highway-env's order)."""
    origin, destination, number = name
    row = row_of[name]
    found = [(row, 0.0)]
    for following, specs in graph.get(destination, {}).items():
        other = row_of[(destination, following, number if number < len(specs) else 0)]
        found.append((other, float(lane_rows[row].numbers[LaneFloat.LENGTH])))
    for preceding, roads in graph.items():
        if origin in roads:
            specs = roads[origin]
            other = row_of[(preceding, origin, number if number < len(specs) else 0)]
            found.append((other, -float(lane_rows[other].numbers[LaneFloat.LENGTH])))
    return found


REVERSE_MPS = -40.0
"""Lower bound on the speed of vehicles other than the ego (highway-env ``Vehicle.MIN_SPEED``)."""


_FINITE = (
    "x_m",
    "y_m",
    "heading_rad",
    "speed_mps",
    "target_speed_mps",
    "delta",
    "timer_s",
    "length_m",
    "width_m",
    "lateral_speed_mps",
    "yaw_rate_radps",
    "steering_rad",
    "acceleration_mps2",
    "diagonal_m",
)
_finite_numbers = attrgetter(*_FINITE)


@dataclass(frozen=True, kw_only=True)
class VehicleSpec:
    """Description of one entity at the start of an episode; metres, seconds, radians.

    Attributes:
        kind: What it is; obstacles and landmarks must come after all vehicles.
        x_m, y_m, heading_rad, speed_mps: Pose of its centre, and speed.
        lane: Lane that it is on; None for the closest.
        target_lane: Lane to follow; None for the closest.
        target_speed_mps: Speed to reach; None for the initial speed. A CONTROLLED vehicle gets the closest
            one of those that it can choose, unless it has a ``speed_index``.
        speed_index: Which of them a CONTROLLED vehicle has chosen; None for the closest.
        route: Roads to take, beginning with the one it is on; empty for none.
        delta: Exponent of IDM's velocity term (highway-env draws it from [3.5, 4.5]).
        timer_s: Since its last decision about a lane change; None spreads it over the traffic's
            ``lane_change_delay_s`` by position, as highway-env.
        lane_changes: Whether an IDM vehicle may change lanes.
        length_m, width_m, diagonal_m: Size of its rectangle; None for the diagonal that follows.
        max_speed_mps, min_speed_mps: Bounds on the speed. The lower one is 0 for an EGO and -40 for others if
            it is not given; an EGO with a negative one has a reverse gear.
        check_collisions: highway-env's flag: a pair is checked when one of the two has it.
        collidable: Whether it collides at all; a pair does when both can.
        solid: Whether it stops what it collides with; otherwise it is only hit. None for all but landmarks.
        acceleration_gains: LINEAR traffic's gains on the difference to the target speed (1/s), on that to a
            slower leader (1/s) and on the lack of distance to it (1/s²).
        steering_gains: LINEAR traffic's gains on the heading error and on the lateral offset.
        lateral_speed_mps, yaw_rate_radps: Of a BICYCLE, to the right and clockwise.
        steering_rad, acceleration_mps2: Controls of the step before, front wheel angle to the right.
        crashed: Whether it has crashed already.
        hit: Whether it was hit already, of what is not solid.
        impact_m: Displacement by a collision that its next step applies.
        yielding: Whether a regulated road has stopped it to give way.
    """

    kind: EntityKind
    x_m: float
    y_m: float
    heading_rad: float = 0.0
    speed_mps: float = 0.0
    lane: LaneIndex | None = None
    target_lane: LaneIndex | None = None
    target_speed_mps: float | None = None
    speed_index: int | None = None
    route: tuple[RouteStep, ...] = ()
    delta: float = 4.0
    timer_s: float | None = None
    lane_changes: bool = True
    length_m: float = 5.0
    width_m: float = 2.0
    diagonal_m: float | None = None
    max_speed_mps: float = 40.0
    min_speed_mps: float | None = None
    check_collisions: bool = True
    collidable: bool = True
    solid: bool | None = None
    acceleration_gains: tuple[float, float, float] = (0.3, 0.3, 2.0)
    steering_gains: tuple[float, float] = (1 / 0.2, 1 / 0.2 * (1 / 0.6))
    lateral_speed_mps: float = 0.0
    yaw_rate_radps: float = 0.0
    steering_rad: float = 0.0
    acceleration_mps2: float = 0.0
    crashed: bool = False
    hit: bool = False
    impact_m: tuple[float, float] | None = None
    yielding: bool = False

    def __post_init__(self) -> None:
        for name, value in zip(_FINITE, _finite_numbers(self), strict=True):
            if value is not None and not math.isfinite(value):
                raise self._refusal(name, value, "a finite number (SI units, radians)")
        for name in ("acceleration_gains", "steering_gains", "impact_m"):
            if not all(map(math.isfinite, getattr(self, name) or ())):
                raise self._refusal(name, getattr(self, name), "finite numbers")
        for name, value in (("max_speed_mps", self.max_speed_mps), ("min_speed_mps", self.least_speed_mps)):
            if math.isnan(value):
                raise self._refusal(name, value, "a number, which may be infinite")
        for name, value in (("length_m", self.length_m), ("width_m", self.width_m)):
            if value <= 0.0:
                raise self._refusal(name, value, "more than 0")

    def _refusal(self, name: str, value: object, expected: str) -> ConfigurationError:
        return ConfigurationError(
            f"a {self.kind.name} at ({self.x_m}, {self.y_m}) has {name} {value}; expected {expected}"
        )

    @property
    def is_solid(self) -> bool:
        """Whether it stops what it collides with."""
        return self.kind is not EntityKind.LANDMARK if self.solid is None else self.solid

    @property
    def least_speed_mps(self) -> float:
        """Lower bound on the speed."""
        if self.min_speed_mps is None:
            return 0.0 if self.kind is EntityKind.EGO else REVERSE_MPS
        return self.min_speed_mps


def vehicle_on_lane(
    network: RoadNetwork,
    lane: LaneIndex,
    longitudinal_m: float,
    *,
    lateral_m: float = 0.0,
    heading_error_rad: float = 0.0,
    speed_mps: float,
    kind: EntityKind = EntityKind.IDM,
    target_speed_mps: float | None = None,
    route: tuple[RouteStep, ...] = (),
    delta: float = 4.0,
    timer_s: float | None = None,
    lane_changes: bool = True,
) -> VehicleSpec:
    """A vehicle at lane coordinates, heading along the lane.

    Args:
        network: The roads.
        lane: On which lane; also its target lane.
        longitudinal_m: Along the lane.
        lateral_m: To the right of the centre line.
        heading_error_rad: Heading relative to the lane, clockwise positive.
        speed_mps: As in ``VehicleSpec``, and so the others.
        kind: What it is.
        target_speed_mps: Speed to reach; None for the initial speed.
        route: Roads to take.
        delta: Exponent of IDM's velocity term.
        timer_s: Since its last decision about a lane change.
        lane_changes: Whether an IDM vehicle may change lanes.
    """
    row = network.lane(lane)
    x, y = network.position(row, longitudinal_m, lateral_m)
    return VehicleSpec(
        kind=kind,
        x_m=x,
        y_m=y,
        heading_rad=network.heading_at(row, longitudinal_m) + heading_error_rad,
        speed_mps=speed_mps,
        target_lane=lane,
        target_speed_mps=target_speed_mps,
        route=route,
        delta=delta,
        timer_s=timer_s,
        lane_changes=lane_changes,
    )


def plan_route(network: RoadNetwork, lane: LaneIndex, destination: str) -> tuple[RouteStep, ...]:
    """The route that highway-env's ``plan_route_to`` gives: fewest roads, ties by node name.

    Args:
        network: The roads.
        lane: Where the route begins.
        destination: Node at which it ends.

    Returns:
        The lane's own road with its number, then roads without a lane; the own road alone if there is no way.
    """
    network.lane(lane)
    following: dict[str, list[str]] = {}
    for origin, to, _ in network.lane_index:
        if to not in following.setdefault(origin, []):
            following[origin].append(to)
    queue: list[tuple[str, tuple[str, ...]]] = [(lane[1], (lane[1],))]
    while queue:
        node, path = queue.pop(0)
        for successor in sorted(name for name in following.get(node, ()) if name not in path):
            if successor == destination:
                steps = (*path, successor)
                return (lane, *((a, b, None) for a, b in pairwise(steps)))
            queue.append((successor, (*path, successor)))
    return (lane,)


@dataclass(frozen=True, kw_only=True)
class _Entities:
    """Arrays in the making."""

    network: RoadNetwork
    numbers: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    integers: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    route: np.ndarray[tuple[int, int, int], np.dtype[np.int64]]
    delay_s: float
    target_speeds_mps: tuple[float, ...]
    number: Callable[[float], float]
    cos_sin: Callable[[float], tuple[float, float]]
    nodes: dict[str, int] = field(default_factory=dict)

    def fill(self, place: int, spec: VehicleSpec) -> None:
        self._write_numbers(place, spec)
        self._write_integers(place, spec)
        for step, (origin, destination, number) in enumerate(spec.route):
            self.route[place, step] = (
                self.nodes[origin],
                self.nodes[destination],
                -1 if number is None else number,
            )

    def _write_numbers(self, place: int, spec: VehicleSpec) -> None:
        number, f, n = self.number, EntityFloat, self.numbers[:, place]
        x, y, heading, speed = (
            number(spec.x_m),
            number(spec.y_m),
            number(spec.heading_rad),
            number(spec.speed_mps),
        )
        length, width = number(spec.length_m), number(spec.width_m)
        n[f.X], n[f.Y], n[f.HEADING], n[f.SPEED] = x, y, heading, speed
        n[f.COS], n[f.SIN] = self.cos_sin(heading)
        if spec.kind in (EntityKind.IDM, EntityKind.LINEAR):
            n[f.TIMER] = self._spread(x, y) if spec.timer_s is None else number(spec.timer_s)
        n[f.TARGET_SPEED] = speed if spec.target_speed_mps is None else number(spec.target_speed_mps)
        n[f.DELTA], n[f.LENGTH], n[f.WIDTH] = number(spec.delta), length, width
        diagonal = math.sqrt(length * length + width * width)
        n[f.DIAGONAL] = diagonal if spec.diagonal_m is None else number(spec.diagonal_m)
        n[f.MAX_SPEED], n[f.MIN_SPEED] = number(spec.max_speed_mps), number(spec.least_speed_mps)
        n[f.STEERING], n[f.ACCELERATION] = number(spec.steering_rad), number(spec.acceleration_mps2)
        if spec.kind is EntityKind.LINEAR:
            gains = (*spec.acceleration_gains, *spec.steering_gains)
            n[f.TARGET_SPEED_GAIN : f.LATERAL_GAIN + 1] = [number(gain) for gain in gains]
        if spec.kind is EntityKind.BICYCLE:
            n[f.LATERAL_SPEED], n[f.YAW_RATE] = number(spec.lateral_speed_mps), number(spec.yaw_rate_radps)
        if spec.impact_m is not None:
            n[f.IMPACT_X], n[f.IMPACT_Y] = number(spec.impact_m[0]), number(spec.impact_m[1])

    def _spread(self, x: float, y: float) -> float:
        """The timer with which highway-env's ``IDMVehicle`` begins."""
        return ((x + y) * math.pi) % self.delay_s if self.delay_s > 0.0 else 0.0

    def _write_integers(self, place: int, spec: VehicleSpec) -> None:
        i, k, n = EntityInt, self.integers[:, place], self.numbers[:, place]
        closest = -1
        if spec.lane is None or spec.target_lane is None:
            x, y, heading = n[[EntityFloat.X, EntityFloat.Y, EntityFloat.HEADING]].tolist()
            closest = self.network.closest_lane(x, y, heading)
        lane = closest if spec.lane is None else self.network.lane(spec.lane)
        k[i.KIND], k[i.LANE] = spec.kind, lane
        k[i.TARGET_LANE] = closest if spec.target_lane is None else self.network.lane(spec.target_lane)
        k[i.CHECK_COLLISIONS], k[i.COLLIDABLE] = spec.check_collisions, spec.collidable
        k[i.SOLID] = spec.is_solid
        k[i.LANE_CHANGES], k[i.ROUTE_LEFT] = spec.lane_changes, len(spec.route)
        k[i.AGENT], k[i.IDENTITY] = -1, place
        k[i.CRASHED], k[i.HIT], k[i.YIELDING] = spec.crashed, spec.hit, spec.yielding
        k[i.HAS_IMPACT] = spec.impact_m is not None
        if spec.kind is EntityKind.CONTROLLED:
            k[i.SPEED_INDEX] = self._choose_speed(place, spec)

    def _choose_speed(self, place: int, spec: VehicleSpec) -> int:
        """The target speed of a vehicle under meta-actions."""
        speeds, wanted = self.target_speeds_mps, self.numbers[:, place]
        if spec.speed_index is None:
            index = speed_index(float(wanted[EntityFloat.TARGET_SPEED]), speeds)
            wanted[EntityFloat.TARGET_SPEED] = speeds[index]
            return index
        if not 0 <= spec.speed_index < len(speeds):
            raise ConfigurationError(
                f"entity {place} has speed_index {spec.speed_index}; expected that of one of its "
                f"{len(speeds)} target speeds {speeds}"
            )
        return spec.speed_index


def _canonical_cos_sin(heading: float) -> tuple[float, float]:
    return numerics.cos(None, heading), numerics.sin(None, heading)


def _numpy_cos_sin(heading: float) -> tuple[float, float]:
    """As highway-env computes them."""
    return float(np.cos(heading)), float(np.sin(heading))


def speed_index(speed_mps: float, target_speeds_mps: Sequence[float]) -> int:
    """Index of the target speed next to a speed (highway-env ``MDPVehicle.speed_to_index``)."""
    last = len(target_speeds_mps) - 1
    share = (speed_mps - target_speeds_mps[0]) / (target_speeds_mps[-1] - target_speeds_mps[0])
    return min(max(round(share * last), 0), last)


def build_world(
    network: RoadNetwork,
    entities: Sequence[VehicleSpec],
    *,
    ego: int = 0,
    traffic: TrafficParameters | None = None,
    target_speeds_mps: tuple[float, ...] = (20.0, 25.0, 30.0),
    agents: tuple[int, ...] = (),
    simulation_hz: int = SIMULATION_HZ,
    policy_hz: int = POLICY_HZ,
    regulated: bool = False,
    road_steps: int = 0,
    open_traffic: OpenTraffic | None = None,
    script: Script | None = None,
    exact: bool = False,
) -> World:
    """Build the initial state of an episode.

    Args:
        network: The roads.
        entities: Vehicles first (order decides ties, as in highway-env), then obstacles and landmarks.
        ego: Which of them is the ego; -1 for none.
        traffic: Constants of IDM and MOBIL; highway-env's if not given.
        target_speeds_mps: Speeds that CONTROLLED vehicles can choose.
        agents: The controlled vehicles, the ego first; the ego alone if not given.
        simulation_hz: Simulation steps in a second.
        policy_hz: Decisions in a second.
        regulated: Whether vehicles give way to each other by priority.
        road_steps: Simulation steps that the road has seen.
        open_traffic: How vehicles appear and leave.
        script: What happens from outside.
        exact: Keep every bit of the descriptions instead of rounding them to 2**-20 (parity tests).

    Raises:
        ConfigurationError: Objects stand before vehicles, or a lane, node or ego does not exist.
    """
    count = len(entities)
    is_vehicle = [spec.kind < EntityKind.OBSTACLE for spec in entities]
    vehicles = sum(is_vehicle)
    if not all(is_vehicle[:vehicles]):
        raise ConfigurationError("obstacles and landmarks must come after all vehicles in `entities`")
    steps = max((len(spec.route) for spec in entities), default=0)
    traffic = traffic or TrafficParameters()
    arrays = _Entities(
        network=network,
        numbers=np.zeros((len(EntityFloat), count)),
        integers=np.zeros((len(EntityInt), count), dtype=np.int64),
        route=np.full((count, max(steps, 1), 3), -1, dtype=np.int64),
        delay_s=traffic.lane_change_delay_s,
        target_speeds_mps=target_speeds_mps,
        number=float if exact else round_to_grid,
        cos_sin=_numpy_cos_sin if exact else _canonical_cos_sin,
        nodes={name: place for place, name in enumerate(network.nodes)},
    )
    agents = agents or ((ego,) if ego >= 0 else ())
    for place, spec in enumerate(entities):
        for step in spec.route:
            if step[0] not in arrays.nodes or step[1] not in arrays.nodes:
                raise ConfigurationError(
                    f"route step {step} of entity {place} names an unknown node; known: {network.nodes}"
                )
        arrays.fill(place, spec)
    for number, agent in enumerate(agents):
        if 0 <= agent < count:
            arrays.integers[EntityInt.AGENT, agent] = number
    return World(
        network=network,
        entity_float=arrays.numbers,
        entity_int=arrays.integers,
        route=arrays.route,
        vehicles=vehicles,
        ego=ego,
        traffic=traffic,
        target_speeds_mps=target_speeds_mps,
        agents=agents,
        simulation_hz=simulation_hz,
        policy_hz=policy_hz,
        regulated=regulated,
        road_steps=road_steps,
        open_traffic=open_traffic,
        script=script,
    )
