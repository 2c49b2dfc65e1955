"""``IntersectionEnv``: arrive, or at least be fast, without a crash; several agents share the reward."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, WorldInt
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import Common, is_on_road, share_of, speed_share

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _SPEED = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.SPEED)
_LANE, _CRASHED = int(EntityInt.LANE), int(EntityInt.CRASHED)
_EXIT, _NETWORK = int(LaneInt.EXIT), int(WorldInt.NETWORK)
_NORMALISED, _LOW, _HIGH = int(Common.NORMALISED), int(Common.LOW), int(Common.HIGH)
_OFFROAD_ENDS = int(Common.OFFROAD_ENDS)
_ARRIVED = 2
"""The part of the reward that is for arriving."""
_ARRIVED_M = 25.0
"""How far out of the crossing an agent has arrived (``IntersectionEnv.has_arrived``)."""


@borrowing_kernel
def _has_arrived(
    numerics: int | None, lane_float: Floats, lane_int: Ints, numbers: Floats, integers: Ints, i: int
) -> bool:
    """``IntersectionEnv.has_arrived``: on a lane that leads out, 25 m or more from its start."""
    lane = integers[_LANE, i]
    s, _ = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
    return bool(lane_int[lane, _EXIT] != 0 and s >= _ARRIVED_M)


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
    agent_reward: Floats,
    agent_terminated: Flags,
) -> None:
    for world in range(len(agents)):
        numbers, integers = entity_float[world], entity_int[world]
        network = world_int[world, _NETWORK]
        lane_numbers, lanes = lane_float[network], lane_int[network]
        for k in range(len(weights)):
            part[world, k] = 0.0
        rewards, count = 0.0, 0
        any_crashed, all_arrived, ego_on_road = False, True, True
        for agent in range(agents.shape[1]):
            i = agents[world, agent]
            if i < 0:
                continue
            on_road = is_on_road(numerics, lane_numbers, lanes, numbers, integers, i)
            arrived = _has_arrived(numerics, lane_numbers, lanes, numbers, integers, i)
            crashed = integers[_CRASHED, i] != 0
            speed = speed_share(numbers[_SPEED, i], common)
            own = (1.0 if crashed else 0.0, speed, 1.0 if arrived else 0.0, 1.0 if on_road else 0.0)
            total = 0.0
            for k in range(len(own)):
                total = total + weights[k] * own[k]
                part[world, k] += own[k]
            total = (weights[_ARRIVED] if arrived else total) * own[3]
            if common[_NORMALISED] != 0.0:
                total = share_of(total, common[_LOW], common[_HIGH])
            agent_reward[world, agent] = total
            agent_terminated[world, agent] = crashed or arrived
            rewards = rewards + total
            any_crashed = any_crashed or crashed
            all_arrived = all_arrived and arrived
            if agent == 0:
                ego_on_road = on_road
            count += 1
        for k in range(len(weights)):
            part[world, k] = part[world, k] / count
        reward[world] = rewards / count
        left_road = common[_OFFROAD_ENDS] != 0.0 and not ego_on_road
        terminated[world] = any_crashed or all_arrived or left_road


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("collision_reward", float),
        ("high_speed_reward", float),
        ("arrived_reward", float),
        ("on_road_reward", float),
    ),
    bounds=(("collision_reward",), ("arrived_reward",)),
    tells_agents=True,
    opens_traffic=True,
)
