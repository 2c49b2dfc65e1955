"""The kinematic bicycle: how vehicles move in one simulation step (highway-env ``Vehicle.step``).

Polack et al., "The kinematic bicycle model: a consistent model for planning feasible trajectories for
autonomous vehicles?", IEEE IV 2017, with the reference point at the centre; integrated by explicit Euler
steps.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import inlined_kernel, kernel
from drivebench.world.clock import TIME_STEP_S
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
    numerics: int | None, heading: float, cosine: float, sine: float, steering: float
) -> tuple[float, float, float]:
    """Direction of travel (unit vector) and sine of the slip angle atan(tan(steering) / 2).

    The canonical form rotates the known direction of the heading instead of asking for new angles.
    """
    if numerics is None:
        ratio = 0.5 * tan(None, steering)
        slip_cosine = 1.0 / math.sqrt(1.0 + ratio * ratio)
        slip_sine = ratio * slip_cosine
        return (
            cosine * slip_cosine - sine * slip_sine,
            sine * slip_cosine + cosine * slip_sine,
            slip_sine,
        )
    slip = atan(numerics, 0.5 * tan(numerics, steering))
    return cos(numerics, heading + slip), sin(numerics, heading + slip), sin(numerics, slip)


@kernel
def move(numerics: int | None, numbers: Floats, integers: Ints, vehicles: int, absent: int) -> None:
    """Move all vehicles by one simulation step.

    A crashed vehicle brakes with its wheels straight; commands that would leave the range of speeds are
    bounded, and as in highway-env the bounded command is the one that stays in force. drivebench's ego
    stops at 0.
    """
    x = numbers[_X]
    y = numbers[_Y]
    heading = numbers[_HEADING]
    speed = numbers[_SPEED]
    steering = numbers[_STEERING]
    acceleration = numbers[_ACCELERATION]
    timer = numbers[_TIMER]
    length = numbers[_LENGTH]
    highest = numbers[_MAX_SPEED]
    lowest = numbers[_MIN_SPEED]
    cosine = numbers[_COS]
    sine = numbers[_SIN]
    impact_x = numbers[_IMPACT_X]
    impact_y = numbers[_IMPACT_Y]
    kind = integers[_KIND]
    crashed = integers[_CRASHED]
    has_impact = integers[_HAS_IMPACT]
    for i in range(vehicles):
        moves = i != absent
        timer[i] = timer[i] + TIME_STEP_S if kind[i] == _IDM else timer[i]
        v = speed[i]
        a = -1.0 * v if crashed[i] != 0 else acceleration[i]
        above = highest[i] - v
        below = lowest[i] - v
        a = min(a, above) if above < 0.0 else a
        a = max(a, below) if below > 0.0 else a
        angle = 0.0 if crashed[i] != 0 else steering[i]
        travel_x, travel_y, slip_sine = _travel(numerics, heading[i], cosine[i], sine[i], angle)
        new_x = x[i] + v * travel_x * TIME_STEP_S
        new_y = y[i] + v * travel_y * TIME_STEP_S
        new_x = new_x + impact_x[i] if has_impact[i] != 0 else new_x
        new_y = new_y + impact_y[i] if has_impact[i] != 0 else new_y
        new_speed = v + a * TIME_STEP_S
        new_speed = max(new_speed, 0.0) if kind[i] == _EGO else new_speed
        new_heading = heading[i] + v * slip_sine / (length[i] / 2) * TIME_STEP_S
        x[i] = new_x if moves else x[i]
        y[i] = new_y if moves else y[i]
        heading[i] = new_heading if moves else heading[i]
        speed[i] = new_speed if moves else speed[i]
        acceleration[i] = a if moves else acceleration[i]
        steering[i] = angle if moves else steering[i]
    for i in range(vehicles):
        if has_impact[i] != 0 and i != absent:
            crashed[i] = 1
            has_impact[i] = 0


@kernel
def update_directions(numerics: int | None, numbers: Floats, entities: int) -> None:
    """Keep cosine and sine of every heading."""
    heading = numbers[_HEADING]
    cosine = numbers[_COS]
    sine = numbers[_SIN]
    for i in range(entities):
        c, s = cos_sin(numerics, heading[i])
        cosine[i] = c
        sine[i] = s
