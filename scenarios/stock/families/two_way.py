"""``TwoWayEnv``: fast, and on the left. A road of one lane, where highway-env divides by 0, has no left."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.layout import EntityInt, EntityKind, LaneInt, WorldInt
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import default_speed_share, followed_lane, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_CRASHED, _SPEED_INDEX = int(EntityInt.CRASHED), int(EntityInt.SPEED_INDEX)
_CONTROLLED = int(EntityKind.CONTROLLED)
_ID, _ROAD_LANES = int(LaneInt.ID), int(LaneInt.ROAD_LANES)
_NETWORK, _TARGET_SPEEDS = int(WorldInt.NETWORK), int(WorldInt.TARGET_SPEEDS)


@kernel
def _judge(
    lane_int: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    common: Floats,
    weights: Floats,
    reward: Floats,
    terminated: Flags,
    part: Floats,
) -> None:
    for world in range(len(agents)):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        lanes = lane_int[world_int[world, _NETWORK]]
        others = lanes[integers[_LANE, i], _ROAD_LANES] - 1
        left = others - lanes[followed_lane(integers, i), _ID]
        if integers[_KIND, i] == _CONTROLLED:
            part[world, 0] = integers[_SPEED_INDEX, i] / (world_int[world, _TARGET_SPEEDS] - 1)
        else:
            part[world, 0] = default_speed_share(numbers, integers, i)
        part[world, 1] = left / others if others > 0 else 0.0
        reward[world] = weighed(part, world, weights, common)
        terminated[world] = integers[_CRASHED, i] != 0


RULES = FamilyRules(
    kernel=_judge,
    parts=(("high_speed_reward", float), ("left_lane_reward", float)),
    has_duration=False,
    unread=("collision_reward", "left_lane_constraint"),
)
