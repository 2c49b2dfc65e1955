"""``ParkingEnv``: close to the place, in its direction."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldInt
from drivebench.world.numerics import cos, power, sin
from scenarios.stock.family_rules import FamilyRules

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED = int(EntityFloat.SPEED)
_KIND, _CRASHED, _LANDMARK = int(EntityInt.KIND), int(EntityInt.CRASHED), int(EntityKind.LANDMARK)
_VEHICLES, _ENTITIES = int(WorldInt.VEHICLES), int(WorldInt.ENTITIES)


class _Setting(IntEnum):
    """Places in the settings: the weights of the distance in each feature, and then two rewards."""

    X = 0
    Y = 1
    VX = 2
    VY = 3
    COS_H = 4
    SIN_H = 5
    COLLISION = 6
    SUCCESS = 7


_GAP_X, _GAP_Y = int(_Setting.X), int(_Setting.Y)
_GAP_VX, _GAP_VY = int(_Setting.VX), int(_Setting.VY)
_GAP_COS, _GAP_SIN = int(_Setting.COS_H), int(_Setting.SIN_H)
_COLLISION, _SUCCESS = int(_Setting.COLLISION), int(_Setting.SUCCESS)


@kernel
def _judge(
    numerics: int | None,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    settings: Floats,
    reward: Floats,
    terminated: Flags,
    success: Flags,
    agent_reward: Floats,
) -> None:
    """Judge; ``agent_reward``: how far each is from success.

    The goal of agent k is landmark k. The reward is that of the first agent, as in highway-env; the episode
    ends when any crashes.
    """
    for world in range(len(agents)):
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
            gap = abs(numbers[_X, i] / 100 - numbers[_X, goal + agent] / 100) * settings[_GAP_X]
            gap = gap + abs(numbers[_Y, i] / 100 - numbers[_Y, goal + agent] / 100) * settings[_GAP_Y]
            gap = gap + abs(speed * c / 5 - 0.0 / 5) * settings[_GAP_VX]
            gap = gap + abs(speed * s / 5 - 0.0 / 5) * settings[_GAP_VY]
            gap = gap + abs(c / 1 - cos(numerics, aim) / 1) * settings[_GAP_COS]
            gap = gap + abs(s / 1 - sin(numerics, aim) / 1) * settings[_GAP_SIN]
            agent_reward[world, agent] = -power(numerics, gap, 0.5)
        success[world] = agent_reward[world, 0] > -settings[_SUCCESS]
        reward[world] = agent_reward[world, 0] + settings[_COLLISION] * crashes
        terminated[world] = crashes > 0 or success[world]


def _settings(config: Mapping[str, Any], _: RoadNetwork) -> Mapping[IntEnum, float]:
    weights = np.array(config["reward_weights"], np.float64)
    if weights.shape != (_COLLISION,):
        raise ConfigurationError(f"reward_weights={config['reward_weights']!r}; expected six numbers")
    rewards = config["collision_reward"], config["success_goal_reward"]
    return dict(zip(_Setting, (*weights.tolist(), *rewards), strict=True))


RULES = FamilyRules(
    kernel=_judge,
    settings=_settings,
    success="step and reset",
    parks=True,
    unread=("other_vehicles_type", "steering_range"),
)
