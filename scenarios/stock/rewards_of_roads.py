"""The kernels that judge driving along roads among others: motorway, exit, merge, two-way, u-turn.

All take the arrays of a batch, the family's settings, what the reward depends on of each action, and the
arrays of a ``Verdict``. highway-env weighs its rewards with Python's ``sum``, from left to right and from 0.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneInt, WorldInt
from drivebench.world.numerics import cos
from scenarios.stock.reward_terms import clipped, default_speed_index, followed_lane, is_on_road, share_of

__all__ = ["judge_exit", "judge_highway", "judge_merge", "judge_two_way", "judge_u_turn"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _HEADING = int(EntityFloat.X), int(EntityFloat.HEADING)
_SPEED, _TARGET_SPEED = int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_KIND, _LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_CRASHED, _SPEED_INDEX = int(EntityInt.CRASHED), int(EntityInt.SPEED_INDEX)
_IDM, _CONTROLLED, _LINEAR = int(EntityKind.IDM), int(EntityKind.CONTROLLED), int(EntityKind.LINEAR)
_ID, _ROAD_LANES = int(LaneInt.ID), int(LaneInt.ROAD_LANES)
_NETWORK = int(WorldInt.NETWORK)
_VEHICLES = int(WorldInt.VEHICLES)
_TARGET_SPEEDS = int(WorldInt.TARGET_SPEEDS)


@kernel
def judge_highway(
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
        on_road = is_on_road(numerics, lane_float, lane_int, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = lane_int[followed_lane(integers, i), _ID] / max(lanes - 1, 1)
        part[world, 2] = clipped(share_of(forward, settings[4], settings[5]))
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = share_of(total, settings[0], settings[7])
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
        lane = followed_lane(integers, i)
        leaves = lane in (settings[7], settings[8])
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = 1.0 if leaves else 0.0
        part[world, 2] = clipped(share_of(numbers[_SPEED, i], settings[4], settings[5]))
        part[world, 3] = lane_int[lane, _ID]
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = clipped(share_of(total, settings[0], settings[1]))
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
        part[world, 2] = share_of(numbers[_SPEED, i], settings[5], settings[6])
        part[world, 3] = measure[world]
        part[world, 4] = slowed
        total = 0.0
        for k in range(5):
            total = total + settings[k] * part[world, k]
        reward[world] = share_of(total, settings[7], settings[8])
        terminated[world] = crashed or numbers[_X, i] > settings[9]


@kernel
def judge_two_way(
    numerics: int | None,  # noqa: ARG001
    lane_floats: Floats,  # noqa: ARG001
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
            part[world, 0] = default_speed_index(numbers, integers, i) / 2
        left = others - lane_int[followed_lane(integers, i), _ID]
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
        on_road = is_on_road(numerics, lane_float, lane_int, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1.0 if crashed else 0.0
        part[world, 1] = lane_int[lane, _ID] / max(lane_int[lane, _ROAD_LANES] - 1, 1)
        part[world, 2] = clipped(share_of(numbers[_SPEED, i], settings[4], settings[5]))
        part[world, 3] = 1.0 if on_road else 0.0
        total = 0.0
        for k in range(4):
            total = total + settings[k] * part[world, k]
        if settings[6] != 0.0:
            total = share_of(total, settings[0], settings[7])
        reward[world] = total * part[world, 3]
        terminated[world] = crashed
