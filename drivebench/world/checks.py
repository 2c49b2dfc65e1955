"""What a world must satisfy before anything is stepped; kernels rely on it and check nothing themselves.

Kernels index arrays without looking at bounds: a number that is not checked here may read other memory.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.clock import REGULATION_HZ
from drivebench.world.layout import MAX_TARGET_SPEEDS, EntityFloat, EntityInt, EntityKind
from drivebench.world.network import RoadNetwork

__all__ = [
    "MOST_ENTITIES",
    "check_agents",
    "check_clock",
    "check_entities",
    "check_lanes",
    "check_regulated",
    "check_routes",
    "check_target_speeds",
]

MOST_ENTITIES = 2000
"""Vehicles and objects in one world: four times the 500 vehicles up to which the benchmark shows that cost
grows linearly, and as many as stand bumper to bumper on 10 km of road. More is a mistake, and its tables
would take tens of megabytes for each thread."""

_UNBOUNDED = (EntityFloat.MAX_SPEED, EntityFloat.MIN_SPEED)


def check_entities(numbers: npt.NDArray[np.float64], integers: npt.NDArray[np.int64], vehicles: int) -> None:
    """Refuse too many entities, kinds out of place, numbers that are not finite, and sizes of zero.

    Args:
        numbers: [rows ``EntityFloat``, N].
        integers: [rows ``EntityInt``, N].
        vehicles: How many of them are vehicles.

    Raises:
        ConfigurationError: Names the entity, the quantity and its value.
    """
    count = numbers.shape[1]
    if count > MOST_ENTITIES:
        raise ConfigurationError(
            f"a world of {count} vehicles and objects; expected at most {MOST_ENTITIES}. Leave out those "
            "that the ego cannot meet, or spread them over several worlds"
        )
    if count == 0:
        return
    wrong = ~np.isfinite(numbers)
    for row in _UNBOUNDED:
        wrong[row] = np.isnan(numbers[row])
    if wrong.any():
        first, entity = (int(place[0]) for place in np.nonzero(wrong))
        raise ConfigurationError(
            f"entity {entity} has {EntityFloat(first).name.lower()} {numbers[first, entity]}; expected a "
            "finite number (SI units, radians)"
        )
    for row in (EntityFloat.LENGTH, EntityFloat.WIDTH):
        if not numbers[row].min() > 0.0:
            entity = int(numbers[row].argmin())
            raise ConfigurationError(
                f"entity {entity} has {row.name.lower()} {numbers[row, entity]} m; expected more than 0"
            )
    kinds = integers[EntityInt.KIND]
    if not 0 <= kinds.min() <= kinds.max() <= max(EntityKind):
        raise ConfigurationError(
            f"entities of kinds {sorted(set(kinds.tolist()))}; expected those of EntityKind, "
            f"{min(EntityKind)} to {max(EntityKind)}"
        )
    misplaced = (kinds < EntityKind.OBSTACLE) != (np.arange(count) < vehicles)
    if misplaced.any():
        entity = int(misplaced.argmax())
        raise ConfigurationError(
            f"entity {entity} of a world with {vehicles} vehicles is of kind "
            f"{EntityKind(kinds[entity]).name}; expected vehicles first, then obstacles and landmarks"
        )


def check_lanes(integers: npt.NDArray[np.int64], lanes: int) -> None:
    """Refuse entities on lanes that the network does not have.

    Args:
        integers: [rows ``EntityInt``, N].
        lanes: How many lanes there are.

    Raises:
        ConfigurationError: Names the entity and the lane.
    """
    for row in (EntityInt.LANE, EntityInt.TARGET_LANE):
        wrong = (integers[row] < 0) | (integers[row] >= lanes)
        if wrong.any():
            entity = int(wrong.argmax())
            raise ConfigurationError(
                f"entity {entity} has {row.name.lower()} {integers[row, entity]}; expected the row of one of "
                f"the {lanes} lanes of its network"
            )


def check_routes(integers: npt.NDArray[np.int64], route: npt.NDArray[np.int64], network: RoadNetwork) -> None:
    """Refuse routes that lead over roads or lanes that the network does not have.

    Args:
        integers: [rows ``EntityInt``, N].
        route: [N, K, 3] from node, to node, lane number or -1.
        network: The roads.

    Raises:
        ConfigurationError: Names the entity and the step of its route.
    """
    start, left = integers[EntityInt.ROUTE_START], integers[EntityInt.ROUTE_LEFT]
    steps = np.arange(route.shape[1])
    wrong = (start < 0) | (left < 0) | (start + left > len(steps))
    if wrong.any():
        entity = int(wrong.argmax())
        raise ConfigurationError(
            f"entity {entity} is at step {start[entity]} of its route and has {left[entity]} left; expected "
            f"steps of the {len(steps)} that its route has room for"
        )
    live = (steps >= start[:, None]) & (steps < (start + left)[:, None])
    if not live.any():
        return
    roads = route[live]
    nodes = len(network.nodes)
    known = ((roads[:, :2] >= 0) & (roads[:, :2] < nodes)).all(axis=1)
    ends = np.where(known[:, None], roads[:, :2], 0)
    lanes = np.where(known, network.road_lanes[ends[:, 0], ends[:, 1]], 0)
    wrong = (lanes == 0) | (roads[:, 2] < -1) | (roads[:, 2] >= lanes)
    if wrong.any():
        entity, step = np.argwhere(live)[int(wrong.argmax())].tolist()
        raise ConfigurationError(
            f"step {step} of the route of entity {entity} is {tuple(route[entity, step].tolist())} (from "
            f"node, to node, lane number or -1); expected a road of its network, whose nodes are "
            f"{network.nodes}, and one of its lanes"
        )


def check_agents(integers: npt.NDArray[np.int64], agents: Sequence[int], target_speeds: int) -> None:
    """Refuse rows of the array that contradict who is controlled, and names that two entities share.

    Args:
        integers: [rows ``EntityInt``, N].
        agents: The controlled vehicles.
        target_speeds: How many target speeds CONTROLLED vehicles have.

    Raises:
        ConfigurationError: Names the entity.
    """
    expected = np.full(integers.shape[1], -1, dtype=np.int64)
    expected[list(agents)] = range(len(agents))
    wrong = integers[EntityInt.AGENT] != expected
    if wrong.any():
        entity = int(wrong.argmax())
        raise ConfigurationError(
            f"entity {entity} is agent {integers[EntityInt.AGENT, entity]} in the array, but "
            f"{expected[entity]} by agents={tuple(agents)}; expected the same, -1 for none"
        )
    identities = integers[EntityInt.IDENTITY]
    if len(np.unique(identities)) != len(identities):
        raise ConfigurationError(f"identities {identities.tolist()}; expected no two alike")
    index = integers[EntityInt.SPEED_INDEX]
    wrong = (index < 0) | (index >= target_speeds)
    if wrong.any():
        entity = int(wrong.argmax())
        raise ConfigurationError(
            f"entity {entity} has target speed number {index[entity]}; expected 0 to {target_speeds - 1}"
        )


def check_regulated(network: RoadNetwork, simulation_hz: int) -> None:
    """Refuse regulated roads on which highway-env fails, too.

    Args:
        network: The roads.
        simulation_hz: Simulation steps in a second.

    Raises:
        ConfigurationError: Too few steps for the rhythm of giving way (highway-env divides by zero), or a
            lane without a speed limit (it has no speed to return to).
    """
    if simulation_hz < REGULATION_HZ:
        raise ConfigurationError(
            f"a regulated road with {simulation_hz} simulation step in a second; expected at least "
            f"{REGULATION_HZ}, as often as it settles who gives way"
        )
    for lane, index in enumerate(network.lane_index):
        if network.speed_limit_mps(lane) is None:
            raise ConfigurationError(
                f"lane {index} of a regulated road has no speed limit; expected one on each lane, for who "
                "has given way goes on at it"
            )


def check_clock(simulation_hz: object, policy_hz: object) -> None:
    """Refuse rates that are not whole numbers, and more decisions than simulation steps.

    Raises:
        ConfigurationError: Names both.
    """
    rates = simulation_hz, policy_hz
    if any(isinstance(rate, bool) or not isinstance(rate, int | np.integer) for rate in rates):
        raise ConfigurationError(
            f"{simulation_hz!r} simulation steps and {policy_hz!r} decisions in a second; expected whole "
            "numbers"
        )
    if not 1 <= policy_hz <= simulation_hz:  # type: ignore[operator]  # both are whole numbers here
        raise ConfigurationError(
            f"{policy_hz} decisions and {simulation_hz} simulation steps in a second; expected at least one "
            "decision, and no more of them than steps"
        )


def check_target_speeds(speeds_mps: Sequence[float]) -> None:
    """Refuse target speeds between which CONTROLLED vehicles cannot choose.

    Raises:
        ConfigurationError: Names them.
    """
    if not 2 <= len(speeds_mps) <= MAX_TARGET_SPEEDS:
        raise ConfigurationError(f"{len(speeds_mps)} target speeds; expected 2 to {MAX_TARGET_SPEEDS}")
    if not np.isfinite(speeds_mps).all() or speeds_mps[0] == speeds_mps[-1]:
        raise ConfigurationError(
            f"target speeds {tuple(speeds_mps)}; expected finite numbers, the last one different from the "
            "first"
        )
