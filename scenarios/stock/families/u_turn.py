"""``UTurnEnv``: fast, on lanes of high number, without a crash."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, WorldInt
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import is_on_road, speed_share, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPEED = int(EntityFloat.SPEED)
_LANE, _CRASHED = int(EntityInt.LANE), int(EntityInt.CRASHED)
_ID, _ROAD_LANES = int(LaneInt.ID), int(LaneInt.ROAD_LANES)
_NETWORK = int(WorldInt.NETWORK)


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
        lanes, lane = lane_int[network], integers[_LANE, i]
        part[world, 0] = integers[_CRASHED, i] != 0
        part[world, 1] = lanes[lane, _ID] / max(lanes[lane, _ROAD_LANES] - 1, 1)
        part[world, 2] = speed_share(numbers[_SPEED, i], common)
        part[world, 3] = is_on_road(numerics, lane_float[network], lanes, numbers, integers, i)
        reward[world] = weighed(part, world, weights, common) * part[world, 3]
        terminated[world] = integers[_CRASHED, i] != 0


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", bool),
        ("left_lane_reward", float),
        ("high_speed_reward", float),
        ("on_road_reward", bool),
    ),
    bounds=(("collision_reward",), ("high_speed_reward", "left_lane_reward")),
    unread=("offroad_terminal",),
)
