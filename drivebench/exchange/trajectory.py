"""A demonstration driven again in its environment: what a learner would have seen, decision by decision.

An export holds exactly what ``gymnasium.make("drivebench/<scenario>")`` gives for the episode's seed and the
recorded actions: observations before each action and after the last, rewards, and how it ended. While it is
driven again, every state is compared with the recorded one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.fixed_point import encode
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.subsets import HELD_OUT, TRAINING
from drivebench.environment import DrivingEnv
from drivebench.errors import ConfigurationError, DataError
from drivebench.sensors import Camera, Sensor, load_sensor
from drivebench.world import dequantise

__all__ = [
    "STATE_SENSORS",
    "Trajectories",
    "Trajectory",
    "actions_of",
    "checked_sensors",
    "is_camera",
    "split_names",
]

STATE_SENSORS = ("speed", "command", "kinematics", "route-geometry")
"""What is observed without images: the sensors of the kinematics track."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """An episode of T decisions as an environment shows it.

    Attributes:
        observations: By sensor, ``[T + 1, ...]``, or a list of T + 1 texts.
        actions: ``f4[T, 2]`` in [-1, 1]; they become the recorded 16-bit integers again when they act.
        rewards: ``f8[T]``.
        terminated: Whether the episode ended by itself.
        truncated: Whether it ran to its horizon, or the recording stopped before its end.
    """

    observations: Mapping[str, NDArray[Any] | list[str]]
    actions: NDArray[np.float32]
    rewards: NDArray[np.float64]
    terminated: bool
    truncated: bool


class Trajectories:
    """Drives demonstrations again, with some sensors.

    Attributes:
        sensors: By name.
    """

    def __init__(self, sensors: Sequence[str]) -> None:
        """Mount sensors.

        Args:
            sensors: Registered names, each once.

        Raises:
            UnknownNameError: No such sensor; suggests the nearest.
        """
        self.sensors: dict[str, Sensor] = {name: load_sensor(name) for name in sensors}
        self._environments: dict[tuple[str, str], DrivingEnv] = {}

    @property
    def space(self) -> gymnasium.spaces.Dict:
        """The observation space, without a batch axis."""
        return gymnasium.spaces.Dict({name: sensor.space() for name, sensor in self.sensors.items()})

    def of(self, demonstration: Demonstration) -> Trajectory:
        """Drive a demonstration again.

        Raises:
            DataError: The scenario or the simulator has changed since it was recorded.
        """
        key = demonstration.scenario, demonstration.condition
        if key not in self._environments:
            self._environments[key] = DrivingEnv(key[0], condition=key[1], sensors=tuple(self.sensors))
        environment = self._environments[key]
        observation, _ = environment.reset(seed=demonstration.seed)
        self._same_world(environment, demonstration)
        observations, rewards = [observation], []
        actions, terminated, truncated = actions_of(demonstration), False, False
        for decision, action in enumerate(actions):
            if terminated or truncated:
                raise _changed(demonstration, f"ends after {decision} of its {len(actions)} actions")
            self._same_states(environment, demonstration, decision)
            observation, reward, terminated, truncated, _ = environment.step(action)
            observations.append(observation)
            rewards.append(reward)
        return Trajectory(
            observations={name: _together([each[name] for each in observations]) for name in self.sensors},
            actions=actions,
            rewards=np.array(rewards),
            terminated=terminated,
            truncated=truncated or not terminated,
        )

    @staticmethod
    def _same_world(environment: DrivingEnv, demonstration: Demonstration) -> None:
        worlds, monitor = environment.episodes.running()
        digest = monitor.episodes[0].world.digest
        if digest != demonstration.world_digest or len(worlds.x[0]) < len(demonstration.kinds):
            raise _changed(
                demonstration, f"means the world {digest[:12]}…, not {demonstration.world_digest[:12]}…"
            )

    @staticmethod
    def _same_states(environment: DrivingEnv, demonstration: Demonstration, decision: int) -> None:
        worlds, _ = environment.episodes.running()
        entities = len(demonstration.kinds)
        columns = (worlds.x, worlds.y, worlds.heading, worlds.speed)
        states = encode(np.stack([column[0, :entities] for column in columns], axis=-1))
        if not np.array_equal(states, demonstration.states[decision]):
            raise _changed(demonstration, f"comes to other states at decision {decision}")


def actions_of(demonstration: Demonstration) -> NDArray[np.float32]:
    """The recorded actions as ``f4[T, 2]`` in [-1, 1], which quantise to the same integers again."""
    return dequantise(demonstration.actions).astype(np.float32)


def split_names(demonstrations: Demonstrations, whole: Demonstrations | None) -> list[str]:
    """``train`` or ``held-out`` for each episode.

    Args:
        demonstrations: The episodes.
        whole: The set that they are a subset of, which decides; None for the same.
    """
    held_out = {id(each) for each in (whole or demonstrations).subset(HELD_OUT).episodes}
    return [HELD_OUT if id(each) in held_out else TRAINING for each in demonstrations.episodes]


def checked_sensors(state: Sequence[str], images: Sequence[str]) -> tuple[str, ...]:
    """Names of sensors and of cameras, after a look at each.

    Args:
        state: What is observed besides images.
        images: Cameras.

    Raises:
        UnknownNameError: No such sensor; suggests the nearest.
        ConfigurationError: An image is asked of what is no camera, or one of them twice.
    """
    for name in images:
        if not is_camera(load_sensor(name)):
            raise ConfigurationError(f"{name!r} makes no images; expected cameras, such as front,left,right")
    for name in state:
        load_sensor(name)
    names = (*state, *images)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigurationError(f"{', '.join(repeated)}: asked for twice; expected each sensor once")
    return names


def is_camera(sensor: Sensor) -> bool:
    """Whether a sensor makes pictures."""
    return isinstance(sensor, Camera)


def _together(rows: list[Any]) -> NDArray[Any] | list[str]:
    return rows if isinstance(rows[0], str) else np.stack(rows)


def _changed(demonstration: Demonstration, what: str) -> DataError:
    return DataError(
        f"{demonstration.key} by {demonstration.driver} {what} when it is driven again: the scenario or the "
        "simulator has changed since it was recorded. Collect the demonstrations again."
    )
