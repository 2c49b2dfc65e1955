"""Flowing traffic about the ego: vehicles spawned along lanes, settled in the compiled core, free of crashes.

How a scene is made:

1. Every vehicle, the one that becomes the ego included, is an IDM/MOBIL driver of highway-env with target
   speeds around the limit and IDM's exponent drawn from [3.5, 4.5], as stock highway-env draws it.
2. The scene drives for a few seconds in the compiled core, so that gaps and speeds have settled.
3. It is then driven on, for as long as the family says, still without an ego. A vehicle that collides on the
   way is taken out, and the scene is made again without it. What is left is traffic that gets along with
   itself.
4. The chosen vehicle becomes the ego where it is, at the speed that it has: in the flow.

Nobody drives in reverse (highway-env's IDM does when it stands too near to its leader). Poses, speeds and
timers are rounded to 2**-20 when the ego takes over.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.scenario import episode_generator, uniform
from drivebench.world import EntityKind, RoadNetwork, TrafficParameters, World, WorldBatch
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from drivebench.world.clock import SIMULATION_HZ
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.network import LaneIndex, RouteStep

__all__ = [
    "EXPONENTS",
    "closer",
    "column_of_vehicles",
    "drivers_under",
    "settled",
    "start_offset",
    "with_ego",
]

EXPONENTS = (3.5, 4.5)
"""Range of IDM's exponent: ``IDMVehicle.DELTA_RANGE`` of highway-env."""
HALF = 0.5
BESIDE_M = (0.4, 0.9)
"""Lateral offset of off-course starts; turned by 0.04 rad, the corners are 2.0 m from the lane's centre."""
ASKEW_M, ASKEW_RAD = 0.3, (0.015, 0.03)
"""Nominal starts are as far off as this: at 26 m/s, holding the wheel still leaves the lane within 5 s and
almost any motorway within 30 s."""
CLOSER = 0.7
"""Distances in dense traffic, as a share of those in nominal traffic."""
HEADWAY_S = 0.8
"""Of aggressive drivers. Below 0.9 s, half of half the speedometer's value in metres, following is an offence
in Germany (Bußgeldkatalog-Verordnung, annex, nos. 12.5 to 12.7)."""
IMPOSED_BRAKING_MPS2, LEAST_GAIN_MPS2 = 4.0, 0.1
"""What aggressive drivers impose on others by changing lanes, and how little they do it for: the values of
the MOBIL paper (Kesting, Treiber, Helbing 2007), twice and half of those in highway-env."""
STUCK_S = 15.0
ATTEMPTS = 12
"""How often a scene is made again without the vehicles that collided."""


def closer(gaps_m: tuple[float, float], condition: str) -> tuple[float, float]:
    """Range of distances between vehicles under a condition.

    A builder draws the nominal traffic, then the place of the ego, and under ``dense`` the traffic again from
    the condition's own stream, so that the place is the same.

    Args:
        gaps_m: Of nominal traffic.
        condition: Of the episode; ``dense`` is the one that matters.
    """
    return (CLOSER * gaps_m[0], CLOSER * gaps_m[1]) if condition == "dense" else gaps_m


def drivers_under(parameters: TrafficParameters, condition: str) -> TrafficParameters:
    """Constants of IDM and MOBIL under a condition.

    Args:
        parameters: Of nominal traffic.
        condition: Of the episode; ``aggressive`` is the one that matters.
    """
    if condition != "aggressive":
        return parameters
    return replace(
        parameters,
        time_wanted_s=HEADWAY_S,
        max_braking_imposed_mps2=IMPOSED_BRAKING_MPS2,
        min_gain_mps2=LEAST_GAIN_MPS2,
    )


