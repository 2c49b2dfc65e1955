"""``RacetrackEnv``: in the middle of the lane, with little steering."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world import RoadNetwork
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, LaneKind, WorldInt
from drivebench.world.numerics import square_of_scalar
from scenarios.stock.family_rules import FamilyRules
from scenarios.stock.reward_terms import is_on_road, share_of

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_LANE, _CRASHED = int(EntityInt.LANE), int(EntityInt.CRASHED)
_LANE_KIND, _STRAIGHT = int(LaneInt.KIND), int(LaneKind.STRAIGHT)
_NETWORK = int(WorldInt.NETWORK)
_COLLISION = 2
"""The part of the reward that is for crashing: its weight counts as the least reward, 1 as the greatest."""


class _Setting(IntEnum):
    """Places in the settings."""

    CENTERING_COST = 0
    OFFROAD_ENDS = 1


_CENTERING_COST, _OFFROAD_ENDS = int(_Setting.CENTERING_COST), int(_Setting.OFFROAD_ENDS)


@kernel
def _judge(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    weights: Floats,
    settings: Floats,
    norm: Floats,
    weighed_norm: Floats,
    is_single: bool,
    reward: Floats,
    terminated: Flags,
    part: Floats,
) -> None:
    """Judge; ``is_single``: the weighed norm of the action is a float32.

    On a straight lane highway-env's lateral coordinate is a Python float, which NumPy rounds to float32 when
    it meets one; on a circular one it is a float64.
    """
    for world in range(len(agents)):
        numbers, integers, i = entity_float[world], entity_int[world], agents[world, 0]
        network = world_int[world, _NETWORK]
        lane_numbers, lanes, lane = lane_float[network], lane_int[network], integers[_LANE, i]
        _, r = local_coordinates(numerics, lane_numbers, lanes, lane, numbers[_X, i], numbers[_Y, i])
        on_road = is_on_road(numerics, lane_numbers, lanes, numbers, integers, i)
        crashed = integers[_CRASHED, i] != 0
        part[world, 0] = 1 / (1 + settings[_CENTERING_COST] * square_of_scalar(numerics, r))
        part[world, 1] = norm[world]
        part[world, _COLLISION] = crashed
        part[world, 3] = on_road
        centred, collision = weights[0] * part[world, 0], weights[_COLLISION] * part[world, _COLLISION]
        if is_single and lanes[lane, _LANE_KIND] == _STRAIGHT:
            total = float(np.float32(np.float32(centred) + np.float32(weighed_norm[world])))
            total = float(np.float32(np.float32(total) + np.float32(collision)))
        else:
            total = (0.0 + centred + weighed_norm[world]) + collision
        total = total + weights[3] * part[world, 3]
        reward[world] = share_of(total, weights[_COLLISION], 1.0) * part[world, 3]
        terminated[world] = crashed or (settings[_OFFROAD_ENDS] != 0.0 and not on_road)


def _measure(actions: Any, count: int, config: Mapping[str, Any]) -> tuple[Floats, Floats, bool]:
    """The norms of the actions; these weighed; and whether in single precision."""
    norms = _norms(actions, count)
    weighed = norms * config.get("action_reward", 0)
    is_single = norms.dtype == np.float32 and weighed.dtype == np.float32
    return norms.astype(np.float64), weighed.astype(np.float64), is_single


def _norms(actions: Any, count: int) -> npt.NDArray[Any]:
    """``np.linalg.norm`` of each action, in the precision of its type."""
    if isinstance(actions, tuple):
        rows = np.stack([np.asarray(action).reshape(count, -1) for action in actions], axis=1)
        rows = rows.reshape(count, -1)
    else:
        rows = actions.reshape(count, -1)
    if rows.dtype.kind in "iu":
        rows = rows.astype(np.float64)
    if rows.shape[1] == 1:
        return np.asarray(np.sqrt(rows[:, 0] * rows[:, 0]))
    if rows.shape[1] == 2 and rows.dtype == np.float32:
        squares = (rows * rows).astype(np.float64)  # BLAS adds up single-precision products in double
        return np.asarray(np.sqrt((squares[:, 0] + squares[:, 1]).astype(np.float32)))
    return np.array([np.linalg.norm(row) for row in rows])


def _settings(config: Mapping[str, Any], _: RoadNetwork) -> Mapping[IntEnum, float]:
    return {
        _Setting.CENTERING_COST: config["lane_centering_cost"],
        _Setting.OFFROAD_ENDS: bool(config["terminate_off_road"]),
    }


RULES = FamilyRules(
    kernel=_judge,
    parts=(
        ("lane_centering_reward", float),
        ("action_reward", float),
        ("collision_reward", bool),
        ("on_road_reward", bool),
    ),
    bounds=(("collision_reward",), ()),
    settings=_settings,
    measure=_measure,
    unread=("other_vehicles_type", "speed_limit"),
    read_by_class={
        "racetrack_env:RacetrackEnvLarge": ("speed_limit",),
        "racetrack_env:ConnectedLaneRacetrackEnvLarge": ("speed_limit",),
    },
)
