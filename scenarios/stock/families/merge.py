"""``MergeEnv`` and ``MergeGenericEnv``: fast, and nobody on the merging lane is slowed down."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world import RoadNetwork
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneInt, WorldInt
from scenarios.stock.family_rules import FamilyRules, lane_changes
from scenarios.stock.reward_terms import Common, share_of, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _SPEED, _TARGET_SPEED = int(EntityFloat.X), int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_KIND, _LANE, _CRASHED = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.CRASHED)
_IDM, _CONTROLLED, _LINEAR = int(EntityKind.IDM), int(EntityKind.CONTROLLED), int(EntityKind.LINEAR)
_ID = int(LaneInt.ID)
_NETWORK, _VEHICLES = int(WorldInt.NETWORK), int(WorldInt.VEHICLES)
_SLOWEST, _FASTEST = int(Common.SLOWEST_MPS), int(Common.FASTEST_MPS)


class _Setting(IntEnum):
    """Places in the settings."""

    END_M = 0
    """Past which x the episode ends."""
    MERGING = 1
    """The row of the lane on which is counted who is slowed down, -1 for none."""


_END, _MERGING = int(_Setting.END_M), int(_Setting.MERGING)

_MERGING_LANE = ("b", "c", 2)
"""Where the reward of merge counts who is slowed down, whatever lane that is in the generic one."""
_END_M = 370
_BEFORE_END_M = 90
"""Where ``MergeEnv`` ends, and how far before the end of its road ``MergeGenericEnv`` does."""


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
    lane_changed: Floats,
    reward: Floats,
    terminated: Flags,
    part: Floats,
) -> None:
    for world in range(len(agents)):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        slowed = 0.0
        for j in range(world_int[world, _VEHICLES]):
            merges = integers[_LANE, j] == settings[_MERGING]
            if merges and integers[_KIND, j] in (_IDM, _CONTROLLED, _LINEAR):
                wanted = numbers[_TARGET_SPEED, j]
                slowed = slowed + (wanted - numbers[_SPEED, j]) / wanted
        part[world, 0] = integers[_CRASHED, i] != 0
        part[world, 1] = lane_int[world_int[world, _NETWORK], integers[_LANE, i], _ID]
        part[world, 2] = share_of(numbers[_SPEED, i], common[_SLOWEST], common[_FASTEST])
        part[world, 3] = lane_changed[world]
        part[world, 4] = slowed
        reward[world] = weighed(part, world, weights, common)
        terminated[world] = integers[_CRASHED, i] != 0 or numbers[_X, i] > settings[_END]


def _settings(config: Mapping[str, Any], network: RoadNetwork) -> Mapping[IntEnum, float]:
    sections = ("before", "converge", "parallel", "after")
    is_generic = "before_merge_length" in config
    length = sum(config[f"{section}_merge_length"] for section in sections) if is_generic else 0
    lanes = network.lane_index
    return {
        _Setting.END_M: length - _BEFORE_END_M if is_generic else _END_M,
        _Setting.MERGING: lanes.index(_MERGING_LANE) if _MERGING_LANE in lanes else -1,
    }


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", bool),
        ("right_lane_reward", float),
        ("high_speed_reward", float),
        ("lane_change_reward", bool),
        ("merging_speed_reward", float),
    ),
    bounds=(("collision_reward", "merging_speed_reward"), ("high_speed_reward", "right_lane_reward")),
    settings=_settings,
    measure=lane_changes,
    has_duration=False,
)
