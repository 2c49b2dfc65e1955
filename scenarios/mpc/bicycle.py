"""The ego's motion through one decision, and its slopes: the world's kinematic bicycle, sub-steps and all.

Steps and clipping are those of :mod:`drivebench.world.motion` for an ego without reverse gear, with the gust
of :mod:`drivebench.world.follow_script`.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world import numerics
from drivebench.world.actions import STEERING_RANGE_RAD
from drivebench.world.clock import SUBSTEPS, TIME_STEP_S
from scenarios.mpc.stage import Place

__all__ = ["directions", "slip", "step", "step_with_slopes"]

F8 = NDArray[np.float64]

_X, _Y, _HEADING, _SPEED = int(Place.X), int(Place.Y), int(Place.HEADING), int(Place.SPEED)
_LAST_ACCELERATION, _LAST_STEERING = int(Place.LAST_ACCELERATION), int(Place.LAST_STEERING)


@kernel
def directions(angle: float) -> tuple[float, float]:
    """Cosine and sine."""
    return numerics.cos_sin(None, angle)


@kernel
def slip(steering: float, gust: float) -> tuple[float, float, float, float]:
    """What a front wheel angle does.

    Args:
        steering: Commanded (rad).
        gust: Added to it (rad).

    Returns:
        Slip angle (rad), its cosine, its sine, and its slope by the command.
    """
    turned = steering + gust
    angle = min(max(turned, -STEERING_RANGE_RAD), STEERING_RANGE_RAD)
    ratio = 0.5 * numerics.tan(None, angle)
    square = 1.0 + ratio * ratio
    cosine = 1.0 / np.sqrt(square)
    slope = 0.5 * (1.0 + 4.0 * ratio * ratio) / square if angle == turned else 0.0
    return numerics.atan(None, ratio), cosine, ratio * cosine, slope


@kernel
def step(state: F8, control: F8, gust: float, half_length: float, after: F8) -> None:
    """Where a decision leads.

    Args:
        state: ``f8[6]``.
        control: ``f8[2]`` acceleration (m/s²), front wheel angle (rad).
        gust: Added to the front wheel angle (rad).
        half_length: Of the ego (m).
        after: ``f8[6]`` written.
    """
    angle, _, sine, _ = slip(control[1], gust)
    x, y, heading, speed = state[_X], state[_Y], state[_HEADING], state[_SPEED]
    for _ in range(SUBSTEPS):
        travel_x, travel_y = directions(heading + angle)
        x += speed * travel_x * TIME_STEP_S
        y += speed * travel_y * TIME_STEP_S
        heading += speed * sine / half_length * TIME_STEP_S
        speed = max(speed + control[0] * TIME_STEP_S, 0.0)
    after[_X], after[_Y], after[_HEADING], after[_SPEED] = x, y, heading, speed
    after[_LAST_ACCELERATION], after[_LAST_STEERING] = control[0], control[1]


@kernel
def step_with_slopes(state: F8, control: F8, gust: float, half_length: float, slopes: F8) -> None:
    """Slopes of :func:`step`.

    Args:
        state: ``f8[6]``.
        control: ``f8[2]``.
        gust: As for :func:`step`.
        half_length: The same.
        slopes: ``f8[4, 6]`` written: of x, y, heading and speed after the decision, by x, y, heading, speed,
            acceleration and front wheel angle.
    """
    angle, cosine, sine, bend = slip(control[1], gust)
    heading, speed = state[_HEADING], state[_SPEED]
    slopes[:] = 0.0
    slopes[0, 0] = slopes[1, 1] = slopes[2, 2] = slopes[3, 3] = 1.0
    for _ in range(SUBSTEPS):
        travel_x, travel_y = directions(heading + angle)
        for p in range(2, 6):
            turn = slopes[2, p] + (bend if p == 5 else 0.0)
            slopes[0, p] += TIME_STEP_S * (slopes[3, p] * travel_x - speed * travel_y * turn)
            slopes[1, p] += TIME_STEP_S * (slopes[3, p] * travel_y + speed * travel_x * turn)
            slopes[2, p] += TIME_STEP_S / half_length * slopes[3, p] * sine
        slopes[2, 5] += TIME_STEP_S / half_length * speed * cosine * bend
        heading += speed * sine / half_length * TIME_STEP_S
        speed += control[0] * TIME_STEP_S
        slopes[3, 4] += TIME_STEP_S
        if speed < 0.0:
            speed = 0.0
            slopes[3] = 0.0
