"""The kernels that judge driving in places: roundabout, intersection, racetrack, lane keeping, parking.

All take the arrays of a batch, the family's settings, what the reward depends on of each action, and the
arrays of a ``Verdict``. highway-env weighs its rewards with Python's ``sum``, from left to right and from 0.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt, LaneKind, WorldInt
from drivebench.world.numerics import cos, power, sin
from scenarios.stock.reward_terms import clipped, default_speed_index, is_on_road, share_of

__all__ = ["judge_intersection", "judge_lane_keeping", "judge_parking", "judge_racetrack", "judge_roundabout"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED = int(EntityFloat.SPEED)
_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_CRASHED = int(EntityInt.CRASHED)
_LANDMARK = int(EntityKind.LANDMARK)
_WIDTH = int(LaneFloat.WIDTH)
_LANE_KIND, _STRAIGHT = int(LaneInt.KIND), int(LaneKind.STRAIGHT)
_EXIT = int(LaneInt.EXIT)
_NETWORK = int(WorldInt.NETWORK)
_VEHICLES, _ENTITIES = int(WorldInt.VEHICLES), int(WorldInt.ENTITIES)
_ARRIVED_M = 25.0
"""How far out of the crossing an agent has arrived (``IntersectionEnv.has_arrived``)."""


@kernel
def judge_roundabout(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    settings: Floats,
    measure: Floats,
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``RoundaboutEnv`` and ``RoundaboutGenericEnv``: fast, without changing lanes."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        pool = world_int[world, _NETWORK]
        on_road = is_on_road(numerics, lane_floats[pool], lane_ints[pool], numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = default_speed_index(numbers, integers, i) / 2
        part[world, 2] = measure[world]
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[4] != 0.0:
            total = share_of(total, settings[0], settings[1])
        reward[world] = total * part[world, 3]
        terminated[world] = crashed


@kernel
def judge_racetrack(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    settings: Floats,
    measure: Floats,
    term: Floats,
    single: bool,
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``RacetrackEnv``: in the middle of the lane, with little steering.

    ``single``: the weighted action is a float32. On a straight lane highway-env's lateral coordinate is a
    Python float, which NumPy rounds to float32 when it meets one; on a circular one it is a float64.
    """
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        pool = world_int[world, _NETWORK]
        lane_float, lane_int = lane_floats[pool], lane_ints[pool]
        lane = integers[_LANE, i]
        _, r = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
        on_road = is_on_road(numerics, lane_float, lane_int, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1 / (1 + settings[4] * power(numerics, abs(r), 2.0))
        part[world, 1] = measure[world]
        part[world, 2] = 1.0 if crashed else 0.0
        part[world, 3] = 1.0 if on_road else 0.0
        centred = settings[0] * part[world, 0]
        collision = settings[2] * part[world, 2]
        if single and lane_int[lane, _LANE_KIND] == _STRAIGHT:
            total = float(np.float32(np.float32(centred) + np.float32(term[world])))
            total = float(np.float32(np.float32(total) + np.float32(collision)))
        else:
            total = (0.0 + centred + term[world]) + collision
        total = total + settings[3] * part[world, 3]
        reward[world] = share_of(total, settings[2], 1.0) * part[world, 3]
        terminated[world] = crashed or (settings[5] != 0.0 and not on_road)


@borrowing_kernel
def _arrived(
    numerics: int | None, lane_float: Floats, lane_int: Ints, numbers: Floats, integers: Ints, i: int
) -> bool:
    """``IntersectionEnv.has_arrived``: on a lane that leads out, 25 m or more from its start."""
    lane = integers[_LANE, i]
    s, _ = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
    return bool(lane_int[lane, _EXIT] != 0 and s >= _ARRIVED_M)


@kernel
def judge_intersection(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,
    agent_terminated: Flags,
) -> None:
    """``IntersectionEnv``: arrive, or at least be fast, without a crash; several agents share it."""
    for world in range(agents.shape[0]):
        numbers, integers = entity_float[world], entity_int[world]
        pool = world_int[world, _NETWORK]
        lane_float, lane_int = lane_floats[pool], lane_ints[pool]
        rewards = 0.0
        count = 0
        any_crashed, all_arrived, ego_on_road = False, True, True
        for k in range(4):
            part[world, k] = 0.0
        for agent in range(agents.shape[1]):
            i = agents[world, agent]
            if i < 0:
                continue
            on_road = is_on_road(numerics, lane_float, lane_int, numbers, integers, i)
            arrived = _arrived(numerics, lane_float, lane_int, numbers, integers, i)
            crashed = integers[_CRASHED, i] != 0
            speed = clipped(share_of(numbers[_SPEED, i], settings[4], settings[5]))
            total = 0.0 + settings[0] * (1.0 if crashed else 0.0)
            total = total + settings[1] * speed
            total = total + settings[2] * (1.0 if arrived else 0.0)
            total = total + settings[3] * (1.0 if on_road else 0.0)
            if arrived:
                total = settings[2]
            total = total * (1.0 if on_road else 0.0)
            if settings[6] != 0.0:
                total = share_of(total, settings[0], settings[2])
            agent_reward[world, agent] = total
            agent_terminated[world, agent] = crashed or arrived
            rewards = rewards + total
            part[world, 0] += 1.0 if crashed else 0.0
            part[world, 1] += speed
            part[world, 2] += 1.0 if arrived else 0.0
            part[world, 3] += 1.0 if on_road else 0.0
            any_crashed = any_crashed or crashed
            all_arrived = all_arrived and arrived
            if agent == 0:
                ego_on_road = on_road
            count += 1
        for k in range(4):
            part[world, k] = part[world, k] / count
        reward[world] = rewards / count
        terminated[world] = any_crashed or all_arrived or (settings[7] != 0.0 and not ego_on_road)


@kernel
def judge_lane_keeping(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,  # noqa: ARG001
    world_int: Ints,
    agents: Ints,
    settings: Floats,  # noqa: ARG001
    measure: Floats,
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,  # noqa: ARG001
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``LaneKeepingEnv``: in the middle of the lane that is to be kept (``measure``: its row)."""
    for world in range(agents.shape[0]):
        numbers, i = entity_float[world], agents[world, 0]
        pool = world_int[world, _NETWORK]
        lane = int(measure[world])
        _, r = local_coordinates(
            numerics, lane_floats[pool], lane_ints[pool], lane, numbers[_X, i], numbers[_Y, i]
        )
        reward[world] = 1 - power(numerics, abs(r / lane_floats[pool, lane, _WIDTH]), 2.0)
        terminated[world] = False


@kernel
def judge_parking(
    numerics: int | None,
    lane_floats: Floats,  # noqa: ARG001
    lane_ints: Ints,  # noqa: ARG001
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,
    part: Floats,  # noqa: ARG001
    agent_reward: Floats,
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``ParkingEnv``: close to the place, in its direction.

    The goal of agent k is landmark k. The reward is that of the first agent, as in highway-env; the episode
    ends when any crashes. ``agent_reward``: how far each is from success.
    """
    for world in range(agents.shape[0]):
        numbers, integers = entity_float[world], entity_int[world]
        goal = world_int[world, _VEHICLES]
        while goal < world_int[world, _ENTITIES] and integers[_KIND, goal] != _LANDMARK:
            goal += 1
        crashes = 0
        for agent in range(agents.shape[1]):
            i = agents[world, agent]
            if i < 0:
                continue
            crashes += integers[_CRASHED, i]
            speed, heading = numbers[_SPEED, i], numbers[_HEADING, i]
            c, s = cos(numerics, heading), sin(numerics, heading)
            aim = numbers[_HEADING, goal + agent]
            gap = abs(numbers[_X, i] / 100 - numbers[_X, goal + agent] / 100) * settings[0]
            gap = gap + abs(numbers[_Y, i] / 100 - numbers[_Y, goal + agent] / 100) * settings[1]
            gap = gap + abs(speed * c / 5 - 0.0 / 5) * settings[2]
            gap = gap + abs(speed * s / 5 - 0.0 / 5) * settings[3]
            gap = gap + abs(c / 1 - cos(numerics, aim) / 1) * settings[4]
            gap = gap + abs(s / 1 - sin(numerics, aim) / 1) * settings[5]
            agent_reward[world, agent] = -power(numerics, gap, 0.5)
        success[world] = agent_reward[world, 0] > -settings[7]
        reward[world] = agent_reward[world, 0] + settings[6] * crashes
        terminated[world] = crashes > 0 or success[world]
