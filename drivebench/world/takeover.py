"""Take a road and its vehicles over from highway-env objects.

Nothing of highway-env is imported: only attributes are read, of classes that ``stock_classes`` knows. By
default everything is rounded and derived anew as in ``build``; ``exact=True`` takes over every number as it
stands, for parity tests.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world.build import REVERSE_MPS, VehicleSpec, build_world, network_from_rows
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ
from drivebench.world.lane_spec import LaneRow, LaneSpec
from drivebench.world.layout import EntityKind, LaneFloat, LaneKind
from drivebench.world.network import LaneIndex, RoadNetwork, RouteStep
from drivebench.world.numerics import PARITY, atan2
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.polyline_samples import PolylineSamples
from drivebench.world.stock_classes import entity_kind, is_regulated, lane_kind
from drivebench.world.world import TrafficParameters, World

__all__ = [
    "lane_spec",
    "take_network",
    "take_traffic",
    "take_world",
    "vehicle_spec",
]


def _point(value: Any) -> tuple[float, float]:
    return float(value[0]), float(value[1])


def lane_spec(lane: Any) -> LaneSpec:
    """Describe a highway-env lane.

    Args:
        lane: A ``StraightLane``, ``SineLane``, ``CircularLane``, ``PolyLaneFixedWidth`` or ``PolyLane``.

    Raises:
        ConfigurationError: A lane of another class.
    """
    kind = lane_kind(lane)
    common: dict[str, Any] = {
        "line_types": (int(lane.line_types[0]), int(lane.line_types[1])) if lane.line_types else (0, 0),
        "forbidden": bool(lane.forbidden),
        "speed_limit_mps": None if lane.speed_limit is None else float(lane.speed_limit),
        "priority": int(lane.priority),
        "width_m": float(lane.width),
    }
    if kind is LaneKind.CIRCULAR:
        return LaneSpec.circular(
            _point(lane.center),
            float(lane.radius),
            float(lane.start_phase),
            float(lane.end_phase),
            bool(lane.clockwise),
            **common,
        )
    if kind is LaneKind.SINE:
        return LaneSpec.sine(
            _point(lane.start),
            _point(lane.end),
            float(lane.amplitude),
            float(lane.pulsation),
            float(lane.phase),
            **common,
        )
    if kind is LaneKind.POLYLINE:
        sides = None
        if hasattr(lane, "left_boundary"):
            sides = _points(lane.left_boundary), _points(lane.right_boundary)
        return LaneSpec.polyline(_points(lane.curve), boundaries_m=sides, **common)
    return LaneSpec.straight(_point(lane.start), _point(lane.end), **common)


def _knots(curve: Any) -> tuple[Any, Any, Any]:
    """Arc lengths, x and y of the points of a ``LinearSpline2D``.

    It keeps them in the closures of its two interpolating functions only.
    """
    found = [
        dict(zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__), strict=True))
        for function in (curve.x_curve, curve.y_curve)
    ]
    return found[0]["x"], found[0]["y"], found[1]["y"]


def _points(curve: Any) -> list[tuple[float, float]]:
    _, x, y = _knots(curve)
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _exact_samples(lane: Any) -> PolylineSamples:
    curve = lane.curve
    if list(curve.s_samples) != list(range(len(curve.poses))):
        raise ConfigurationError(
            f"a {type(lane).__name__} is sampled at {curve.s_samples}; expected every metre, as is "
            "highway-env's custom"
        )
    poses = [
        (*pose.position, *pose.normal, atan2(PARITY, float(pose.normal[1]), float(pose.normal[0])))
        for pose in curve.poses
    ]
    return PolylineSamples(
        knots=np.array(_knots(curve), dtype=np.float64),
        poses=np.array(poses, dtype=np.float64).T.copy(),
        widths_m=np.array(getattr(lane, "width_samples", ()), dtype=np.float64),
    )


def _exact_row(lane: Any) -> LaneRow:
    kind = lane_kind(lane)
    row = np.zeros(LaneFloat.OFFSET)
    c = LaneFloat
    samples = None
    width = lane.width
    if kind is LaneKind.CIRCULAR:
        row[[c.ORIGIN_X, c.ORIGIN_Y]] = lane.center
        row[c.RADIUS], row[c.START_PHASE], row[c.TURN] = lane.radius, lane.start_phase, lane.direction
    elif kind is LaneKind.POLYLINE:
        samples = _exact_samples(lane)
        width = float(samples.widths_m.max(initial=0.0)) or width
    else:
        row[[c.ORIGIN_X, c.ORIGIN_Y]] = lane.start
        row[[c.DIRECTION_X, c.DIRECTION_Y]] = lane.direction
        row[[c.LATERAL_X, c.LATERAL_Y]] = lane.direction_lateral
        row[c.HEADING] = lane.heading
        if kind is LaneKind.SINE:
            row[[c.AMPLITUDE, c.PULSATION, c.PHASE]] = lane.amplitude, lane.pulsation, lane.phase
    limit = np.nan if lane.speed_limit is None else lane.speed_limit
    row[[c.LENGTH, c.WIDTH, c.SPEED_LIMIT]] = lane.length, width, limit
    lines = lane.line_types or (0, 0)
    return LaneRow(
        numbers=row,
        kind=kind,
        forbidden=bool(lane.forbidden),
        line_types=(int(lines[0]), int(lines[1])),
        priority=int(lane.priority),
        samples=samples,
    )


def take_network(
    graph: Mapping[str, Mapping[str, Iterable[Any]]],
    *,
    connected_lanes: bool,
    exact: bool = False,
    exits: Container[LaneIndex] = (),
) -> RoadNetwork:
    """Take over the roads.

    Args:
        graph: ``road.network.graph`` of highway-env.
        connected_lanes: ``road.neighbour_vehicles_connected_lanes``.
        exact: Keep every bit instead of rounding to 2**-20 (parity tests).
        exits: Lanes at whose ends vehicles of open traffic leave.
    """
    rows = {
        origin: {
            destination: [_exact_row(lane) if exact else lane_spec(lane).row() for lane in lanes]
            for destination, lanes in roads.items()
        }
        for origin, roads in graph.items()
    }
    return network_from_rows(rows, connected_lanes=connected_lanes, exits=exits)


def vehicle_spec(entity: Any, kind: EntityKind | None = None, *, exact: bool = False) -> VehicleSpec:
    """Describe a highway-env vehicle or object.

    Args:
        entity: A vehicle or object of one of highway-env's own classes.
        kind: Take it over as this kind instead of its own.
        exact: With everything that ``build_world`` derives anew otherwise, for ``build_world(exact=True)``:
            the lane that it is on, the diagonal and the chosen target speed; and with the controls of its
            last step and whether it was hit, with which no episode begins otherwise.

    Raises:
        ConfigurationError: An entity of another class, or one whose behaviour was changed.
    """
    return _spec(entity, entity_kind(entity), kind, exact=exact)


def _spec(entity: Any, own_kind: EntityKind, kind: EntityKind | None, *, exact: bool) -> VehicleSpec:
    kind = own_kind if kind is None else kind
    target = getattr(entity, "target_lane_index", None)
    target_speed = getattr(entity, "target_speed", 0.0 if exact else None)
    more: dict[str, Any] = {}
    if kind is not EntityKind.EGO:  # drivebench's ego has no reverse gear unless a scenario gives it one
        more["min_speed_mps"] = float(getattr(entity, "MIN_SPEED", REVERSE_MPS))
    if own_kind is EntityKind.LINEAR:
        more["acceleration_gains"] = tuple(float(gain) for gain in entity.ACCELERATION_PARAMETERS)
        more["steering_gains"] = tuple(float(gain) for gain in entity.STEERING_PARAMETERS)
    if own_kind is EntityKind.BICYCLE:
        more["lateral_speed_mps"] = float(entity.lateral_speed)
        more["yaw_rate_radps"] = float(entity.yaw_rate)
    if exact:
        action = getattr(entity, "action", None) or {"steering": 0.0, "acceleration": 0.0}
        more["lane"] = _lane_index(entity.lane_index)
        more["diagonal_m"] = float(entity.diagonal)
        more["speed_index"] = int(getattr(entity, "speed_index", 0))
        more["steering_rad"] = float(action["steering"])
        more["acceleration_mps2"] = float(action["acceleration"])
        more["hit"] = bool(entity.hit)
    return VehicleSpec(
        kind=kind,
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
        check_collisions=bool(entity.check_collisions),
        collidable=bool(entity.collidable),
        solid=bool(entity.solid),
        crashed=bool(entity.crashed),
        impact_m=_pending_impact(entity),
        yielding=bool(getattr(entity, "is_yielding", False)),
        **more,
    )


def _pending_impact(entity: Any) -> tuple[float, float] | None:
    """What the next step of a vehicle applies; highway-env's objects hold one that means nothing."""
    pending = hasattr(entity, "action") and entity.impact is not None
    return _point(entity.impact) if pending else None


