"""The ids of highway-env, what each of them is, and how gymnasium comes to know ours.

Nothing but strings and numbers, so that registering the ids imports neither highway-env nor a kernel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivebench.errors import UnknownNameError
from drivebench.gymnasium_ids import Environment

__all__ = ["ENVIRONMENTS", "IDS", "StockId", "stock_id"]


@dataclass(frozen=True, kw_only=True)
class StockId:
    """One of highway-env's registered ids.

    Attributes:
        name: highway-env's id; ours is ``drivebench/stock-<name>``.
        cls: highway-env's class, ``module:name`` below ``highway_env.envs``.
        family: Its file in ``families``: which reward, end of episode, and information.
        max_episode_steps: Where gymnasium truncates it; None for never.
        agents_apart: Whether highway-env's ``MultiAgentWrapper`` is around it: the reward and the end of
            each agent instead of all together.
        preset: What the constructor of the class changes in its default configuration.
    """

    name: str
    cls: str
    family: str
    max_episode_steps: int | None = None
    agents_apart: bool = False
    preset: Mapping[str, Any] = field(default_factory=dict)


def _both(name: str, cls: str, family: str) -> tuple[StockId, StockId]:
    """Version 0, and version 1, in which neighbours are looked for on connected lanes, too."""
    module, plain = cls.split(":")
    return (
        StockId(name=f"{name}-v0", cls=cls, family=family),
        StockId(name=f"{name}-v1", cls=f"{module}:ConnectedLane{plain}", family=family),
    )


_CROSSING = "intersection_env:IntersectionEnv"
_CROSSING_AGENTS = "intersection_env:MultiAgentIntersectionEnv"
_CROSSING_CONNECTED = "intersection_env:ConnectedLaneIntersectionEnv"
_CROSSING_AGENTS_CONNECTED = "intersection_env:ConnectedLaneMultiAgentIntersectionEnv"
_CROSSING_CONTINUOUS = "intersection_env:ContinuousIntersectionEnv"

IDS: Mapping[str, StockId] = {
    entry.name: entry
    for entry in (
        *_both("exit", "exit_env:ExitEnv", "exit"),
        StockId(name="highway-v0", cls="highway_env:HighwayEnv", family="highway"),
        StockId(name="highway-fast-v0", cls="highway_env:HighwayEnvFast", family="highway"),
        StockId(name="intersection-v0", cls=_CROSSING, family="intersection"),
        StockId(name="intersection-v1", cls=_CROSSING_CONTINUOUS, family="intersection"),
        StockId(name="intersection-v2", cls=_CROSSING_CONNECTED, family="intersection"),
        StockId(name="intersection-multi-agent-v0", cls=_CROSSING_AGENTS, family="intersection"),
        StockId(
            name="intersection-multi-agent-v1",
            cls=_CROSSING_AGENTS,
            family="intersection",
            agents_apart=True,
        ),
        StockId(
            name="intersection-multi-agent-v2",
            cls=_CROSSING_AGENTS_CONNECTED,
            family="intersection",
            agents_apart=True,
        ),
        StockId(
            name="lane-keeping-v0",
            cls="lane_keeping_env:LaneKeepingEnv",
            family="lane_keeping",
            max_episode_steps=200,
        ),
        *_both("merge", "merge_env:MergeEnv", "merge"),
        *_both("merge-generic", "merge_env:MergeGenericEnv", "merge"),
        StockId(name="parking-v0", cls="parking_env:ParkingEnv", family="parking"),
        StockId(
            name="parking-ActionRepeat-v0",
            cls="parking_env:ParkingEnvActionRepeat",
            family="parking",
            preset={"policy_frequency": 1, "duration": 20},
        ),
        StockId(
            name="parking-parked-v0",
            cls="parking_env:ParkingEnvParkedVehicles",
            family="parking",
            preset={"vehicles_count": 10},
        ),
        *_both("racetrack", "racetrack_env:RacetrackEnv", "racetrack"),
        *_both("racetrack-large", "racetrack_env:RacetrackEnvLarge", "racetrack"),
        *_both("racetrack-oval", "racetrack_env:RacetrackEnvOval", "racetrack"),
        *_both("roundabout", "roundabout_env:RoundaboutEnv", "roundabout"),
        *_both("roundabout-generic", "roundabout_env:RoundaboutGenericEnv", "roundabout"),
        StockId(name="two-way-v0", cls="two_way_env:TwoWayEnv", family="two_way", max_episode_steps=15),
        *_both("u-turn", "u_turn_env:UTurnEnv", "u_turn"),
    )
}
"""highway-env 1.12's ids, by name."""


def stock_id(name: str) -> StockId:
    """The entry of one of highway-env's ids.

    Args:
        name: Such as ``highway-fast-v0``.

    Raises:
        UnknownNameError: No such id; suggests the nearest.
    """
    if name not in IDS:
        raise UnknownNameError("highway-env id", name, IDS)
    return IDS[name]


ENVIRONMENTS = tuple(
    Environment(
        name=f"stock-{entry.name}",
        entry_point="scenarios.stock.environment:StockEnv",
        vector_entry_point="scenarios.stock.vector:StockVectorEnv",
        max_episode_steps=entry.max_episode_steps,
        check=not entry.agents_apart,
        kwargs={"stock_id": entry.name},
    )
    for entry in IDS.values()
)
"""What gymnasium is told."""
