"""highway-env's actions: what the agents are told, from what a policy says (``envs/common/action.py``).

The arithmetic is done in the precision in which highway-env does it: a float32 action is clipped and mapped
in float32, unless a range holds NumPy's float64 numbers, so that commands are the same to the last bit.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from drivebench.errors import ActionError, ConfigurationError
from drivebench.world.layout import MAX_TARGET_SPEEDS

__all__ = ["Actions", "make_actions"]

_IDLE = 1
_LANE_LEFT, _LANE_RIGHT, _FASTER, _SLOWER = 0, 2, 3, 4
_ACCELERATION_MPS2 = (-5, 5.0)
_STEERING_RAD = (-np.pi / 4, np.pi / 4)
"""``ContinuousAction.ACCELERATION_RANGE`` and ``STEERING_RANGE``."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Actions(ABC):
    """A type of action.

    Attributes:
        space: What one environment accepts.
    """

    space: gymnasium.Space[Any]

    @abstractmethod
    def read(self, actions: Any, batch: int) -> Any:
        """Check the actions of a batch.

        Args:
            actions: Of all environments, as gymnasium batches this space.
            batch: How many environments.

        Returns:
            The actions as an array with a batch axis, or a tuple of such arrays, one for each agent.

        Raises:
            ActionError: Another shape or type, an unknown action, or one that is not finite.
        """

    @abstractmethod
    def write(self, actions: Any, commands: Floats, manoeuvres: Ints) -> None:
        """Say what they mean.

        Args:
            actions: From ``read``.
            commands: [B, A, 2] accelerations and front wheel angles, written for continuous actions.
            manoeuvres: [B, A] meta-actions, written for discrete ones.
        """


def _numbers(pair: Any, what: str) -> tuple[Any, Any]:
    if not isinstance(pair, Sequence | np.ndarray) or len(pair) != 2 or not np.isfinite(pair).all():
        raise ConfigurationError(f"{what}={pair!r}; expected two finite numbers")
    return pair[0], pair[1]


def _map(values: NDArray[Any], low: Any, high: Any) -> NDArray[Any]:
    """highway-env's ``lmap`` from [-1, 1]; NumPy promotes an array as it does the scalars of stock."""
    mapped: NDArray[Any] = low + (values - -1) * (high - low) / (1 - -1)
    return mapped


@dataclass(frozen=True)
class _Ranges:
    """How an action on one or two axes becomes an acceleration and a front wheel angle."""

    acceleration: tuple[Any, Any]
    steering: tuple[Any, Any]
    longitudinal: bool
    lateral: bool
    clip: bool

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "_Ranges":
        longitudinal, lateral = bool(config.get("longitudinal", True)), bool(config.get("lateral", True))
        if not longitudinal and not lateral:
            raise ConfigurationError("an action without longitudinal and lateral control; expected either")
        return cls(
            _numbers(config.get("acceleration_range") or _ACCELERATION_MPS2, "acceleration_range"),
            _numbers(config.get("steering_range") or _STEERING_RAD, "steering_range"),
            longitudinal,
            lateral,
            bool(config.get("clip", True)),
        )

    @property
    def axes(self) -> int:
        return int(self.longitudinal) + int(self.lateral)

    def write(self, actions: NDArray[Any], commands: Floats) -> None:
        """Map ``actions [B, axes]`` to ``commands [B, 2]``."""
        values = np.minimum(np.maximum(actions, -1), 1) if self.clip else actions
        if self.longitudinal:
            commands[:, 0] = _map(values[:, 0], *self.acceleration)
        if self.lateral:
            commands[:, 1] = _map(values[:, -1], *self.steering)


