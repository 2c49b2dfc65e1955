"""Step a highway-env road in the compiled world and hand its state back.

highway-env lays some roads out by driving on them: the reset of its intersection steps 45 times before the
last vehicles join. As in ``takeover``, nothing of highway-env is imported, only attributes are read and set.
"""

from typing import Any, Literal

import numpy as np

from drivebench.world.batch import WorldBatch
from drivebench.world.clock import SIMULATION_HZ
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.network import RoadNetwork
from drivebench.world.takeover import take_world

__all__ = ["advance_road"]


def advance_road(
    road: Any,
    steps: int,
    *,
    simulation_hz: int = SIMULATION_HZ,
    numerics: Literal["canonical", "parity"] = "canonical",
    network: RoadNetwork | None = None,
) -> None:
    """Do what ``steps`` times ``road.act()`` and ``road.step(1 / simulation_hz)`` do to the vehicles.

    Vehicles collide with ``road.objects``, but what happens to those is not handed back: no obstacle has
    ``crashed`` afterwards, no landmark was ``hit``. The intersection, whose reset steps the road, has none.

    Args:
        road: highway-env's ``Road`` with its vehicles; none of them under control.
        steps: How often.
        simulation_hz: Steps in a second.
        numerics: Parity gives highway-env's bits; canonical starts from rounded states and gives the same
            bits everywhere.
        network: The road's network if it was taken over before.

    Raises:
        ConfigurationError: Something on the road cannot be taken over.
    """
    if road.vehicles and steps > 0:
        world = take_world(
            road,
            None,
            exact=numerics == "parity",
            ego_kind=None,
            simulation_hz=simulation_hz,
            policy_hz=simulation_hz,
            network=network,
        )
        batch = WorldBatch([world], numerics=numerics)
        batch.warm_up([0], steps)
        for place, vehicle in enumerate(road.vehicles):
            numbers, integers = batch.entity_float[0, :, place], batch.entity_int[0, :, place]
            _hand_back(vehicle, numbers.tolist(), integers.tolist(), world.network)
    if hasattr(road, "steps"):
        road.steps += steps


def _hand_back(vehicle: Any, numbers: list[float], integers: list[int], network: RoadNetwork) -> None:
    """Set the attributes of one vehicle."""
    f, i = EntityFloat, EntityInt
    vehicle.position = np.array([numbers[f.X], numbers[f.Y]])
    vehicle.heading, vehicle.speed = numbers[f.HEADING], numbers[f.SPEED]
    vehicle.action = {"steering": numbers[f.STEERING], "acceleration": numbers[f.ACCELERATION]}
    vehicle.crashed, vehicle.hit = bool(integers[i.CRASHED]), bool(integers[i.HIT])
    vehicle.impact = np.array([numbers[f.IMPACT_X], numbers[f.IMPACT_Y]]) if integers[i.HAS_IMPACT] else None
    vehicle.lane_index = network.lane_index[integers[i.LANE]]
    vehicle.lane = vehicle.road.network.get_lane(vehicle.lane_index)
    if hasattr(vehicle, "target_lane_index"):
        vehicle.target_lane_index = network.lane_index[integers[i.TARGET_LANE]]
        vehicle.target_speed = numbers[f.TARGET_SPEED]
        if vehicle.route:
            del vehicle.route[: len(vehicle.route) - integers[i.ROUTE_LEFT]]
    if hasattr(vehicle, "timer"):
        vehicle.timer = numbers[f.TIMER]
    if integers[i.YIELDING]:
        vehicle.is_yielding, vehicle.yield_timer, vehicle.color = True, 0, None
    elif getattr(vehicle, "is_yielding", False):
        vehicle.is_yielding = False
        del vehicle.color
