"""The kinematic bicycle: how vehicles move in one simulation step (highway-env ``Vehicle.step``).

Polack et al., "The kinematic bicycle model: a consistent model for planning feasible trajectories for
autonomous vehicles?", IEEE IV 2017, with the reference point at the centre; integrated by explicit Euler
steps.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from drivebench.world.numerics import atan, cos, cos_sin, sin, tan

__all__ = ["move", "update_directions"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_TIMER, _LENGTH = int(EntityFloat.TIMER), int(EntityFloat.LENGTH)
_IMPACT_X, _IMPACT_Y = int(EntityFloat.IMPACT_X), int(EntityFloat.IMPACT_Y)
_MAX_SPEED, _MIN_SPEED = int(EntityFloat.MAX_SPEED), int(EntityFloat.MIN_SPEED)
_COS, _SIN = int(EntityFloat.COS), int(EntityFloat.SIN)
_KIND, _CRASHED, _HAS_IMPACT = int(EntityInt.KIND), int(EntityInt.CRASHED), int(EntityInt.HAS_IMPACT)
_EGO, _IDM = int(EntityKind.EGO), int(EntityKind.IDM)


@inlined_kernel
def _travel(
    numerics: int | None, heading: float, cosine: float, sine: float, ratio: float
) -> tuple[float, float, float]:
    """Direction of travel (unit vector) and sine of the slip angle, the arc tangent of ``ratio``.

    The canonical form rotates the known direction of the heading instead of asking for new angles.
    """
    if numerics is None:
        slip_cosine = 1.0 / math.sqrt(1.0 + ratio * ratio)
        slip_sine = ratio * slip_cosine
        return (
            cosine * slip_cosine - sine * slip_sine,
            sine * slip_cosine + cosine * slip_sine,
            slip_sine,
        )
    slip = atan(numerics, ratio)
    return cos(numerics, heading + slip), sin(numerics, heading + slip), sin(numerics, slip)


@borrowing_kernel
def move(
    numerics: int | None,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    absent: int,
    time_step: float,
    ratios: Floats,
) -> None:
    """Move all vehicles by one simulation step.

    A crashed vehicle brakes with its wheels straight; commands that would leave the range of speeds are
    bounded, and as in highway-env the bounded command is the one that stays in force. drivebench's ego stops
    at 0. ``ratios`` is [entities] work space.
    """
    steering = numbers[_STEERING]
    for i in range(vehicles):
        if integers[_CRASHED, i] != 0 and i != absent:
            steering[i] = 0.0
    for i in range(vehicles):
        ratios[i] = 0.5 * tan(numerics, steering[i])
    for i in range(vehicles):
        if i == absent:
            continue
        kind = integers[_KIND, i]
        if kind == _IDM:
            numbers[_TIMER, i] += time_step
        v = numbers[_SPEED, i]
        acceleration = -1.0 * v if integers[_CRASHED, i] != 0 else numbers[_ACCELERATION, i]
        above = numbers[_MAX_SPEED, i] - v
        below = numbers[_MIN_SPEED, i] - v
        if above < 0.0:
            acceleration = min(acceleration, above)
        elif below > 0.0:
            acceleration = max(acceleration, below)
        numbers[_ACCELERATION, i] = acceleration
        heading = numbers[_HEADING, i]
        travel_x, travel_y, slip_sine = _travel(
            numerics, heading, numbers[_COS, i], numbers[_SIN, i], ratios[i]
        )
        numbers[_X, i] += v * travel_x * time_step
        numbers[_Y, i] += v * travel_y * time_step
        if integers[_HAS_IMPACT, i] != 0:
            numbers[_X, i] += numbers[_IMPACT_X, i]
            numbers[_Y, i] += numbers[_IMPACT_Y, i]
            integers[_CRASHED, i] = 1
            integers[_HAS_IMPACT, i] = 0
        numbers[_HEADING, i] = heading + v * slip_sine / (numbers[_LENGTH, i] / 2) * time_step
        v = v + acceleration * time_step
        numbers[_SPEED, i] = max(v, 0.0) if kind == _EGO else v


@borrowing_kernel
def update_directions(numerics: int | None, numbers: Floats, entities: int) -> None:
    """Keep cosine and sine of every heading."""
    heading = numbers[_HEADING]
    cosine = numbers[_COS]
    sine = numbers[_SIN]
    for i in range(entities):
        c, s = cos_sin(numerics, heading[i])
        cosine[i] = c
        sine[i] = s