class Continuous(Actions):
    """``ContinuousAction``: throttle and steering, or either of them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.ranges = _Ranges.of(config)
        self.space = spaces.Box(-1.0, 1.0, shape=(self.ranges.axes,), dtype=np.float32)
        if config.get("speed_range"):
            _numbers(config["speed_range"], "speed_range")

    def read(self, actions: Any, batch: int) -> Any:
        """See ``Actions``; the type of the numbers stays, for highway-env computes in it."""
        try:
            values = np.asarray(actions)
        except ValueError as error:
            raise ActionError(f"actions are not an array of numbers: {error}") from None
        if values.dtype.kind not in "fiu":
            raise ActionError(f"actions of type {values.dtype}; expected real numbers")
        if values.shape != (batch, self.ranges.axes):
            raise ActionError(
                f"an action has shape {values.shape[1:]}; expected ({self.ranges.axes},) in [-1, 1]"
                if values.shape[:1] == (batch,)
                else f"actions have shape {values.shape}; expected {(batch, self.ranges.axes)} in [-1, 1]"
            )
        if not np.isfinite(values).all():
            slot, axis = np.argwhere(~np.isfinite(values))[0].tolist()
            raise ActionError(
                f"entry {axis} of the action of environment {slot} is {values[slot, axis]}; expected a "
                "finite number in [-1, 1]"
            )
        return values

    def write(self, actions: Any, commands: Floats, manoeuvres: Ints) -> None:  # noqa: ARG002
        """See ``Actions``."""
        self.ranges.write(actions, commands[:, 0])


def _choices(actions: Any, batch: int, count: int) -> Ints:
    values = np.asarray(actions)
    if values.dtype.kind not in "iu" or values.shape != (batch,):
        raise ActionError(
            f"actions of shape {values.shape}, {values.dtype}; expected ({batch},) whole numbers below "
            f"{count}"
        )
    if values.min(initial=0) < 0 or values.max(initial=0) >= count:
        slot = int(np.flatnonzero((values < 0) | (values >= count))[0])
        raise ActionError(f"the action of environment {slot} is {values[slot]}; expected 0 to {count - 1}")
    return values.astype(np.int64, copy=False)


class Discrete(Actions):
    """``DiscreteAction``: a grid of continuous actions."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        ranges = _Ranges.of(config)
        steps = config.get("actions_per_axis", 3)
        if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
            raise ConfigurationError(f"actions_per_axis={steps!r}; expected a whole number, at least 1")
        box = spaces.Box(-1.0, 1.0, shape=(ranges.axes,), dtype=np.float32)
        axes = np.linspace(box.low, box.high, steps).T
        self._commands = np.zeros((int(steps**ranges.axes), 2))
        for number, action in enumerate(itertools.product(*axes)):
            ranges.write(np.array(action)[None], self._commands[number : number + 1])
        self.space = spaces.Discrete(len(self._commands))

    def read(self, actions: Any, batch: int) -> Any:
        """See ``Actions``."""
        return _choices(actions, batch, len(self._commands))

    def write(self, actions: Any, commands: Floats, manoeuvres: Ints) -> None:  # noqa: ARG002
        """See ``Actions``."""
        commands[:, 0] = self._commands[actions]


class DiscreteMeta(Actions):
    """``DiscreteMetaAction``: change lanes, go faster or slower."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        longitudinal, lateral = config.get("longitudinal", True), config.get("lateral", True)
        if longitudinal and lateral:
            self._meanings = np.array([_LANE_LEFT, _IDLE, _LANE_RIGHT, _FASTER, _SLOWER])
        elif longitudinal:
            self._meanings = np.array([_SLOWER, _IDLE, _FASTER])
        elif lateral:
            self._meanings = np.array([_LANE_LEFT, _IDLE, _LANE_RIGHT])
        else:
            raise ConfigurationError("meta-actions without longitudinal and lateral ones; expected either")
        speeds = config.get("target_speeds")
        if speeds is not None and not (
            2 <= len(speeds) <= MAX_TARGET_SPEEDS and np.isfinite(np.asarray(speeds, np.float64)).all()
        ):
            raise ConfigurationError(
                f"target_speeds={speeds!r}; expected 2 to {MAX_TARGET_SPEEDS} finite numbers in m/s"
            )
        self.space = spaces.Discrete(len(self._meanings))

    def read(self, actions: Any, batch: int) -> Any:
        """See ``Actions``."""
        return _choices(actions, batch, len(self._meanings))

    def write(self, actions: Any, commands: Floats, manoeuvres: Ints) -> None:  # noqa: ARG002
        """See ``Actions``."""
        manoeuvres[:, 0] = self._meanings[actions]


class MultiAgent(Actions):
    """``MultiAgentAction``: one action for each agent."""

    def __init__(self, config: Mapping[str, Any], agents: int) -> None:
        self._each = _single(config["action_config"])
        self._agents = agents
        self.space = spaces.Tuple([_single(config["action_config"]).space for _ in range(agents)])

    def read(self, actions: Any, batch: int) -> Any:
        """See ``Actions``."""
        if not isinstance(actions, tuple) or len(actions) != self._agents:
            raise ActionError(
                f"actions of type {type(actions).__name__}; expected a tuple of {self._agents}, one for each "
                "agent"
            )
        return tuple(self._each.read(action, batch) for action in actions)

    def write(self, actions: Any, commands: Floats, manoeuvres: Ints) -> None:
        """See ``Actions``."""
        for agent, action in enumerate(actions):
            self._each.write(action, commands[:, agent : agent + 1], manoeuvres[:, agent : agent + 1])


_TYPES: Mapping[str, Callable[[Mapping[str, Any]], Actions]] = {
    "ContinuousAction": Continuous,
    "DiscreteAction": Discrete,
    "DiscreteMetaAction": DiscreteMeta,
}


def _single(config: Mapping[str, Any]) -> Actions:
    if config["type"] not in _TYPES:
        raise ConfigurationError(f"an action of type {config['type']!r} within a multi-agent one")
    return _TYPES[config["type"]](config)


def make_actions(config: Mapping[str, Any], agents: int) -> Actions:
    """The type of action that a configuration asks for.

    Args:
        config: Its ``action``, checked.
        agents: How many vehicles are controlled.

    Raises:
        ConfigurationError: Values that cannot be.
    """
    return MultiAgent(config, agents) if config["type"] == "MultiAgentAction" else _single(config)
