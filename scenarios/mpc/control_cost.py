"""What a decision costs: acceleration, lateral acceleration and how both change, within the metric's bounds.

Through the metric's filter, a step of the acceleration by d from one decision to the next looks like a jerk
of 1.9 d per second (see ``DRIVEBENCH_BOUNDS``); so changes from one decision to the next are what is weighed.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.bounds import DRIVEBENCH_BOUNDS
from scenarios.mpc.bicycle import slip
from scenarios.mpc.road_cost import gather
from scenarios.mpc.stage import PLACES, Place, Weight

__all__ = ["control_cost"]

F8 = NDArray[np.float64]

_SPEED = int(Place.SPEED)
_LAST_ACCELERATION, _LAST_STEERING = int(Place.LAST_ACCELERATION), int(Place.LAST_STEERING)
_ACCELERATION, _STEERING = int(Place.ACCELERATION), int(Place.STEERING)
_W_ACCELERATION, _W_BRAKING, _W_JERK = int(Weight.ACCELERATION), int(Weight.BRAKING), int(Weight.JERK)
_W_SIDEWAYS, _W_LEANING = int(Weight.SIDEWAYS), int(Weight.LEANING)
_W_STEERING_RATE = int(Weight.STEERING_RATE)

COMFORTABLE_BRAKING_MPS2 = 0.75 * DRIVEBENCH_BOUNDS.braking_mps2
COMFORTABLE_LATERAL_MPS2 = 0.75 * DRIVEBENCH_BOUNDS.lateral_acceleration_mps2
STANDING_M2PS2 = 9.0
"""Added to the square of the speed, so that turning the wheels costs something at standstill, too."""


@kernel
def control_cost(
    state: F8,
    control: F8,
    gust: float,
    half_length: float,
    weights: F8,
    factor: float,
    slopes: bool,
    work: F8,
    gradient: F8,
    hessian: F8,
) -> float:
    """Cost of a decision.

    Args:
        state: ``f8[6]`` before it.
        control: ``f8[2]`` acceleration (m/s²) and front wheel angle (rad).
        gust: Added to the front wheel angle (rad).
        half_length: Of the ego (m).
        weights: ``f8[columns Weight]``.
        factor: Of all terms: seconds.
        slopes: Whether to add to gradient and Hessian.
        work: ``f8[8]`` scratch.
        gradient: ``f8[8]`` by (state, control), added to.
        hessian: ``f8[8, 8]``, added to.
    """
    if slopes:
        work[:] = 0.0
    push = control[0]
    curvature = 2.0 * factor * weights[_W_ACCELERATION]
    slope = curvature * push
    cost = factor * weights[_W_ACCELERATION] * push * push
    hard = -push - COMFORTABLE_BRAKING_MPS2
    if hard > 0.0:
        cost += factor * weights[_W_BRAKING] * hard * hard
        curvature += 2.0 * factor * weights[_W_BRAKING]
        slope -= 2.0 * factor * weights[_W_BRAKING] * hard
    if slopes:
        work[_ACCELERATION] = 1.0
        gather(curvature, slope, work, PLACES, gradient, hessian)

    jump = push - state[_LAST_ACCELERATION]
    scale = factor * weights[_W_JERK]
    cost += scale * jump * jump
    if slopes:
        work[_LAST_ACCELERATION] = -1.0
        gather(2.0 * scale, 2.0 * scale * jump, work, PLACES, gradient, hessian)
        work[_ACCELERATION] = work[_LAST_ACCELERATION] = 0.0

    speed = state[_SPEED]
    _, cosine, sine, bend = slip(control[1], gust)
    lateral = speed * speed * sine / half_length
    curvature = 2.0 * factor * weights[_W_SIDEWAYS]
    slope = curvature * lateral
    cost += factor * weights[_W_SIDEWAYS] * lateral * lateral
    leaning = abs(lateral) - COMFORTABLE_LATERAL_MPS2
    if leaning > 0.0:
        cost += factor * weights[_W_LEANING] * leaning * leaning
        curvature += 2.0 * factor * weights[_W_LEANING]
        slope += 2.0 * factor * weights[_W_LEANING] * (leaning if lateral > 0.0 else -leaning)
    if slopes:
        work[_SPEED] = 2.0 * speed * sine / half_length
        work[_STEERING] = speed * speed * cosine * bend / half_length
        gather(curvature, slope, work, PLACES, gradient, hessian)

    turned = control[1] - state[_LAST_STEERING]
    felt = (speed * speed + STANDING_M2PS2) / (2.0 * half_length)
    change = felt * turned
    scale = factor * weights[_W_STEERING_RATE]
    cost += scale * change * change
    if slopes:
        work[_SPEED] = speed * turned / half_length
        work[_STEERING], work[_LAST_STEERING] = felt, -felt
        gather(2.0 * scale, 2.0 * scale * change, work, PLACES, gradient, hessian)
    return float(cost)
