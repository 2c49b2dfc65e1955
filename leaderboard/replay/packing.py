"""Numbers that change slowly, as little text: whole quanta, second differences, seven bits a byte, base64.

Somebody who drives at a steady pace has second differences of nearly 0, which take a byte each. Reading them
back takes twenty lines of JavaScript (``player.js``) and no library.
"""

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError

__all__ = ["PER_M", "PER_MPS", "PER_RAD", "packed"]

PER_M, PER_RAD, PER_MPS = 64, 2048, 32
"""Quanta in a metre, a radian, and a metre per second: a car is drawn to within 8 mm and 0.014 degrees."""

_SEVEN_BITS = 128


def packed(numbers: NDArray[np.float64], quanta: Sequence[int]) -> str:
    """Pack columns, one behind the other.

    Args:
        numbers: ``f8[n, d]``, finite.
        quanta: How many are in a unit, for each of the d columns.

    Returns:
        The nearest whole numbers of quanta as base64: of each column the first number, the first difference,
        then second differences, each folded to be non-negative (0, -1, 1, -2, ...) and cut into groups of
        seven bits from the lowest, all but the last marked by the eighth bit.
    """
    if numbers.ndim != 2 or numbers.shape[1] != len(quanta) or not np.isfinite(numbers).all():
        raise ConfigurationError(
            f"numbers to be packed have shape {numbers.shape}; expected {len(quanta)} columns of finite ones"
        )
    whole = np.rint(numbers * np.asarray(quanta)).astype(np.int64)
    changes = whole.copy()
    changes[1:] -= whole[:-1]
    changes[2:] -= whole[1:-1] - whole[:-2]
    folded = np.where(changes < 0, -2 * changes - 1, 2 * changes).T.ravel()
    groups = []
    while True:
        groups.append(folded % _SEVEN_BITS)
        folded = folded // _SEVEN_BITS
        if not folded.any():
            break
    table = np.stack(groups, axis=1)
    needed = np.maximum(table.shape[1] - (table[:, ::-1] != 0).argmax(axis=1), 1)
    needed[~table.any(axis=1)] = 1
    place = np.arange(table.shape[1])
    table += _SEVEN_BITS * (place < needed[:, None] - 1)
    return base64.b64encode(table[place < needed[:, None]].astype(np.uint8).tobytes()).decode("ascii")
