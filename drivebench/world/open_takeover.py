"""Take open traffic over from highway-env's intersection.

As in ``takeover``, nothing of highway-env is imported, only attributes are read.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world.build import plan_route
from drivebench.world.layout import EntityKind
from drivebench.world.network import LaneIndex, RoadNetwork, RouteStep
from drivebench.world.open_traffic import OpenTraffic

__all__ = ["is_exit", "random_words", "take_open_traffic"]

_KINDS = {
    "IDMVehicle": EntityKind.IDM,
    "LinearVehicle": EntityKind.LINEAR,
    "AggressiveVehicle": EntityKind.LINEAR,
    "DefensiveVehicle": EntityKind.LINEAR,
}
_SIDES = range(4)
_ENTRIES: tuple[LaneIndex, ...] = tuple((f"o{side}", f"ir{side}", 0) for side in _SIDES)
"""The ways into highway-env's intersection."""


def is_exit(origin: str, destination: str) -> bool:
    """Whether a road leads out of the intersection (``IntersectionEnv._clear_vehicles``)."""
    return "il" in origin and "o" in destination


def random_words(generator: np.random.Generator) -> tuple[int, ...]:
    """The state of NumPy's default generator, columns ``RandomInt``.

    Raises:
        ConfigurationError: It draws from another bit generator than PCG64.
    """
    state: Any = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise ConfigurationError(
            f"a generator with {state['bit_generator']} cannot be taken over; expected NumPy's PCG64"
        )
    words = [half for name in ("state", "inc") for half in divmod(int(state["state"][name]), 1 << 64)]
    return (*words, int(state["has_uint32"]), int(state["uinteger"]))


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
        network: Its roads, taken over.
        vehicle_class: The class of its traffic (its configuration's ``other_vehicles_type``).

    Raises:
        ConfigurationError: Traffic of a class that is neither IDM nor linear.
    """
    kind = _KINDS.get(vehicle_class.__name__)
    if kind is None:
        raise ConfigurationError(
            f"traffic of class {vehicle_class.__name__} cannot appear; expected IDM or linear vehicles"
        )
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