def _lane_index(index: Any) -> LaneIndex:
    return str(index[0]), str(index[1]), int(index[2])


def _route(entity: Any) -> tuple[RouteStep, ...]:
    steps = getattr(entity, "route", None) or ()
    return tuple((str(a), str(b), None if k is None else int(k)) for a, b, k in steps)


def take_traffic(vehicle: Any) -> TrafficParameters:
    """Read IDM's and MOBIL's constants from an ``IDMVehicle`` or its class, as they are now."""
    return TrafficParameters(
        **{name: float(getattr(vehicle, constant)) for name, constant in _TRAFFIC.items()}
    )


_TRAFFIC = {
    "distance_wanted_m": "DISTANCE_WANTED",
    "time_wanted_s": "TIME_WANTED",
    "comfort_acceleration_mps2": "COMFORT_ACC_MAX",
    "comfort_braking_mps2": "COMFORT_ACC_MIN",
    "max_acceleration_mps2": "ACC_MAX",
    "politeness": "POLITENESS",
    "min_gain_mps2": "LANE_CHANGE_MIN_ACC_GAIN",
    "max_braking_imposed_mps2": "LANE_CHANGE_MAX_BRAKING_IMPOSED",
    "lane_change_delay_s": "LANE_CHANGE_DELAY",
}
"""Where highway-env keeps each of the constants."""


