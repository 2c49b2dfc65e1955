"""Actions: (acceleration, steering) in [-1, 1], acted upon as 16-bit integers.

Actions are rounded before they act, so that an action log of 16-bit integers holds exactly what was done. The
mapping to physical units is the one of highway-env's ``ContinuousAction`` (its ``ACCELERATION_RANGE`` and
``STEERING_RANGE``).
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ActionError

__all__ = [
    "ACCELERATION_RANGE_MPS2",
    "QUANTUM",
    "STEERING_RANGE_RAD",
    "dequantise",
    "quantise",
    "to_commands",
]

ACCELERATION_RANGE_MPS2 = 5.0
"""Acceleration of action 1.0 (highway-env ``ContinuousAction.ACCELERATION_RANGE``)."""

STEERING_RANGE_RAD = math.pi / 4
"""Front wheel angle of action 1.0 (highway-env ``ContinuousAction.STEERING_RANGE``)."""

QUANTUM = 32767
"""The integer that stands for 1.0."""


def quantise(actions: npt.ArrayLike) -> npt.NDArray[np.int16]:
    """Clip actions to [-1, 1] and round them to 16-bit integers.

    Args:
        actions: [..., 2] acceleration and steering, any real type.

    Returns:
        [..., 2] integers in [-32767, 32767].

    Raises:
        ActionError: The last axis is not two wide, the type is not real, or a value is not finite.
    """
    try:
        values = np.asarray(actions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ActionError(f"actions of type {type(actions).__name__} are not real numbers") from error
    if values.ndim == 0 or values.shape[-1] != 2:
        raise ActionError(
            f"actions have shape {values.shape}; expected [..., 2] (acceleration, steering) in [-1, 1]"
        )
    if not np.isfinite(values).all():
        raise ActionError("an action is NaN or infinite; expected finite numbers in [-1, 1]")
    return np.rint(np.clip(values, -1.0, 1.0) * QUANTUM).astype(np.int16)


def dequantise(actions: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """The value in [-1, 1] that each 16-bit action stands for.

    Args:
        actions: [..., 2] integers.

    Returns:
        [..., 2] float64, each the integer divided by 32767.
    """
    return np.asarray(actions, dtype=np.float64) / QUANTUM


@kernel
def to_commands(
    actions: npt.NDArray[np.int16], commands: npt.NDArray[np.float64], manoeuvres: npt.NDArray[np.int64]
) -> int:
    """Write down what the actions of the egos mean (highway-env ``ContinuousAction`` and its ``lmap``).

    Args:
        actions: [B, 2] from ``quantise``; the first is a meta-action where an ego takes those.
        commands: [B, A, 2] written for the first agent: acceleration in m/s², front wheel angle in rad.
        manoeuvres: [B, A] written for the first agent.

    Returns:
        The last world whose action is none that ``quantise`` gives (the integer below -32767), -1 if all are.
    """
    wrong = -1
    for world in range(actions.shape[0]):
        manoeuvres[world, 0] = actions[world, 0]
        for axis in range(2):
            bound = ACCELERATION_RANGE_MPS2 if axis == 0 else STEERING_RANGE_RAD
            if actions[world, axis] < -QUANTUM:
                wrong = world
            value = actions[world, axis] / QUANTUM
            commands[world, 0, axis] = -bound + (value + 1.0) * (bound + bound) / 2.0
    return wrong
