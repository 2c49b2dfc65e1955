"""The kernels that judge a batch of worlds, one for each family of highway-env's environments.

All take the arrays of a batch, the family's settings, what the reward depends on of each action, and the
arrays of a ``Verdict``. highway-env weighs its rewards with Python's ``sum``, from left to right and from 0.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import (
    EntityFloat,
    EntityInt,
    EntityKind,
    LaneFloat,
    LaneInt,
    LaneKind,
    WorldInt,
)
from drivebench.world.numerics import cos, power, rint, sin

__all__ = [
    "judge_exit",
    "judge_highway",
    "judge_intersection",
    "judge_lane_keeping",
    "judge_merge",
    "judge_parking",
    "judge_racetrack",
    "judge_roundabout",
    "judge_two_way",
    "judge_u_turn",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED, _TARGET_SPEED = int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_CRASHED, _SPEED_INDEX = int(EntityInt.CRASHED), int(EntityInt.SPEED_INDEX)
_IDM, _CONTROLLED, _LINEAR = int(EntityKind.IDM), int(EntityKind.CONTROLLED), int(EntityKind.LINEAR)
_LANDMARK = int(EntityKind.LANDMARK)
_LENGTH, _WIDTH = int(LaneFloat.LENGTH), int(LaneFloat.WIDTH)
_LANE_KIND, _STRAIGHT = int(LaneInt.KIND), int(LaneKind.STRAIGHT)
_ID, _ROAD_LANES, _EXIT = int(LaneInt.ID), int(LaneInt.ROAD_LANES), int(LaneInt.EXIT)
_NETWORK, _LANES = int(WorldInt.NETWORK), int(WorldInt.LANES)
_VEHICLES, _ENTITIES = int(WorldInt.VEHICLES), int(WorldInt.ENTITIES)
_TARGET_SPEEDS = int(WorldInt.TARGET_SPEEDS)

_MARGIN_M = 5.0
"""How far before and behind a lane a vehicle is still on it (``AbstractLane.VEHICLE_LENGTH``)."""
_ARRIVED_M = 25.0
"""How far out of the crossing an agent has arrived (``IntersectionEnv.has_arrived``)."""


@borrowing_kernel
def _share(value: float, low: float, high: float) -> float:
    """highway-env's ``lmap`` from [low, high] to [0, 1]."""
    return 0.0 + (value - low) * 1.0 / (high - low)


@borrowing_kernel
def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)


@borrowing_kernel
def _on_road(
    numerics: int | None, lane_float: Floats, lane_int: Ints, numbers: Floats, integers: Ints, i: int
) -> bool:
    """highway-env's ``on_road``: on the lane that is closest."""
    lane = integers[_LANE, i]
    s, r = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
    beside = abs(r) <= lane_float[lane, _WIDTH] / 2 + 0.0
    return bool(beside and s >= -_MARGIN_M and s < lane_float[lane, _LENGTH] + _MARGIN_M)


@borrowing_kernel
def _followed(integers: Ints, i: int) -> int:
    """The target lane of a vehicle that has one, else its lane."""
    return int(integers[_TARGET_LANE, i] if integers[_KIND, i] == _CONTROLLED else integers[_LANE, i])


@borrowing_kernel
def _default_speed_index(numbers: Floats, integers: Ints, i: int) -> float:
    """``MDPVehicle.get_speed_index``: a car without meta-actions has the default target speeds' nearest."""
    if integers[_KIND, i] == _CONTROLLED:
        return float(integers[_SPEED_INDEX, i])
    share = (numbers[_SPEED, i] - 20.0) / (30.0 - 20.0)
    return min(max(rint(share * 2), 0.0), 2.0)