def _common_traffic(
    entities: Sequence[Any], kinds: Sequence[EntityKind], otherwise: TrafficParameters | None
) -> TrafficParameters:
    """The constants that all traffic of a road has in common, or others if there is none."""
    drivers = [
        entity
        for entity, kind in zip(entities, kinds, strict=True)
        if kind in (EntityKind.IDM, EntityKind.LINEAR)
    ]
    if not drivers:
        return otherwise or TrafficParameters()
    first = drivers[0]
    for driver in drivers[1:]:
        names = [
            n for n, constant in _TRAFFIC.items() if getattr(driver, constant) != getattr(first, constant)
        ]
        if names:
            raise ConfigurationError(
                "the traffic of one world must share its constants; "
                + " and ".join(
                    f"{type(v).__name__} {_place(v, entities)} has "
                    + ", ".join(f"{name} {float(getattr(v, _TRAFFIC[name]))}" for name in names)
                    for v in (first, driver)
                )
            )
    return take_traffic(first)


def _place(entity: Any, entities: Sequence[Any]) -> int:
    """Where an entity stands in a list, by identity; -1 if it does not."""
    return next((place for place, other in enumerate(entities) if other is entity), -1)


def _common_speeds(vehicles: Sequence[Any]) -> tuple[float, ...]:
    """The target speeds that all vehicles under meta-actions have in common."""
    choices = [tuple(float(s) for s in v.target_speeds) for v in vehicles if hasattr(v, "target_speeds")]
    if len(set(choices)) > 1:
        raise ConfigurationError(
            f"vehicles under meta-actions have target speeds {choices[0]} and "
            f"{next(c for c in choices if c != choices[0])}; expected the same for all of a world"
        )
    return choices[0] if choices else (20.0, 25.0, 30.0)


def take_world(
    road: Any,
    ego: Any,
    *,
    exact: bool = False,
    ego_kind: EntityKind | None = EntityKind.EGO,
    agents: Sequence[Any] = (),
    simulation_hz: int = SIMULATION_HZ,
    policy_hz: int = POLICY_HZ,
    speed_range: tuple[float, float] | None = None,
    traffic: TrafficParameters | None = None,
    open_traffic: OpenTraffic | None = None,
    network: RoadNetwork | None = None,
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
        speed_range: Least and greatest speed of the agents, if their ``ContinuousAction`` has a
            ``speed_range`` (stock sets it with the first action only).
        traffic: Constants of IDM and MOBIL where no such vehicle is on the road yet.
        open_traffic: How vehicles appear and leave; None where they do not.
        network: The road's network if it was taken over before; worlds then share it.

    Raises:
        ConfigurationError: The road or something on it is of an unknown class, or was changed in a way that
            the compiled world does not follow.
    """
    network = network or take_network(
        road.network.graph, connected_lanes=bool(road.neighbour_vehicles_connected_lanes), exact=exact
    )
    entities = [*road.vehicles, *road.objects]
    place = _place(ego, entities)
    controlled = tuple(_place(agent, entities) for agent in agents)
    if -1 in (*controlled, place if ego is not None else 0):
        raise ConfigurationError("the ego or an agent is not on the road; expected some of its vehicles")
    keep = exact or ego_kind is None
    kinds = [entity_kind(entity) for entity in entities]
    specs = [
        _spec(entity, own_kind, ego_kind if number == place and not keep else None, exact=exact)
        for number, (entity, own_kind) in enumerate(zip(entities, kinds, strict=True))
    ]
    if speed_range is not None:
        least, greatest = (float(bound) for bound in speed_range)
        for number in controlled or (place,):
            specs[number] = replace(specs[number], min_speed_mps=least, max_speed_mps=greatest)
    return build_world(
        network,
        specs,
        ego=place,
        traffic=_common_traffic(entities, kinds, traffic),
        target_speeds_mps=_common_speeds(entities),
        agents=controlled,
        simulation_hz=simulation_hz,
        policy_hz=policy_hz,
        regulated=is_regulated(road),
        road_steps=int(getattr(road, "steps", 0)),
        open_traffic=open_traffic,
        exact=exact,
    )
