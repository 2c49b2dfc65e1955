"""How much room a batch has: the largest of everything that its worlds need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world.checks import MOST_ENTITIES
from drivebench.world.layout import LaneFloat, LaneInt
from drivebench.world.world import World

__all__ = ["ROOM", "Capacity", "route_steps"]

ROOM = 8
"""Columns that open traffic has at first for vehicles that appear; more are made when they run out."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Room to leave in a batch for worlds that are loaded later; ``load`` makes room when there is none."""

    entities: int = 1
    lanes: int = 1
    route_steps: int = 1
    neighbour_lanes: int = 1
    lane_numbers: int = 1
    """Columns behind the fixed ones: offsets of connected lanes and samples of polylines."""
    agents: int = 1
    entries: int = 0
    actors: int = 0
    gusts: int = 0
    """Decisions with a gust in a script."""
    actor_speeds: int = 0
    """Decisions with speeds of actors in a script."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
                raise ConfigurationError(f"room for {value!r} {name}; expected a whole number, 0 or more")
        if self.entities > MOST_ENTITIES + ROOM:
            raise ConfigurationError(
                f"room for {self.entities} entities; expected at most {MOST_ENTITIES}, as a world has no more"
            )

    @classmethod
    def of(cls, worlds: Sequence[World]) -> Self:
        """The least capacity that holds each of these worlds."""
        scripts = [world.script for world in worlds if world.script is not None]
        return cls(
            entities=max(world.entities + (ROOM if world.open_traffic else 0) for world in worlds),
            lanes=max(world.network.lane_float.shape[0] for world in worlds),
            route_steps=max(route_steps(world) for world in worlds),
            neighbour_lanes=max(world.network.lane_int.shape[1] - LaneInt.NEIGHBOUR for world in worlds),
            lane_numbers=max(world.network.lane_float.shape[1] - LaneFloat.OFFSET for world in worlds),
            agents=max(1, *(len(world.agents) for world in worlds)),
            entries=max(len(world.open_traffic.entries) if world.open_traffic else 0 for world in worlds),
            actors=max((len(script.actors) for script in scripts), default=0),
            gusts=max((len(script.steering_gust_rad) for script in scripts), default=0),
            actor_speeds=max((len(script.speeds_mps) for script in scripts), default=0),
        )

    def joined(self, other: "Capacity") -> "Capacity":
        """The least capacity that holds what either holds."""
        return Capacity(**{name: max(value, getattr(other, name)) for name, value in vars(self).items()})


def route_steps(world: World) -> int:
    """Roads of the longest route of a vehicle that is there or may appear; at least one."""
    routes = world.open_traffic.routes if world.open_traffic else ()
    longest: int = world.route.shape[1]
    return max(longest, *(len(route) for row in routes for route in row), 1)