@kernel
def judge_highway(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``HighwayEnv``: fast, to the right, without a crash."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        pool = world_int[world, _NETWORK]
        lane_float, lane_int = lane_floats[pool], lane_ints[pool]
        lanes = lane_int[integers[_LANE, i], _ROAD_LANES]
        forward = numbers[_SPEED, i] * cos(numerics, numbers[_HEADING, i])
        on_road = _on_road(numerics, lane_float, lane_int, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = lane_int[_followed(integers, i), _ID] / max(lanes - 1, 1)
        part[world, 2] = _clipped(_share(forward, settings[4], settings[5]))
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = _share(total, settings[0], settings[7])
        reward[world] = total * part[world, 3]
        terminated[world] = crashed or (settings[8] != 0.0 and not on_road)


@kernel
def judge_exit(
    numerics: int | None,  # noqa: ARG001
    lane_floats: Floats,  # noqa: ARG001
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``ExitEnv``: fast, and off the motorway. The lanes of the way out are marked by being the last."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        lane_int = lane_ints[world_int[world, _NETWORK]]
        lane = _followed(integers, i)
        leaves = lane in (settings[7], settings[8])
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = 1.0 if leaves else 0.0
        part[world, 2] = _clipped(_share(numbers[_SPEED, i], settings[4], settings[5]))
        part[world, 3] = lane_int[lane, _ID]
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = _clipped(_share(total, settings[0], settings[1]))
        reward[world] = total
        success[world] = leaves
        terminated[world] = crashed


@kernel
def judge_merge(
    numerics: int | None,  # noqa: ARG001
    lane_floats: Floats,  # noqa: ARG001
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
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
    """``MergeEnv`` and ``MergeGenericEnv``: fast, and nobody on the merging lane is slowed down."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        lane_int = lane_ints[world_int[world, _NETWORK]]
        crashed = integers[_CRASHED, i] != 0
        slowed = 0.0
        for j in range(world_int[world, _VEHICLES]):
            kind = integers[_KIND, j]
            if integers[_LANE, j] == settings[10] and kind in (_IDM, _CONTROLLED, _LINEAR):
                wanted = numbers[_TARGET_SPEED, j]
                slowed = slowed + (wanted - numbers[_SPEED, j]) / wanted
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = lane_int[integers[_LANE, i], _ID]
        part[world, 2] = _share(numbers[_SPEED, i], settings[5], settings[6])
        part[world, 3] = measure[world]
        part[world, 4] = slowed
        total = 0.0
        for k in range(5):
            total = total + settings[k] * part[world, k]
        reward[world] = _share(total, settings[7], settings[8])
        terminated[world] = crashed or numbers[_X, i] > settings[9]


@kernel
def judge_roundabout(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
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
        on_road = _on_road(numerics, lane_floats[pool], lane_ints[pool], numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = _default_speed_index(numbers, integers, i) / 2
        part[world, 2] = measure[world]
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[4] != 0.0:
            total = _share(total, settings[0], settings[1])
        reward[world] = total * part[world, 3]
        terminated[world] = crashed


@kernel
def judge_two_way(
    numerics: int | None,  # noqa: ARG001
    lane_floats: Floats,  # noqa: ARG001
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``TwoWayEnv``: fast, and on the left. A road of one lane, where highway-env divides by 0, has none."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        lane_int = lane_ints[world_int[world, _NETWORK]]
        others = lane_int[integers[_LANE, i], _ROAD_LANES] - 1
        if integers[_KIND, i] == _CONTROLLED:
            part[world, 0] = integers[_SPEED_INDEX, i] / (world_int[world, _TARGET_SPEEDS] - 1)
        else:
            part[world, 0] = _default_speed_index(numbers, integers, i) / 2
        left = others - lane_int[_followed(integers, i), _ID]
        part[world, 1] = left / others if others > 0 else 0.0
        total = 0.0
        for k in range(2):
            total = total + settings[k] * part[world, k]
        reward[world] = total
        terminated[world] = integers[_CRASHED, i] != 0


@kernel
def judge_u_turn(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    world_float: Floats,  # noqa: ARG001
    agents: Ints,
    settings: Floats,
    measure: Floats,  # noqa: ARG001
    term: Floats,  # noqa: ARG001
    single: bool,  # noqa: ARG001
    reward: Floats,
    terminated: Flags,
    success: Flags,  # noqa: ARG001
    part: Floats,
    agent_reward: Floats,  # noqa: ARG001
    agent_terminated: Flags,  # noqa: ARG001
) -> None:
    """``UTurnEnv``: fast, on lanes of high number, without a crash."""
    for world in range(agents.shape[0]):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        pool = world_int[world, _NETWORK]
        lane_float, lane_int = lane_floats[pool], lane_ints[pool]
        lane = integers[_LANE, i]
        on_road = _on_road(numerics, lane_float, lane_int, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = lane_int[lane, _ID] / max(lane_int[lane, _ROAD_LANES] - 1, 1)
        part[world, 2] = _clipped(_share(numbers[_SPEED, i], settings[4], settings[5]))
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = _share(total, settings[0], settings[7])
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
    world_float: Floats,  # noqa: ARG001
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
        on_road = _on_road(numerics, lane_float, lane_int, numbers, integers, i)
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
        reward[world] = _share(total, settings[2], 1.0) * part[world, 3]
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
    world_float: Floats,  # noqa: ARG001
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
            on_road = _on_road(numerics, lane_float, lane_int, numbers, integers, i)
            arrived = _arrived(numerics, lane_float, lane_int, numbers, integers, i)
            crashed = integers[_CRASHED, i] != 0
            speed = _clipped(_share(numbers[_SPEED, i], settings[4], settings[5]))
            total = 0.0 + settings[0] * (1.0 if crashed else 0.0)
            total = total + settings[1] * speed
            total = total + settings[2] * (1.0 if arrived else 0.0)
            total = total + settings[3] * (1.0 if on_road else 0.0)
            if arrived:
                total = settings[2]
            total = total * (1.0 if on_road else 0.0)
            if settings[6] != 0.0:
                total = _share(total, settings[0], settings[2])
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
    world_float: Floats,  # noqa: ARG001
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
    world_float: Floats,  # noqa: ARG001
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
