"""Take a road and its vehicles over from highway-env objects.

Nothing of highway-env is imported: classes are told apart by name and only attributes are read, so the engine
does not depend on it. By default everything is rounded and derived anew as in ``build``; ``exact=True`` takes
over every number as it stands, for parity tests.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world.build import (
    LaneRow,
    LaneSpec,
    RouteStep,
    VehicleSpec,
    build_world,
    network_from_rows,
)
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneKind
from drivebench.world.network import LaneIndex, RoadNetwork
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.world import TrafficParameters, World

__all__ = ["lane_spec", "take_network", "take_traffic", "take_world", "vehicle_spec"]

_KINDS = {
    "Vehicle": EntityKind.PLAIN,
    "IDMVehicle": EntityKind.IDM,
    "MDPVehicle": EntityKind.CONTROLLED,
    "Obstacle": EntityKind.OBSTACLE,
    "Landmark": EntityKind.LANDMARK,
}


def _point(value: Any) -> tuple[float, float]:
    return float(value[0]), float(value[1])


def lane_spec(lane: Any) -> LaneSpec:
    """Describe a highway-env lane.

    Args:
        lane: A ``StraightLane``, ``SineLane`` or ``CircularLane``.

    Raises:
        ConfigurationError: A lane of another class.
    """
    limit = None if lane.speed_limit is None else float(lane.speed_limit)
    lines = (int(lane.line_types[0]), int(lane.line_types[1]))
    name = type(lane).__name__
    if name == "CircularLane":
        return LaneSpec.circular(
            _point(lane.center),
            float(lane.radius),
            float(lane.start_phase),
            float(lane.end_phase),
            bool(lane.clockwise),
            width_m=float(lane.width),
            line_types=lines,
            forbidden=bool(lane.forbidden),
            speed_limit_mps=limit,
            priority=int(lane.priority),
        )
    if name == "SineLane":
        return LaneSpec.sine(
            _point(lane.start),
            _point(lane.end),
            float(lane.amplitude),
            float(lane.pulsation),
            float(lane.phase),
            width_m=float(lane.width),
            line_types=lines,
            forbidden=bool(lane.forbidden),
            speed_limit_mps=limit,
            priority=int(lane.priority),
        )
    if name == "StraightLane":
        return LaneSpec.straight(
            _point(lane.start),
            _point(lane.end),
            width_m=float(lane.width),
            line_types=lines,
            forbidden=bool(lane.forbidden),
            speed_limit_mps=limit,
            priority=int(lane.priority),
        )
    raise ConfigurationError(
        f"a lane of class {name} cannot be taken over; expected StraightLane, SineLane or CircularLane"
    )


def _exact_row(lane: Any, kind: LaneKind) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    row = np.zeros(LaneFloat.OFFSET)
    c = LaneFloat
    if kind is LaneKind.CIRCULAR:
        row[[c.ORIGIN_X, c.ORIGIN_Y]] = lane.center
        row[c.RADIUS], row[c.START_PHASE], row[c.TURN] = lane.radius, lane.start_phase, lane.direction
    else:
        row[[c.ORIGIN_X, c.ORIGIN_Y]] = lane.start
        row[[c.DIRECTION_X, c.DIRECTION_Y]] = lane.direction
        row[[c.LATERAL_X, c.LATERAL_Y]] = lane.direction_lateral
        row[c.HEADING] = lane.heading
        if kind is LaneKind.SINE:
            row[[c.AMPLITUDE, c.PULSATION, c.PHASE]] = lane.amplitude, lane.pulsation, lane.phase
    limit = np.nan if lane.speed_limit is None else lane.speed_limit
    row[[c.LENGTH, c.WIDTH, c.SPEED_LIMIT]] = lane.length, lane.width, limit
    return row


def take_network(
    graph: Mapping[str, Mapping[str, Iterable[Any]]], *, connected_lanes: bool, exact: bool = False
) -> RoadNetwork:
    """Take over the roads.

    Args:
        graph: ``road.network.graph`` of highway-env.
        connected_lanes: ``road.neighbour_vehicles_connected_lanes``.
        exact: Keep every bit instead of rounding to 2**-20 (parity tests).
    """
    rows: dict[str, dict[str, list[LaneRow]]] = {}
    for origin, roads in graph.items():
        rows[origin] = {}
        for destination, lanes in roads.items():
            rows[origin][destination] = []
            for lane in lanes:
                spec = lane_spec(lane)
                numbers = _exact_row(lane, spec.kind) if exact else spec.row()
                rows[origin][destination].append(
                    (numbers, int(spec.kind), spec.forbidden, spec.line_types, spec.priority)
                )
    return network_from_rows(rows, connected_lanes=connected_lanes)


def vehicle_spec(entity: Any, kind: EntityKind | None = None) -> VehicleSpec:
    """Describe a highway-env vehicle or object.

    Args:
        entity: A ``Vehicle``, ``IDMVehicle``, ``MDPVehicle``, ``Obstacle`` or ``Landmark``.
        kind: Take it over as this kind instead of its own.

    Raises:
        ConfigurationError: An entity of another class.
    """
    name = type(entity).__name__
    if name not in _KINDS:
        raise ConfigurationError(
            f"an entity of class {name} cannot be taken over; expected one of {', '.join(_KINDS)}"
        )
    target = getattr(entity, "target_lane_index", None)
    target_speed = getattr(entity, "target_speed", None)
    return VehicleSpec(
        kind=_KINDS[name] if kind is None else kind,
        x_m=float(entity.position[0]),
        y_m=float(entity.position[1]),
        heading_rad=float(entity.heading),
        speed_mps=float(entity.speed),
        target_lane=None if target is None else _lane_index(target),
        target_speed_mps=None if target_speed is None else float(target_speed),
        route=_route(entity),
        delta=float(getattr(entity, "DELTA", 4.0)),
        timer_s=float(entity.timer) if hasattr(entity, "timer") else None,
        lane_changes=bool(getattr(entity, "enable_lane_change", True)),
        length_m=float(entity.LENGTH),
        width_m=float(entity.WIDTH),
        max_speed_mps=float(getattr(entity, "MAX_SPEED", 40.0)),
        min_speed_mps=float(getattr(entity, "MIN_SPEED", -40.0)),
        check_collisions=bool(entity.check_collisions),
    )


def _lane_index(index: Any) -> LaneIndex:
    return str(index[0]), str(index[1]), int(index[2])


def _route(entity: Any) -> tuple[RouteStep, ...]:
    steps = getattr(entity, "route", None) or ()
    return tuple((str(a), str(b), None if k is None else int(k)) for a, b, k in steps)


def take_traffic(vehicle_class: Any) -> TrafficParameters:
    """Read IDM's and MOBIL's constants from highway-env's ``IDMVehicle`` class, as they are now."""
    return TrafficParameters(
        distance_wanted_m=float(vehicle_class.DISTANCE_WANTED),
        time_wanted_s=float(vehicle_class.TIME_WANTED),
        comfort_acceleration_mps2=float(vehicle_class.COMFORT_ACC_MAX),
        comfort_braking_mps2=float(vehicle_class.COMFORT_ACC_MIN),
        max_acceleration_mps2=float(vehicle_class.ACC_MAX),
        politeness=float(vehicle_class.POLITENESS),
        min_gain_mps2=float(vehicle_class.LANE_CHANGE_MIN_ACC_GAIN),
        max_braking_imposed_mps2=float(vehicle_class.LANE_CHANGE_MAX_BRAKING_IMPOSED),
        lane_change_delay_s=float(vehicle_class.LANE_CHANGE_DELAY),
    )


