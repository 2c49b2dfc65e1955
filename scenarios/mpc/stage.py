"""What stands where in the optimal control problem: states, controls, weights.

The state holds the action before, so that a cost on the change of the action, which is what jerk is when
actions are held for 0.2 s, is a cost on state and control.
"""

from dataclasses import astuple, dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONTROLS", "PLACES", "STATES", "Place", "Weight", "Weights"]


class Place(IntEnum):
    """Places in the vector (state, control); positions in m, angles in rad clockwise, speeds in m/s."""

    X = 0
    Y = 1
    HEADING = 2
    SPEED = 3
    LAST_ACCELERATION = 4
    """Of the decision before (m/s²)."""
    LAST_STEERING = 5
    """Front wheel angle of the decision before (rad)."""
    ACCELERATION = 6
    STEERING = 7


STATES, CONTROLS, PLACES = 6, 2, 8


class Weight(IntEnum):
    """Places of the weights in the array that kernels take; see :class:`Weights`."""

    LATERAL = 0
    COURSE = 1
    SLOW = 2
    FAST = 3
    CORRIDOR = 4
    ACCELERATION = 5
    BRAKING = 6
    JERK = 7
    SIDEWAYS = 8
    LEANING = 9
    STEERING_RATE = 10
    CORE = 11
    SOON = 12
    HEADWAY = 13
    TERMINAL = 14


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What the terms of the cost weigh, in metres of way for a second of each.

    A metre per second below the profile costs a metre a second, so that all else is measured in way lost.

    Attributes:
        lateral: Of the distance to the path: quadratic (m²) near it, linear (m) far from it.
        course: Of the square of the angle between the course and the path (rad²).
        slow: Of the speed below the profile: as much, but quadratic near it (m/s).
        fast: Of the square of the speed above the profile (m²/s²).
        corridor: Of how far a side of the car is off the drivable corridor: quadratic (m²) at the edge,
            linear (m) off the road.
        acceleration: Of the square of the acceleration (m²/s⁴).
        braking: Of the square of braking beyond what is comfortable.
        jerk: Of the square of the change of the acceleration from one decision to the next (m²/s⁴).
        sideways: Of the square of the lateral acceleration (m²/s⁴).
        leaning: Of the square of the lateral acceleration beyond what is comfortable.
        steering_rate: Of the square of the change of the lateral acceleration by the wheels' turning.
        core: Of the square of how deep the car is in the box of another one, as a share of its size.
        soon: The same within a second, with everybody going straight on.
        headway: The same in the room that is left before and behind another car.
        terminal: Factor of the terms of the state at the end of the horizon.
    """

    lateral: float = 0.8
    course: float = 8.0
    slow: float = 1.0
    fast: float = 2.0
    corridor: float = 15.0
    acceleration: float = 0.02
    braking: float = 2.0
    jerk: float = 0.15
    sideways: float = 0.03
    leaning: float = 2.0
    steering_rate: float = 0.5
    core: float = 5000.0
    soon: float = 300.0
    headway: float = 30.0
    terminal: float = 3.0

    def as_array(self) -> NDArray[np.float64]:
        """``f8[columns Weight]`` for kernels."""
        return np.array(astuple(self))
