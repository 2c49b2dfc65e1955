"""Small worlds that need no highway-env.

A motorway, a merge with a sine lane, a ring with routes, a crossing, a winding road of polylines with linear
traffic and a car with tyre forces, a parking lot for a car with a reverse gear.
"""

import math
from dataclasses import replace

import numpy as np

from drivebench.world import EntityKind, RoadNetwork, World
from drivebench.world.build import VehicleSpec, build_network, build_world, plan_route, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.open_takeover import random_words
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.world import TrafficParameters


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


def crossing_network() -> RoadNetwork:
    """Four arms of 40 m, nodes o (outer) and i (inner) with the number of the arm; straight on and left."""
    turns = ((1, 0), (0, 1), (-1, 0), (0, -1))

    def turned(x: float, y: float, arm: int) -> tuple[float, float]:
        cosine, sine = turns[arm]
        return cosine * x - sine * y, sine * x + cosine * y

    lanes = []
    for arm in range(4):
        right_of_way = 3 if arm % 2 else 1
        across, left = (arm + 2) % 4, (arm + 1) % 4

        def straight(
            a: tuple[float, float], b: tuple[float, float], priority: int, arm: int = arm
        ) -> LaneSpec:
            return LaneSpec.straight(
                turned(*a, arm), turned(*b, arm), speed_limit_mps=10.0, priority=priority
            )

        lanes.append((f"o{arm}", f"i{arm}", straight((2.0, 51.0), (2.0, 11.0), right_of_way)))
        lanes.append((f"i{arm}", f"e{across}", straight((2.0, 11.0), (2.0, -11.0), right_of_way)))
        start = arm * math.pi / 2
        lanes.append(
            (
                f"i{arm}",
                f"e{left}",
                LaneSpec.circular(
                    turned(-11.0, 11.0, arm),
                    13.0,
                    start,
                    start - math.pi / 2,
                    clockwise=False,
                    speed_limit_mps=10.0,
                    priority=right_of_way - 1,
                ),
            )
        )
        lanes.append((f"e{arm}", f"x{arm}", straight((-2.0, 11.0), (-2.0, 51.0), right_of_way)))
    return build_network(lanes, exits={(f"e{arm}", f"x{arm}", 0) for arm in range(4)})


def crossing(
    seed: int,
    *,
    kind: EntityKind = EntityKind.IDM,
    probability: float = 0.4,
    vehicles: int = 6,
    ego: EntityKind = EntityKind.EGO,
    policy_hz: int = 5,
) -> World:
    """Regulated, with open traffic; the fourth vehicle is a second agent, and there is an obstacle.

    The second and the third vehicle are about to leave.
    """
    rng = np.random.default_rng(seed)
    network = crossing_network()
    entries = tuple((f"o{arm}", f"i{arm}", 0) for arm in range(4))
    routes = tuple(
        tuple(plan_route(network, entry, f"x{arm}") if f"o{arm}" != entry[0] else () for arm in range(4))
        for entry in entries
    )
    cars = []
    for place in range(vehicles):
        arm = place % 4
        leaving = place in (1, 2)
        kinds = {0: ego, 3: EntityKind.CONTROLLED}
        cars.append(
            vehicle_on_lane(
                network,
                (f"e{arm}", f"x{arm}", 0) if leaving else entries[arm],
                rng.uniform(0.0, 18.0) if leaving else rng.uniform(20.0, 30.0) - 15.0 * (place // 4),
                speed_mps=rng.uniform(6.0, 9.0),
                kind=kinds.get(place, kind),
                target_speed_mps=9.0,
                route=() if leaving else routes[arm][(arm + 1 + place % 2) % 4],
                delta=rng.uniform(3.5, 4.5),
            )
        )
    rock = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=30.0, y_m=30.0, length_m=2.0, width_m=2.0)
    return build_world(
        network,
        [*cars, rock],
        traffic=TrafficParameters(
            distance_wanted_m=7.0, comfort_acceleration_mps2=6.0, comfort_braking_mps2=-3.0
        ),
        target_speeds_mps=(0.0, 4.5, 9.0),
        agents=(0, 3) if vehicles > 3 else (0,),
        policy_hz=policy_hz,
        regulated=True,
        open_traffic=OpenTraffic(
            entries=entries,
            routes=routes,
            probability=probability,
            random=random_words(rng),
            kind=kind,
            gains=((0.1, 0.4),) * 3 + ((4.9, 5.1), (7.0, 9.0)) if kind is EntityKind.LINEAR else (),
        ),
    )


