"""How the ego itself moves. Yaw rate and last action tell what was just done: both are marked as leaking.

An imitator that is shown what the expert did a moment ago can copy that, score well on recorded data, and
fail when it drives (P. de Haan, D. Jayaraman, S. Levine, Causal Confusion in Imitation Learning, 2019).
"""

from dataclasses import dataclass
from typing import ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.sensors.sensor import View
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.clock import TIME_STEP_S

__all__ = ["LAST_ACTION", "SPEED", "YAW_RATE", "LastAction", "Speed", "YawRate"]


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Speed in m/s."""

    leaks_label: ClassVar[bool] = False

    name: str = "speed"

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[1]``."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 1]``."""
        speed: NDArray[np.float64] = view.worlds.speed[view.slots, view.ego]
        return speed.astype(np.float32)[:, None]


@dataclass(frozen=True, kw_only=True)
class YawRate:
    """Change of heading over the last simulation step, in rad/s, clockwise positive."""

    leaks_label: ClassVar[bool] = True

    name: str = "yaw-rate"

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[1]``."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 1]``."""
        trace = view.worlds.trace
        change: NDArray[np.float64] = trace[view.slots, -1, view.ego, 2] - trace[view.slots, -2, view.ego, 2]
        return (change / TIME_STEP_S).astype(np.float32)[:, None]


@dataclass(frozen=True, kw_only=True)
class LastAction:
    """The last action: acceleration and steering, in [-1, 1]; zeros at the start."""

    leaks_label: ClassVar[bool] = True

    name: str = "last-action"

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[2]``."""
        return gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 2]``."""
        worlds = view.worlds
        acceleration = worlds.acceleration[view.slots, view.ego] / ACCELERATION_RANGE_MPS2
        steering = worlds.steering[view.slots, view.ego] / STEERING_RANGE_RAD
        return np.stack((acceleration, steering), axis=-1).clip(-1.0, 1.0).astype(np.float32)


SPEED = Speed()
YAW_RATE = YawRate()
LAST_ACTION = LastAction()
