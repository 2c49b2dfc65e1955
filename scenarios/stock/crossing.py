"""highway-env's intersection: where its vehicles appear and leave, in the names of its own nodes."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork
from drivebench.world.build import plan_route
from drivebench.world.layout import EntityKind, LaneInt
from drivebench.world.network import LaneIndex, RouteStep
from drivebench.world.open_takeover import random_words
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.stock_classes import check_constants, class_kind

__all__ = ["exits", "take_open_traffic"]

_SIDES = range(4)
_ENTRIES: tuple[LaneIndex, ...] = tuple((f"o{side}", f"ir{side}", 0) for side in _SIDES)
"""The ways in."""

APPEARING = {
    "LENGTH": 5.0,
    "WIDTH": 2.0,
    "MAX_SPEED": 40.0,
    "MIN_SPEED": -40.0,
    "DELTA_RANGE": [3.5, 4.5],
}
"""What the compiled world gives to each vehicle that appears, whatever its class."""


def exits(graph: Mapping[str, Mapping[str, Iterable[Any]]]) -> frozenset[LaneIndex]:
    """The lanes at whose ends vehicles leave (``IntersectionEnv._clear_vehicles``).

    Args:
        graph: ``road.network.graph`` of highway-env.
    """
    return frozenset(
        (origin, destination, number)
        for origin, roads in graph.items()
        for destination, lanes in roads.items()
        if "il" in origin and "o" in destination
        for number, _ in enumerate(lanes)
    )


@lru_cache(maxsize=64)
def _routes(network: RoadNetwork) -> tuple[tuple[tuple[RouteStep, ...], ...], ...]:
    """From each way in to each side, as highway-env plans them."""
    return tuple(
        tuple(plan_route(network, lane, f"o{side}") if lane[0] != f"o{side}" else () for side in _SIDES)
        for lane in _ENTRIES
    )


def take_open_traffic(environment: Any, network: RoadNetwork, vehicle_class: Any) -> OpenTraffic:
    """Read how vehicles appear and leave from highway-env's intersection, as it is after a reset.

    Args:
        environment: ``IntersectionEnv``, unwrapped.
        network: Its roads, taken over with their ``exits``.
        vehicle_class: The class of its traffic (its configuration's ``other_vehicles_type``).

    Raises:
        ConfigurationError: Traffic of a class that is neither IDM nor linear, or not as highway-env has it;
            roads without exits.
    """
    kind = class_kind(vehicle_class)
    if kind not in (EntityKind.IDM, EntityKind.LINEAR):
        raise ConfigurationError(
            f"traffic of class {vehicle_class.__name__} cannot appear; expected IDM or linear vehicles"
        )
    check_constants(vehicle_class, APPEARING)
    if not network.lane_int[:, LaneInt.EXIT].any():
        raise ConfigurationError("open traffic on roads without an exit; expected `take_network(exits=...)`")
    gains: tuple[tuple[float, float], ...] = ()
    if kind is EntityKind.LINEAR:
        ranges = (vehicle_class.ACCELERATION_RANGE, vehicle_class.STEERING_RANGE)
        gains = tuple(
            (float(low), float(high)) for bounds in ranges for low, high in zip(*bounds, strict=True)
        )
    return OpenTraffic(
        entries=_ENTRIES,
        routes=_routes(network),
        probability=float(environment.config["spawn_probability"]),
        random=random_words(environment.np_random),
        kind=kind,
        gains=gains,
    )
