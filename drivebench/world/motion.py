"""How vehicles move in one simulation step: the kinematic bicycle of highway-env's ``Vehicle.step``.

Polack et al., "The kinematic bicycle model: a consistent model for planning feasible trajectories for
autonomous vehicles?", IEEE IV 2017, with the reference point at the centre; integrated by explicit Euler
steps. Vehicles with tyre forces move as ``bicycle`` says.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.bicycle import move_bicycle
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from drivebench.world.numerics import atan, cos, cos_sin, sin, tan

__all__ = ["bounded_acceleration", "kinematic_step", "move", "update_directions"]

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
_LINEAR, _BICYCLE = int(EntityKind.LINEAR), int(EntityKind.BICYCLE)


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


@inlined_kernel
def bounded_acceleration(
    speed: float, acceleration: float, crashed: bool, least_speed: float, greatest_speed: float
) -> float:
    """The acceleration that is in force (``Vehicle.clip_actions``).

    A crashed vehicle brakes; a command that would lead further out of the range of speeds is bounded.
    """
    wanted = -1.0 * speed if crashed else acceleration
    above = greatest_speed - speed
    below = least_speed - speed
    if above < 0.0:
        wanted = min(wanted, above)
    elif below > 0.0:
        wanted = max(wanted, below)
    return wanted


@inlined_kernel
def kinematic_step(
    numerics: int | None,
    x: float,
    y: float,
    heading: float,
    cosine: float,
    sine: float,
    speed: float,
    acceleration: float,
    ratio: float,
    length: float,
    time_step: float,
) -> tuple[float, float, float, float]:
    """The pose and speed of one vehicle after a time step of any length under constant commands.

    An impact of a collision is added to the position by the caller.

    Args:
        numerics: Kind of numerics.
        x: Of the centre, m; and so y.
        y: The same.
        heading: Clockwise, rad.
        cosine: Of the heading.
        sine: Of the heading.
        speed: m/s.
        acceleration: m/s², already bounded.
        ratio: Half the tangent of the front wheel angle; 0 when crashed.
        length: Of the vehicle, m.
        time_step: s.

    Returns:
        x, y, heading, speed.
    """
    travel_x, travel_y, slip_sine = _travel(numerics, heading, cosine, sine, ratio)
    return (
        x + speed * travel_x * time_step,
        y + speed * travel_y * time_step,
        heading + speed * slip_sine / (length / 2) * time_step,
        speed + acceleration * time_step,
    )


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

    A crashed vehicle brakes with its wheels straight; as in highway-env the bounded command is the one that
    stays in force. drivebench's ego never gets slower than its least speed, which is 0 unless it has a
    reverse gear. ``ratios`` is [entities] work space.
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
        if kind in (_IDM, _LINEAR):
            numbers[_TIMER, i] += time_step
        v = numbers[_SPEED, i]
        least = numbers[_MIN_SPEED, i]
        acceleration = bounded_acceleration(
            v, numbers[_ACCELERATION, i], integers[_CRASHED, i] != 0, least, numbers[_MAX_SPEED, i]
        )
        numbers[_ACCELERATION, i] = acceleration
        if kind == _BICYCLE:
            move_bicycle(numerics, numbers, i, time_step)
            continue
        x, y, heading, v = kinematic_step(
            numerics,
            numbers[_X, i],
            numbers[_Y, i],
            numbers[_HEADING, i],
            numbers[_COS, i],
            numbers[_SIN, i],
            v,
            acceleration,
            ratios[i],
            numbers[_LENGTH, i],
            time_step,
        )
        if integers[_HAS_IMPACT, i] != 0:
            x += numbers[_IMPACT_X, i]
            y += numbers[_IMPACT_Y, i]
            integers[_CRASHED, i] = 1
            integers[_HAS_IMPACT, i] = 0
        numbers[_X, i], numbers[_Y, i], numbers[_HEADING, i] = x, y, heading
        numbers[_SPEED, i] = max(v, least) if kind == _EGO else v


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