def column_of_vehicles(
    network: RoadNetwork,
    lane: LaneIndex,
    *,
    start_m: float,
    end_m: float,
    gaps_m: tuple[float, float],
    target_speed_mps: tuple[float, float],
    route: tuple[RouteStep, ...] = (),
    lane_changes: bool = True,
    generator: np.random.Generator,
) -> list[VehicleSpec]:
    """A column of traffic on one lane.

    Args:
        network: The roads.
        lane: Where.
        start_m: Longitudinal position before which nobody is.
        end_m: Longitudinal position beyond which nobody is.
        gaps_m: Range of the distances from centre to centre.
        target_speed_mps: Range of the speeds that drivers want. All begin at the slowest of them.
        route: Roads that all of them take, beginning with the one of the lane; empty for none.
        lane_changes: Whether they may change lanes.
        generator: Source of randomness.
    """
    found = []
    position = start_m + uniform(generator, 0.0, gaps_m[1])
    while position < end_m:
        wanted = uniform(generator, *target_speed_mps)
        found.append(
            vehicle_on_lane(
                network,
                lane,
                position,
                speed_mps=target_speed_mps[0],
                target_speed_mps=wanted,
                route=route,
                delta=uniform(generator, *EXPONENTS),
                timer_s=uniform(generator, 0.0, 1.0),
                lane_changes=lane_changes,
            )
        )
        position += uniform(generator, *gaps_m)
    return found


