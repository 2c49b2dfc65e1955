"""Small worlds that need no highway-env: a motorway, a merge with a sine lane, a ring with routes."""

import math

import numpy as np

from drivebench.world import EntityKind, RoadNetwork, World
from drivebench.world.build import (
    LaneSpec,
    VehicleSpec,
    build_network,
    build_world,
    plan_route,
    vehicle_on_lane,
)


def motorway_network(lanes: int = 4, length_m: float = 2000.0) -> RoadNetwork:
    return build_network(
        ("0", "1", LaneSpec.straight((0.0, 4.0 * k), (length_m, 4.0 * k), speed_limit_mps=30.0))
        for k in range(lanes)
    )


def motorway(seed: int, vehicles: int = 20, *, ego: EntityKind = EntityKind.EGO) -> World:
    rng = np.random.default_rng(seed)
    network = motorway_network()
    cars = []
    for place in range(vehicles):
        lane = ("0", "1", int(rng.integers(4)))
        cars.append(
            vehicle_on_lane(
                network,
                lane,
                100.0 + 13.0 * place + rng.uniform(0.0, 4.0),
                speed_mps=rng.uniform(20.0, 28.0),
                kind=ego if place == 0 else EntityKind.IDM,
                target_speed_mps=rng.uniform(18.0, 30.0),
                delta=rng.uniform(3.5, 4.5),
            )
        )
    return build_world(network, cars)


def merge(seed: int) -> World:
    rng = np.random.default_rng(seed)
    straight = [
        (a, b, LaneSpec.straight((x0, 4.0 * k), (x1, 4.0 * k), speed_limit_mps=20.0))
        for a, b, x0, x1 in (("a", "b", 0.0, 150.0), ("b", "c", 150.0, 300.0))
        for k in range(2)
    ]
    ramp = LaneSpec.sine((0.0, 12.0), (150.0, 12.0), 2.0, 2 * math.pi / 150.0, 0.0, forbidden=True)
    network = build_network([*straight, ("j", "b", ramp)], connected_lanes=True)
    cars = [
        vehicle_on_lane(
            network, ("j", "b", 0), 20.0, speed_mps=15.0, kind=EntityKind.EGO, lateral_m=rng.uniform(-1, 1)
        )
    ]
    cars += [
        vehicle_on_lane(
            network,
            ("a", "b", k % 2),
            20.0 * k + rng.uniform(0.0, 8.0),
            speed_mps=rng.uniform(10.0, 20.0),
            target_speed_mps=20.0,
            delta=rng.uniform(3.5, 4.5),
        )
        for k in range(6)
    ]
    obstacle = VehicleSpec(
        kind=EntityKind.OBSTACLE, x_m=290.0, y_m=4.0, length_m=2.0, width_m=2.0, lane_changes=False
    )
    return build_world(network, [*cars, obstacle])


def ring(seed: int) -> World:
    rng = np.random.default_rng(seed)
    lanes = []
    for k, radius in enumerate((24.0, 20.0)):
        del k
        for quarter, (a, b) in enumerate((("e", "s"), ("s", "w"), ("w", "n"), ("n", "e"))):
            start = quarter * math.pi / 2
            lanes.append((a, b, LaneSpec.circular((0.0, 0.0), radius, start, start + math.pi / 2)))
    lanes.append(("s", "out", LaneSpec.straight((0.0, 24.0), (-80.0, 24.0))))
    network = build_network(lanes, connected_lanes=True)
    cars = []
    for place in range(6):
        lane = (("e", "s"), ("s", "w"), ("w", "n"), ("n", "e"))[place % 4] + (int(rng.integers(2)),)
        route = plan_route(network, lane, "out") if place % 2 else ()
        cars.append(
            vehicle_on_lane(
                network,
                lane,
                rng.uniform(0.0, 20.0),
                speed_mps=rng.uniform(4.0, 9.0),
                kind=EntityKind.EGO if place == 0 else EntityKind.IDM,
                target_speed_mps=8.0,
                route=route,
            )
        )
    return build_world(network, cars)


def assorted(count: int) -> list[World]:
    makers = (motorway, merge, ring)
    return [makers[k % 3](k) for k in range(count)]
