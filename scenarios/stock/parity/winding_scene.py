"""A road of polylines, which none of highway-env's environments has, under one of its environments.

Two winding lanes, then two between boundaries, then one; a ramp joins them and a fork leaves.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.stock.upstream import own_environment, vehicle_class

__all__ = ["beside", "curve", "winding_scene"]

Floats = npt.NDArray[np.float64]

TIMES = {"simulation_frequency": 15, "policy_frequency": 5, "duration": 16}
TRAFFIC = 9
_STARTS = [("a", "b", 0), ("a", "b", 1), ("j", "b", 0), ("b", "c", 0), ("b", "c", 1), ("c", "d", 0)]


def curve(rng: np.random.Generator, start: Floats, heading: float, pieces: int) -> Floats:
    """Points [K, 2] of a winding curve from a start on, three to eight metres apart.

    Args:
        rng: Draws the curve.
        start: [2] its first point, m.
        heading: There, rad.
        pieces: How many follow, K - 1.
    """
    points, bend = [np.array(start, dtype=np.float64)], 0.0
    for _ in range(pieces):
        bend = 0.8 * bend + rng.normal(0.0, 0.08)
        heading += bend
        points.append(points[-1] + rng.uniform(3.0, 8.0) * np.array([np.cos(heading), np.sin(heading)]))
    return np.array(points)


def beside(points: Floats, lateral_m: float | Floats) -> Floats:
    """The same curve further to the right.

    Args:
        points: [K, 2].
        lateral_m: By how much, of all points or of each [K].
    """
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    moved: Floats = points + np.reshape(lateral_m, (-1, 1)) * np.stack([-along[:, 1], along[:, 0]], axis=1)
    return moved


def winding_scene(seed: int, action: Mapping[str, Any]) -> Any:
    """highway-env's motorway environment, with another road and other vehicles in it.

    Args:
        seed: Of the road and the vehicles.
        action: highway-env's action type, which decides the class of the ego, too.
    """
    environment = own_environment("highway-v0", seed=seed, config={**TIMES, "action": dict(action)})
    rng = np.random.default_rng([seed, 3])
    middle = curve(rng, np.zeros(2), rng.uniform(-3, 3), 60)
    network = _network(rng, middle, type(environment.road.network), forbidden=bool(seed % 2))
    road = type(environment.road)(
        network, np_random=np.random.RandomState(seed), neighbour_vehicles_connected_lanes=seed % 3 > 0
    )

    def placed(kind: Any) -> Any:
        lane = network.get_lane(_STARTS[int(rng.integers(len(_STARTS)))])
        s = rng.uniform(-2.0, lane.length - 5.0)
        position = lane.position(s, rng.normal(0.0, 0.4))
        road.vehicles.append(
            kind(road, position, lane.heading_at(s) + rng.normal(0, 0.02), rng.uniform(6, 14))
        )
        return road.vehicles[-1]

    ego = placed(environment.action_type.vehicle_class)
    for number in range(TRAFFIC):
        car = placed(vehicle_class(environment.config["other_vehicles_type"]))
        car.DELTA = rng.uniform(3.5, 4.5)
        if number % 2:
            car.plan_route_to("d" if number % 4 == 1 else "e")
    road.objects.append(vehicle_class("highway_env.vehicle.objects.Obstacle")(road, middle[-2]))
    environment.road, environment.controlled_vehicles = road, [ego]
    environment.action_type.controlled_vehicle = ego
    return environment


def _network(rng: np.random.Generator, middle: Floats, network_class: Any, *, forbidden: bool) -> Any:
    straight, fixed_width, between = (
        vehicle_class(f"highway_env.road.lane.{name}")
        for name in ("StraightLane", "PolyLaneFixedWidth", "PolyLane")
    )
    network = network_class()
    for origin, destination, points in (
        ("a", "b", middle[:26]),
        ("b", "c", middle[25:45]),
        ("c", "d", middle[44:]),
    ):
        for side in (0,) if origin == "c" else (0, 1):
            line = beside(points, 4.0 * side)
            if origin == "b":
                widths = rng.uniform(1.5, 3.5, len(points))
                edges = beside(line, -widths), beside(line, widths[::-1])
                lane = between(line, *edges, line_types=(1, 1), speed_limit=15)
            else:
                lane = fixed_width(line, width=rng.uniform(3.5, 5.0), line_types=(1, 1), speed_limit=18)
            network.add_lane(origin, destination, lane)
    ramp = beside(middle[:26], np.linspace(25.0, 5.0, 26))
    network.add_lane("j", "b", fixed_width(ramp, forbidden=forbidden, speed_limit=None))
    along = middle[44] - middle[43]
    network.add_lane("c", "e", straight(middle[44], middle[44] + 12 * along, line_types=(1, 1)))
    return network
