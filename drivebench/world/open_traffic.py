"""Open traffic: vehicles that leave the world and others that appear while an episode runs.

highway-env's intersection does so at the end of ``env.step``, after the observation; here it happens at the
start of the next decision, which is the same order of events, and leaves state, trace and observation of a
decision consistent with each other.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.layout import RandomInt
from drivebench.world.network import LaneIndex

__all__ = ["OpenTraffic", "RouteStep"]

RouteStep = tuple[str, str, int | None]
"""A road of a route and, when fixed, the lane on it."""


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
    """

    entries: tuple[LaneIndex, ...]
    routes: tuple[tuple[tuple[RouteStep, ...], ...], ...]
    probability: float
    random: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.entries)
        if count < 2 or len(self.routes) != count or any(len(row) != count for row in self.routes):
            raise ConfigurationError(
                f"{count} entries and routes of {[len(row) for row in self.routes]}; expected at least two "
                "entries and a route from each of them to each"
            )
        if not 0.0 <= self.probability <= 1.0:
            raise ConfigurationError(f"probability {self.probability}; expected a number from 0 to 1")
        if len(self.random) != len(RandomInt) or not all(0 <= word < 2**64 for word in self.random):
            raise ConfigurationError(
                f"{len(self.random)} words of random state; expected {len(RandomInt)} integers below 2**64"
            )

    def words(self) -> npt.NDArray[np.uint64]:
        """[columns ``RandomInt``] the state of the random numbers."""
        return np.array(self.random, dtype=np.uint64)