def winding_points(seed: int, count: int = 40) -> list[tuple[float, float]]:
    """Points of a winding line, three to six metres apart."""
    rng = np.random.default_rng([seed, 31])
    points, heading = [(0.0, 0.0)], rng.uniform(-3.0, 3.0)
    for _ in range(count):
        heading += rng.normal(0.0, 0.06)
        step = rng.uniform(3.0, 6.0)
        x, y = points[-1]
        points.append((x + step * math.cos(heading), y + step * math.sin(heading)))
    return points


def _beside(points: list[tuple[float, float]], lateral_m: float) -> list[tuple[float, float]]:
    line = np.array(points)
    along = np.gradient(line, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    return [(x - lateral_m * b, y + lateral_m * a) for (x, y), (a, b) in zip(points, along, strict=True)]


def winding_network(seed: int) -> RoadNetwork:
    """Two polylines side by side, then one between boundaries that part."""
    points = winding_points(seed)
    first, second = points[:25], points[24:]
    last = LaneSpec.polyline(
        second,
        boundaries_m=(
            _beside(second, -2.0),
            [(x + 0.02 * k, y) for k, (x, y) in enumerate(_beside(second, 3.0))],
        ),
        speed_limit_mps=12.0,
    )
    return build_network(
        [
            ("a", "b", LaneSpec.polyline(first, width_m=3.5, speed_limit_mps=15.0)),
            ("a", "b", LaneSpec.polyline(_beside(first, 3.5), width_m=3.5, speed_limit_mps=15.0)),
            ("b", "c", last),
        ],
        connected_lanes=True,
    )


def winding(seed: int) -> World:
    """Linear traffic of three tempers, and an ego with tyre forces or without."""
    rng = np.random.default_rng(seed)
    network = winding_network(seed)
    kind = EntityKind.BICYCLE if seed % 2 else EntityKind.EGO
    cars = [vehicle_on_lane(network, ("a", "b", 0), 12.0, speed_mps=8.0, kind=kind)]
    for place in range(7):
        lane = ("b", "c", 0) if place > 4 else ("a", "b", place % 2)
        car = vehicle_on_lane(
            network,
            lane,
            rng.uniform(5.0, 60.0),
            lateral_m=rng.normal(0.0, 0.3),
            speed_mps=rng.uniform(5.0, 12.0),
            kind=EntityKind.LINEAR,
            target_speed_mps=rng.uniform(8.0, 15.0),
        )
        gains = tuple(rng.uniform(0.5, 1.5, 3) * (0.3, 0.3, 2.0))
        cars.append(replace(car, acceleration_gains=gains))
    return build_world(network, cars, traffic=TrafficParameters(time_wanted_s=2.5, min_gain_mps2=1.0))


def parking(seed: int) -> World:
    """An ego with a reverse gear among walls and parked cars, with a place to reach."""
    rng = np.random.default_rng(seed)
    network = build_network(
        ("a", "b", LaneSpec.straight((4.0 * k, 10.0), (4.0 * k, 18.0), line_types=(2, 2))) for k in range(8)
    )
    parked = [
        VehicleSpec(kind=EntityKind.PLAIN, x_m=4.0 * k, y_m=14.0, heading_rad=math.pi / 2)
        for k in rng.permutation(8)[:4]
    ]
    ego = VehicleSpec(
        kind=EntityKind.EGO,
        x_m=rng.uniform(2.0, 26.0),
        y_m=rng.uniform(-2.0, 6.0),
        heading_rad=rng.uniform(-3.0, 3.0),
        min_speed_mps=-5.0,
    )
    wall = VehicleSpec(
        kind=EntityKind.OBSTACLE, x_m=14.0, y_m=20.0, heading_rad=0.3, length_m=40.0, width_m=1.0
    )
    goal = VehicleSpec(kind=EntityKind.LANDMARK, x_m=12.0, y_m=4.0, length_m=2.0, width_m=2.0)
    return build_world(network, [ego, *parked, wall, goal])


def assorted(count: int) -> list[World]:
    makers = (motorway, merge, ring, winding, crossing, parking)
    return [makers[k % len(makers)](k) for k in range(count)]
