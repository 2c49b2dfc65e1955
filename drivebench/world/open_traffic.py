"""Open traffic: vehicles that leave the world and others that appear while an episode runs."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.layout import GAINS, EntityKind, RandomInt
from drivebench.world.network import LaneIndex, RoadNetwork, RouteStep

__all__ = ["OpenTraffic"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class OpenTraffic:
    """How vehicles appear (highway-env ``IntersectionEnv._spawn_vehicle``) and leave (``_clear_vehicles``).

    Attributes:
        entries: Lanes on which vehicles can appear.
        routes: For each entry and each other entry's side as destination, the roads to take; ``routes[k][m]``
            leads from entry k to side m, empty where k == m.
        probability: That one appears between two decisions.
        random: The stream of random numbers from which they are drawn, columns ``RandomInt``, as six integers
            below 2**64; it is part of the world's state.
        kind: What appears: IDM or LINEAR vehicles.
        gains: Bounds (low, high) between which the five gains of a LINEAR vehicle are drawn; none for IDM.
    """

    entries: tuple[LaneIndex, ...]
    routes: tuple[tuple[tuple[RouteStep, ...], ...], ...]
    probability: float
    random: tuple[int, ...]
    kind: EntityKind = EntityKind.IDM
    gains: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        count = len(self.entries)
        if count < 2 or len(self.routes) != count or any(len(row) != count for row in self.routes):
            raise ConfigurationError(
                f"{count} entries and routes of {[len(row) for row in self.routes]}; expected at least two "
                "entries and a route from each of them to each"
            )
        if not 0.0 <= self.probability <= 1.0:
            raise ConfigurationError(f"probability {self.probability}; expected a number from 0 to 1")
        whole = all(type(word) is int and 0 <= word < 2**64 for word in self.random)
        if len(self.random) != len(RandomInt) or not whole:
            raise ConfigurationError(
                f"random state {self.random}; expected {len(RandomInt)} integers below 2**64, as "
                "`open_takeover.random_words` gives them for a NumPy generator"
            )
        expected = {EntityKind.IDM: 0, EntityKind.LINEAR: GAINS}.get(self.kind)
        if expected is None or len(self.gains) != expected:
            raise ConfigurationError(
                f"open traffic of kind {self.kind.name} with bounds of {len(self.gains)} gains; expected IDM "
                f"vehicles without any, or LINEAR ones with {GAINS}"
            )
        if not all(math.isfinite(low) and math.isfinite(high) and low <= high for low, high in self.gains):
            raise ConfigurationError(f"bounds of gains {self.gains}; expected finite pairs (low, high)")

    def words(self) -> npt.NDArray[np.uint64]:
        """[columns ``RandomInt``] the state of the random numbers."""
        return np.array(self.random, dtype=np.uint64)

    def tables(self, network: RoadNetwork) -> tuple[Ints, Ints]:
        """What the step needs to know of entries and routes.

        Args:
            network: The roads.

        Returns:
            [E] lanes on which vehicles appear, and [E, E, K, 3] routes from an entry to a side: nodes, lane
            number or -1; -1 past the last step.

        Raises:
            ConfigurationError: A lane or road that the network does not have, or no route to another side.
        """
        count = len(self.entries)
        lanes = np.array([network.lane(entry) for entry in self.entries], dtype=np.int64)
        longest = max(len(route) for row in self.routes for route in row)
        routes = np.full((count, count, max(longest, 1), 3), -1, dtype=np.int64)
        for k, row in enumerate(self.routes):
            for m, route in enumerate(row):
                if k != m and not route:
                    raise ConfigurationError(f"no route from entry {k} to side {m} of {count}; expected one")
                for step, road in enumerate(route):
                    routes[k, m, step] = network.route_step(road)
        return lanes, routes