def take_world(
    road: Any,
    ego: Any,
    *,
    exact: bool = False,
    ego_kind: EntityKind | None = EntityKind.EGO,
    agents: Sequence[Any] = (),
    simulation_hz: int = SIMULATION_HZ,
    policy_hz: int = POLICY_HZ,
    open_traffic: OpenTraffic | None = None,
) -> World:
    """Take over a road with its vehicles and objects.

    Args:
        road: highway-env's ``Road``.
        ego: The vehicle under test, one of ``road.vehicles``; None for none.
        exact: Keep every bit, the ego's kind included, instead of rounding (parity tests).
        ego_kind: What the ego becomes; None keeps its own kind.
        agents: All controlled vehicles, the ego first; the ego alone if not given.
        simulation_hz: Simulation steps in a second.
        policy_hz: Decisions in a second.
        open_traffic: How vehicles appear and leave; None where they do not.

    Raises:
        ConfigurationError: Something on the road is of an unknown class.
    """
    network = take_network(
        road.network.graph, connected_lanes=bool(road.neighbour_vehicles_connected_lanes), exact=exact
    )
    entities = [*road.vehicles, *road.objects]
    place = next((place for place, entity in enumerate(entities) if entity is ego), -1)
    controlled = tuple(
        next(place for place, entity in enumerate(entities) if entity is agent) for agent in agents
    )
    keep = exact or ego_kind is None
    specs = [
        vehicle_spec(entity, ego_kind if number == place and not keep else None)
        for number, entity in enumerate(entities)
    ]
    speeds = next((v.target_speeds for v in entities if hasattr(v, "target_speeds")), (20.0, 25.0, 30.0))
    traffic = next(
        (take_traffic(type(v)) for v in entities if type(v).__name__ == "IDMVehicle"), TrafficParameters()
    )
    world = build_world(
        network,
        specs,
        ego=place,
        traffic=traffic,
        target_speeds_mps=tuple(float(s) for s in speeds),
        agents=controlled,
        simulation_hz=simulation_hz,
        policy_hz=policy_hz,
        regulated=type(road).__name__ == "RegulatedRoad",
        open_traffic=open_traffic,
    )
    return _exact_state(world, entities) if exact else world


