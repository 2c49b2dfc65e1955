"""Grain: what keeps grass and asphalt from being plain, and shows how fast the ground goes by.

One table for the whole plane, repeated every 25.8 m, with levels of detail like the ground's.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRAIN_LEVELS", "GRAIN_SIZE", "grain_table"]

GRAIN_SIZE = 256
"""Texels of the finest level along a side; a power of two."""

GRAIN_LEVELS = 9

_SEED = 20_240_601
_OCTAVES = ((4, 0.35), (16, 0.3), (64, 0.35))
"""Size of the cells in texels, and weight."""


@cache
def grain_table() -> NDArray[np.uint8]:
    """All levels one after the other, ``u1[256 * 256 + 128 * 128 + ... + 1]``, 128 on average.

    Only exact and elementwise arithmetic is used, so that it is the same on every machine.
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    field = 0.25 * (rng.random((GRAIN_SIZE, GRAIN_SIZE)) - 0.5)
    for cell, weight in _OCTAVES:
        count = GRAIN_SIZE // cell
        corners = rng.random((count, count)) - 0.5
        at = (np.arange(GRAIN_SIZE) + 0.5) / cell - 0.5
        low = np.floor(at).astype(np.int64)
        part = at - low
        part = part * part * (3.0 - 2.0 * part)
        here, there = low % count, (low + 1) % count
        rows = corners[here] * (1.0 - part)[:, None] + corners[there] * part[:, None]
        field += weight * (rows[:, here] * (1.0 - part) + rows[:, there] * part)
    field = np.clip(field * 1.6 + 0.5, 0.0, 1.0)
    levels = []
    for _ in range(GRAIN_LEVELS):
        levels.append(np.floor(field * 255.0 + 0.5).astype(np.uint8).ravel())
        if field.size > 1:
            field = 0.25 * (field[::2, ::2] + field[1::2, ::2] + field[::2, 1::2] + field[1::2, 1::2])
    return np.concatenate(levels)
