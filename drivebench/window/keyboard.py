"""From keys, which are down or up, to a steering wheel and pedals, which move: pure functions of time.

A car that took a key for the whole of its steering would leave the road at once. So a key says where the
wheel and the pedals *go*; how far and how fast follows from constants that stand here and from the speed.
A held key asks for the wheel angle that gives a fixed lateral acceleration, as a driver does: large in a car
park, one degree on a motorway.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivebench.world import quantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD

__all__ = ["Hands", "Keys", "action_of", "moved", "steering_limit_rad"]

LATERAL_MPS2 = 4.0
"""What a held key asks for: about the limit of comfort (nuPlan's bound is 4.89 m/s²)."""
WHEELBASE_M = 5.0
"""Length over which highway-env's kinematic bicycle turns (``Vehicle.LENGTH``)."""
LARGEST_STEERING_RAD = 0.6
"""However slow the car is: a turning circle of about 7 m."""
SLOWEST_MPS = 1.0
"""Below this speed the wheel is turned as at this speed."""

STEERING_S = 0.45
"""From the middle to a held key's angle."""
RETURN_S = 0.25
"""Back to the middle once the key is up, or on the way to the other side."""
STEERING_RATE_RADPS = 0.9
RETURN_RATE_RADPS = 1.6
"""Bounds of the wheel's rate, which rule where the angles are large: at low speed."""

THROTTLE_MPS2 = 2.4
"""A held key accelerates as much as comfort allows (nuPlan's bound: 2.40 m/s²)."""
BRAKING_MPS2 = 4.0
"""A held key brakes just short of what a follower need not expect (4.05 m/s²)."""
EMERGENCY_MPS2 = 5.0
"""All that there is, at once."""
PEDAL_RATE_MPS3 = 4.0
"""How fast a pedal goes down: the bound of comfort for longitudinal jerk (nuPlan: 4.13 m/s³)."""
RELEASE_RATE_MPS3 = 8.0
"""How fast it comes up again."""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Which keys are down."""

    left: bool = False
    right: bool = False
    faster: bool = False
    slower: bool = False
    emergency: bool = False


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Where the wheel and the pedals are.

    Attributes:
        steering_rad: Front wheel angle, to the right.
        acceleration_mps2: Of throttle or brake.
    """

    steering_rad: float = 0.0
    acceleration_mps2: float = 0.0


def steering_limit_rad(speed_mps: float) -> float:
    """The wheel angle that a held key goes to: that of ``LATERAL_MPS2`` at this speed.

    Args:
        speed_mps: Of the car, in either direction.
    """
    speed = max(abs(speed_mps), SLOWEST_MPS)
    return min(LARGEST_STEERING_RAD, math.atan(WHEELBASE_M * LATERAL_MPS2 / (speed * speed)))


def moved(hands: Hands, keys: Keys, *, speed_mps: float, elapsed_s: float) -> Hands:
    """Where wheel and pedals are a little later.

    Args:
        hands: Where they were.
        keys: What has been down in the meantime; both sides of an axis at once are none.
        speed_mps: Of the car.
        elapsed_s: The time since.
    """
    steering = _steered(hands.steering_rad, keys.right - keys.left, speed_mps, elapsed_s)
    if keys.emergency:
        return replace(hands, steering_rad=steering, acceleration_mps2=-EMERGENCY_MPS2)
    wanted = (0.0, THROTTLE_MPS2, -BRAKING_MPS2)[keys.faster - keys.slower]
    pedal = _towards(hands.acceleration_mps2, wanted, PEDAL_RATE_MPS3, RELEASE_RATE_MPS3, elapsed_s)
    return Hands(steering_rad=steering, acceleration_mps2=pedal)


def action_of(hands: Hands) -> NDArray[np.int16]:
    """The quantised action ``i2[2]`` of wheel and pedals: (acceleration, steering)."""
    action = hands.acceleration_mps2 / ACCELERATION_RANGE_MPS2, hands.steering_rad / STEERING_RANGE_RAD
    return quantise(np.asarray(action, np.float32))


def _steered(angle: float, side: int, speed_mps: float, elapsed_s: float) -> float:
    limit = steering_limit_rad(speed_mps)
    away, back = min(STEERING_RATE_RADPS, limit / STEERING_S), min(RETURN_RATE_RADPS, limit / RETURN_S)
    if abs(angle) > limit:  # the car has become faster: this far, the wheel is not safe any more
        back = RETURN_RATE_RADPS
    return _towards(angle, side * limit, away, back, elapsed_s)


def _towards(value: float, wanted: float, away: float, back: float, elapsed_s: float) -> float:
    """Move a value on: at the rate ``back`` while it comes closer to zero, at ``away`` beyond.

    What is beyond ``wanted`` on its own side comes back to it, too.
    """
    if value * wanted < 0.0 or abs(value) > abs(wanted):
        nearest = 0.0 if value * wanted <= 0.0 else wanted
        needed_s = abs(value - nearest) / back
        if needed_s >= elapsed_s:
            return value + math.copysign(back * elapsed_s, nearest - value)
        value, elapsed_s = nearest, elapsed_s - needed_s
    step = min(abs(wanted - value), away * elapsed_s)
    return value + math.copysign(step, wanted - value)
