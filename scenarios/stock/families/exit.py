"""``ExitEnv``: fast, and off the motorway."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world import RoadNetwork
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, WorldInt
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import Common, clipped, followed_lane, speed_share, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPEED, _CRASHED = int(EntityFloat.SPEED), int(EntityInt.CRASHED)
_ID, _NETWORK = int(LaneInt.ID), int(WorldInt.NETWORK)
_NORMALISED = int(Common.NORMALISED)


class _Setting(IntEnum):
    """Places in the settings: rows of the two lanes that lead out."""

    LEAVING = 0
    LEFT = 1


_LEAVING, _LEFT = int(_Setting.LEAVING), int(_Setting.LEFT)


@kernel
def _judge(
    lane_int: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    common: Floats,
    weights: Floats,
    settings: Floats,
    reward: Floats,
    terminated: Flags,
    success: Flags,
    part: Floats,
) -> None:
    for world in range(len(agents)):
        integers, i = entity_int[world], agents[world, 0]
        lane = followed_lane(integers, i)
        success[world] = lane in (settings[_LEAVING], settings[_LEFT])
        part[world, 0] = integers[_CRASHED, i] != 0
        part[world, 1] = success[world]
        part[world, 2] = speed_share(entity_float[world, _SPEED, i], common)
        part[world, 3] = lane_int[world_int[world, _NETWORK], lane, _ID]
        total = weighed(part, world, weights, common)
        reward[world] = clipped(total) if common[_NORMALISED] != 0.0 else total
        terminated[world] = integers[_CRASHED, i] != 0


def _settings(config: Mapping[str, Any], network: RoadNetwork) -> Mapping[IntEnum, float]:
    leaving = network.lane(("1", "2", config["lanes_count"]))
    return {_Setting.LEAVING: leaving, _Setting.LEFT: network.lane(("2", "exit", 0))}


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", bool),
        ("goal_reward", bool),
        ("high_speed_reward", float),
        ("right_lane_reward", int),
    ),
    bounds=(("collision_reward",), ("goal_reward",)),
    settings=_settings,
    success="step",
    unread=("initial_lane_id", "lane_change_reward", "offroad_terminal"),
)
