"""``RoundaboutEnv`` and ``RoundaboutGenericEnv``: fast, without changing lanes."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.layout import EntityInt, WorldInt
from scenarios.stock.family_rules import FamilyRules, lane_changes
from scenarios.stock.reward_terms import default_speed_share, is_on_road, weighed

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CRASHED, _NETWORK = int(EntityInt.CRASHED), int(WorldInt.NETWORK)


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
    lane_changed: Floats,
    reward: Floats,
    terminated: Flags,
    part: Floats,
) -> None:
    for world in range(len(agents)):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        network = world_int[world, _NETWORK]
        part[world, 0] = integers[_CRASHED, i] != 0
        part[world, 1] = default_speed_share(numbers, integers, i)
        part[world, 2] = lane_changed[world]
        part[world, 3] = is_on_road(numerics, lane_float[network], lane_int[network], numbers, integers, i)
        reward[world] = weighed(part, world, weights, common) * part[world, 3]
        terminated[world] = integers[_CRASHED, i] != 0


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", bool),
        ("high_speed_reward", float),
        ("lane_change_reward", bool),
        ("on_road_reward", bool),
    ),
    bounds=(("collision_reward",), ("high_speed_reward",)),
    measure=lane_changes,
    unread=("right_lane_reward",),
)