def settled(
    network: RoadNetwork,
    vehicles: Sequence[VehicleSpec],
    obstacles: Sequence[VehicleSpec] = (),
    *,
    protagonist: int,
    warm_up_s: float,
    horizon_s: float,
    parameters: TrafficParameters | None = None,
    regulated: bool = False,
    ego_may_lag: bool = False,
    neighbours: tuple[int, ...] = (),
    crossing_m: float = 0.0,
) -> tuple[VehicleSpec, ...]:
    """Warm traffic up, and take out who would collide before the horizon.

    Args:
        network: The roads.
        vehicles: Traffic, the future ego among them.
        obstacles: Objects on the road.
        protagonist: Place of the future ego in ``vehicles``; it keeps its lane and is never taken out.
        warm_up_s: How long the scene drives before it starts.
        horizon_s: How long the traffic has to get along after that.
        parameters: Constants of IDM and MOBIL; highway-env's if not given.
        regulated: Whether vehicles give way to each other by priority, the future ego among them.
        ego_may_lag: Whether traffic has to get along without the future ego, too, as if it never came.
        neighbours: Places of others that are taken out only where nobody else can be.
        crossing_m: Whoever stands so near to the origin for the last 15 s is taken out, too: vehicles that
            wait for each other on a crossing wait for ever.

    Returns:
        The vehicles at the start of the episode, the future ego first.

    Raises:
        ConfigurationError: Collisions remain after several attempts: the scene is too dense for its drivers.
    """
    vehicles = [
        replace(vehicle, min_speed_mps=0.0, lane_changes=vehicle.lane_changes and place != protagonist)
        for place, vehicle in enumerate(vehicles)
    ]
    present = list(range(len(vehicles)))
    for _ in range(ATTEMPTS):
        order = [protagonist, *(name for name in present if name != protagonist)]
        scene = [*(vehicles[name] for name in order), *obstacles]
        world = build_world(network, scene, ego=-1, traffic=parameters, regulated=regulated)
        batch = WorldBatch([world])
        batch.warm_up([0], round(warm_up_s * SIMULATION_HZ))
        places = set(np.flatnonzero(batch.crashed[0, : world.vehicles]).tolist())
        if not places:
            begun = _vehicles(batch.snapshot(0))
            for absent in (0, 1) if ego_may_lag else (0,):
                start = build_world(
                    network,
                    [*begun[absent:], *obstacles],
                    ego=-1,
                    traffic=parameters,
                    regulated=regulated,
                )
                batch = WorldBatch([start])
                batch.warm_up([0], round((horizon_s - STUCK_S) * SIMULATION_HZ))
                x, y = batch.x[0].copy(), batch.y[0].copy()
                batch.warm_up([0], round(STUCK_S * SIMULATION_HZ))
                stuck = x * x + y * y < crossing_m * crossing_m
                stuck &= abs(batch.x[0] - x) + abs(batch.y[0] - y) < 1.0
                stuck[: 1 - absent] = False  # the future ego has another driver than this one
                found = np.flatnonzero(((batch.crashed[0] != 0) | stuck)[: start.vehicles])
                places |= {place + absent for place in found.tolist()}
        crashed = {order[place] for place in places}
        if not crashed:
            return begun
        # Of a pair, the one that was placed later goes.
        candidates = sorted(crashed - {protagonist, *neighbours}) or sorted(crashed - {protagonist})
        victims = candidates[len(candidates) // 2 :]
        present = [name for name in present if name not in victims]
    raise ConfigurationError(
        f"traffic of {len(vehicles)} vehicles still collides after {ATTEMPTS} attempts; spawn it less densely"
    )


def start_offset(scenario: str, condition: str, seed: int, *, turn_rad: float) -> tuple[float, float]:
    """Where the ego starts: lateral offset (m) and heading error (rad), both to the right.

    Under ``off-course`` it is 0.4 to 0.9 m beside, so that its corners are still on the lane's asphalt. Under
    all other conditions it is as a driver is found, a little beside and a little askew, and the same.

    Args:
        scenario: Id of the scenario.
        condition: Of the episode.
        seed: The episode's seed.
        turn_rad: Largest heading error of ``off-course``.
    """
    off_course = condition == "off-course"
    generator = episode_generator(scenario, condition if off_course else "nominal", seed)
    side = -1.0 if generator.random() < HALF else 1.0
    turn = -1.0 if generator.random() < HALF else 1.0
    if off_course:
        return side * uniform(generator, *BESIDE_M), turn * uniform(generator, ASKEW_RAD[0], turn_rad)
    return side * uniform(generator, 0.0, ASKEW_M), turn * uniform(generator, *ASKEW_RAD)


def with_ego(
    network: RoadNetwork,
    vehicles: Sequence[VehicleSpec],
    obstacles: Sequence[VehicleSpec] = (),
    *,
    lateral_m: float,
    heading_error_rad: float,
    parameters: TrafficParameters | None = None,
    regulated: bool = False,
) -> World:
    """Turn the first vehicle into the ego, on its lane but displaced as the condition says.

    Args:
        network: The roads.
        vehicles: From :func:`settled`.
        obstacles: Objects on the road.
        lateral_m: To the right of the lane's centre.
        heading_error_rad: From the lane's direction to the right.
        parameters: The same as for :func:`settled`.
        regulated: The same.
    """
    first = vehicles[0]
    lane = network.closest_lane(first.x_m, first.y_m, first.heading_rad)
    longitudinal_m, _ = network.local_coordinates(lane, first.x_m, first.y_m)
    x, y = network.position(lane, longitudinal_m, lateral_m)
    ego = replace(
        first,
        kind=EntityKind.EGO,
        x_m=x,
        y_m=y,
        heading_rad=network.heading_at(lane, longitudinal_m) + heading_error_rad,
        route=(),
    )
    return build_world(
        network, [ego, *vehicles[1:], *obstacles], ego=0, traffic=parameters, regulated=regulated
    )


def _vehicles(world: World) -> tuple[VehicleSpec, ...]:
    """Describe the vehicles of a world as they are."""
    network = world.network
    numbers, integers = world.entity_float, world.entity_int
    f, i = EntityFloat, EntityInt
    return tuple(
        VehicleSpec(
            kind=EntityKind(int(integers[i.KIND, place])),
            x_m=float(numbers[f.X, place]),
            y_m=float(numbers[f.Y, place]),
            heading_rad=float(numbers[f.HEADING, place]),
            speed_mps=float(numbers[f.SPEED, place]),
            target_lane=network.lane_index[int(integers[i.TARGET_LANE, place])],
            target_speed_mps=float(numbers[f.TARGET_SPEED, place]),
            route=_route(world, world.route[place], integers[:, place]),
            delta=float(numbers[f.DELTA, place]),
            timer_s=float(numbers[f.TIMER, place]),
            lane_changes=bool(integers[i.LANE_CHANGES, place]),
            length_m=float(numbers[f.LENGTH, place]),
            width_m=float(numbers[f.WIDTH, place]),
            min_speed_mps=float(numbers[f.MIN_SPEED, place]),
            yielding=bool(integers[i.YIELDING, place]),
        )
        for place in range(world.vehicles)
    )


def _route(world: World, steps: NDArray[np.int64], integers: NDArray[np.int64]) -> tuple[RouteStep, ...]:
    start, left = int(integers[EntityInt.ROUTE_START]), int(integers[EntityInt.ROUTE_LEFT])
    nodes = world.network.nodes
    return tuple(
        (nodes[int(origin)], nodes[int(to)], None if lane < 0 else int(lane))
        for origin, to, lane in steps[start : start + left].tolist()
    )