def _exact_state(world: World, entities: list[Any]) -> World:
    """The same world with every number as highway-env holds it."""
    numbers, integers = world.entity_float.copy(), world.entity_int.copy()
    f, i = EntityFloat, EntityInt
    for place, entity in enumerate(entities):
        numbers[[f.X, f.Y], place] = entity.position
        numbers[f.HEADING, place], numbers[f.SPEED, place] = entity.heading, entity.speed
        numbers[[f.COS, f.SIN], place] = np.cos(entity.heading), np.sin(entity.heading)
        numbers[f.LENGTH, place], numbers[f.WIDTH, place] = entity.LENGTH, entity.WIDTH
        numbers[f.DIAGONAL, place] = entity.diagonal
        numbers[f.TIMER, place] = getattr(entity, "timer", 0.0)
        numbers[f.TARGET_SPEED, place] = getattr(entity, "target_speed", 0.0)
        numbers[f.DELTA, place] = getattr(entity, "DELTA", 4.0)
        integers[i.LANE, place] = world.network.lane(_lane_index(entity.lane_index))
        integers[i.CRASHED, place], integers[i.HIT, place] = entity.crashed, entity.hit
        integers[i.COLLIDABLE, place], integers[i.SOLID, place] = entity.collidable, entity.solid
        integers[i.SPEED_INDEX, place] = getattr(entity, "speed_index", 0)
        action = getattr(entity, "action", None)
        if action is not None:
            numbers[f.STEERING, place] = action["steering"]
            numbers[f.ACCELERATION, place] = action["acceleration"]
            if entity.impact is not None:
                integers[i.HAS_IMPACT, place] = 1
                numbers[[f.IMPACT_X, f.IMPACT_Y], place] = entity.impact
    return World(
        network=world.network,
        entity_float=numbers,
        entity_int=integers,
        route=world.route.copy(),
        vehicles=world.vehicles,
        ego=world.ego,
        traffic=world.traffic,
        target_speeds_mps=world.target_speeds_mps,
        agents=world.agents,
        simulation_hz=world.simulation_hz,
        policy_hz=world.policy_hz,
        regulated=world.regulated,
        road_steps=world.road_steps,
        open_traffic=world.open_traffic,
    )
