"""``HighwayEnv``: fast, to the right, without a crash."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, WorldInt
from drivebench.world.numerics import cos
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import Common, followed_lane, is_on_road, speed_share, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_HEADING, _SPEED = int(EntityFloat.HEADING), int(EntityFloat.SPEED)
_LANE, _CRASHED = int(EntityInt.LANE), int(EntityInt.CRASHED)
_ID, _ROAD_LANES = int(LaneInt.ID), int(LaneInt.ROAD_LANES)
_NETWORK = int(WorldInt.NETWORK)
_OFFROAD_ENDS = int(Common.OFFROAD_ENDS)


@kernel
def _judge(
    numerics: int | None,
    lane_float: Floats,
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
        network = world_int[world, _NETWORK]
        lanes = lane_int[network]
        others = max(lanes[integers[_LANE, i], _ROAD_LANES] - 1, 1)
        forward_mps = numbers[_SPEED, i] * cos(numerics, numbers[_HEADING, i])
        on_road = is_on_road(numerics, lane_float[network], lanes, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = crashed
        part[world, 1] = lanes[followed_lane(integers, i), _ID] / others
        part[world, 2] = speed_share(forward_mps, common)
        part[world, 3] = on_road
        reward[world] = weighed(part, world, weights, common) * part[world, 3]
        terminated[world] = crashed or (common[_OFFROAD_ENDS] != 0.0 and not on_road)


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", float),
        ("right_lane_reward", float),
        ("high_speed_reward", float),
        ("on_road_reward", float),
    ),
    bounds=(("collision_reward",), ("high_speed_reward", "right_lane_reward")),
    unread=("lane_change_reward",),
)
