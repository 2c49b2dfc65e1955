"""The dynamical bicycle: a car with tyre forces and slip (highway-env ``BicycleVehicle``).

Rajamani, "Vehicle Dynamics and Control", 2nd edition (2011), chapter 2, with a linear tyre on each axle,
integrated by one fourth-order Runge-Kutta step for each simulation step.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import EntityFloat
from drivebench.world.numerics import atan2, cos_sin, rotate

__all__ = ["bicycle_step", "bound_steering", "move_bicycle", "slopes"]

Floats = npt.NDArray[np.float64]
State = tuple[float, float, float, float, float, float]
"""x, y, heading, speed along the heading, speed to its right, yaw rate; m, s and rad."""

MASS_KG = 1.0
TO_FRONT_M = 5.0 / 2
"""From the centre of gravity to the front axle; highway-env takes half of a vehicle's length."""
TO_REAR_M = 5.0 / 2
INERTIA_KGM2 = 1 / 12 * MASS_KG * (5.0**2 + 2.0**2)
"""About the vertical axis, of a homogeneous rectangle of 5 m by 2 m."""
FRONT_STIFFNESS_N = 15.0 * MASS_KG
"""Lateral force of a tyre per slip angle, N/rad (``FRICTION_FRONT``); there are two tyres on an axle."""
REAR_STIFFNESS_N = 15.0 * MASS_KG
LARGEST_STEERING_RAD = math.pi / 2
LARGEST_YAW_RATE_RADPS = 2 * math.pi
SLOW_MPS = 1.0
"""Below this speed slip angles mean little, and sideways motion is damped instead."""

_DAMPING = INERTIA_KGM2 / TO_FRONT_M

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_LATERAL_SPEED, _YAW_RATE = int(EntityFloat.LATERAL_SPEED), int(EntityFloat.YAW_RATE)


@inlined_kernel
def _bound(x: float, largest: float) -> float:
    raised = -largest if x < -largest else x
    return largest if raised > largest else raised


@inlined_kernel
def bound_steering(steering: float) -> float:
    """The front wheel angle that is in force, at most a quarter turn to either side."""
    return _bound(steering, LARGEST_STEERING_RAD)


@borrowing_kernel
def slopes(
    numerics: int | None, heading: float, speed: float, lateral: float, yaw_rate: float, steering: float
) -> tuple[float, float, float, float]:
    """Time derivatives of x, y, lateral speed and yaw rate (Rajamani, equations 2.21 to 2.28)."""
    if abs(speed) < SLOW_MPS:
        front = -MASS_KG * lateral - _DAMPING * yaw_rate
        rear = -MASS_KG * lateral + _DAMPING * yaw_rate
    else:
        front_angle = atan2(numerics, lateral + TO_FRONT_M * yaw_rate, speed)
        rear_angle = atan2(numerics, lateral - TO_REAR_M * yaw_rate, speed)
        front = 2 * FRONT_STIFFNESS_N * (steering - front_angle)
        rear = 2 * REAR_STIFFNESS_N * (0.0 - rear_angle)
    cosine, sine = cos_sin(numerics, heading)
    x_slope, y_slope = rotate(numerics, cosine, sine, speed, lateral)
    return (
        x_slope,
        y_slope,
        1 / MASS_KG * (front + rear) - yaw_rate * speed,
        1 / INERTIA_KGM2 * (TO_FRONT_M * front - TO_REAR_M * rear),
    )


@inlined_kernel
def _weighed(sixth: float, value: float, first: float, second: float, third: float, fourth: float) -> float:
    """One Runge-Kutta step of a quantity, in highway-env's order of operations."""
    return value + sixth * (((first + 2 * second) + 2 * third) + fourth)


@borrowing_kernel
def bicycle_step(
    numerics: int | None,
    x: float,
    y: float,
    heading: float,
    speed: float,
    lateral: float,
    yaw_rate: float,
    acceleration: float,
    steering: float,
    time_step: float,
) -> State:
    """The state of one vehicle after a time step of any length under constant commands.

    Args:
        numerics: Kind of numerics.
        x: Of the centre, m; and so y.
        y: The same.
        heading: Clockwise, rad.
        speed: Along the heading, m/s.
        lateral: Speed to the right, m/s.
        yaw_rate: rad/s; bounded to one turn a second first, as highway-env does.
        acceleration: Along the heading, m/s², already bounded (``motion.bounded_acceleration``).
        steering: Front wheel angle, rad; bounded here.
        time_step: s.

    Returns:
        The same six quantities.
    """
    wheel = bound_steering(steering)
    rate = _bound(yaw_rate, LARGEST_YAW_RATE_RADPS)
    half, sixth = time_step / 2, time_step / 6
    x1, y1, lateral1, yaw1 = slopes(numerics, heading, speed, lateral, rate, wheel)
    rate2 = rate + yaw1 * half
    faster = speed + acceleration * half
    x2, y2, lateral2, yaw2 = slopes(
        numerics, heading + rate * half, faster, lateral + lateral1 * half, rate2, wheel
    )
    rate3 = rate + yaw2 * half
    x3, y3, lateral3, yaw3 = slopes(
        numerics, heading + rate2 * half, faster, lateral + lateral2 * half, rate3, wheel
    )
    rate4 = rate + yaw3 * time_step
    x4, y4, lateral4, yaw4 = slopes(
        numerics,
        heading + rate3 * time_step,
        speed + acceleration * time_step,
        lateral + lateral3 * time_step,
        rate4,
        wheel,
    )
    return (
        _weighed(sixth, x, x1, x2, x3, x4),
        _weighed(sixth, y, y1, y2, y3, y4),
        _weighed(sixth, heading, rate, rate2, rate3, rate4),
        _weighed(sixth, speed, acceleration, acceleration, acceleration, acceleration),
        _weighed(sixth, lateral, lateral1, lateral2, lateral3, lateral4),
        _weighed(sixth, rate, yaw1, yaw2, yaw3, yaw4),
    )


@borrowing_kernel
def move_bicycle(numerics: int | None, numbers: Floats, i: int, time_step: float) -> None:
    """Move vehicle i, whose acceleration is already bounded, by one simulation step.

    Stock quirk: an impact of a collision stays pending and moves nothing.
    """
    numbers[_STEERING, i] = bound_steering(numbers[_STEERING, i])
    x, y, heading, speed, lateral, yaw_rate = bicycle_step(
        numerics,
        numbers[_X, i],
        numbers[_Y, i],
        numbers[_HEADING, i],
        numbers[_SPEED, i],
        numbers[_LATERAL_SPEED, i],
        numbers[_YAW_RATE, i],
        numbers[_ACCELERATION, i],
        numbers[_STEERING, i],
        time_step,
    )
    numbers[_X, i], numbers[_Y, i], numbers[_HEADING, i], numbers[_SPEED, i] = x, y, heading, speed
    numbers[_LATERAL_SPEED, i], numbers[_YAW_RATE, i] = lateral, yaw_rate
