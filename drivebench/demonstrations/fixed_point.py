"""Entity states as integers, and integers as few bytes.

A pose is kept on a grid of 2^-16 m (15 µm) and 2^-20 rad (a tenth of a millimetre at 100 m), which a camera
cannot tell from the simulator's 64-bit numbers: the sensors round poses to this very grid before they look.
On the grid, a vehicle's path is nearly linear over a few decisions, so second differences in time are small
integers; with their bytes sorted by significance, deflate (in ``states.npz``) packs them to about a tenth.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import DataError

__all__ = ["STATE_SCALE", "decode", "encode", "pack", "unpack"]

STATE_SCALE = np.array([2.0**16, 2.0**16, 2.0**20, 2.0**16])
"""Steps per metre, metre, radian and metre per second of the columns (x, y, heading, speed)."""

_LARGEST = 2.0**31 - 1.0


def encode(states: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round states to the grid.

    Args:
        states: ``f8[..., 4]``: x in m, y in m, heading in rad, speed in m/s.

    Returns:
        ``i4[..., 4]`` in grid steps.

    Raises:
        DataError: A state is not finite, or is more than 32 km or 2,000 rad from zero.
    """
    steps = np.rint(states * STATE_SCALE)
    if not (np.abs(steps) <= _LARGEST).all():
        worst = states.reshape(-1, 4)[np.argmax(~(np.abs(steps) <= _LARGEST).all(axis=-1).ravel())]
        raise DataError(
            f"a state (x, y, heading, speed) = {worst.tolist()} cannot be stored; expected finite numbers "
            "within 32 km, 2,000 rad and 32,000 m/s"
        )
    return np.asarray(steps, dtype=np.int32)


def decode(steps: NDArray[np.int32]) -> NDArray[np.float64]:
    """Grid steps ``i4[..., 4]`` to states ``f8[..., 4]`` in m, m, rad and m/s: exact, no rounding."""
    return np.asarray(steps / STATE_SCALE)


def pack(steps: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Arrange the integers of one episode so that deflate finds little left to store.

    Args:
        steps: ``i4[T, N, 4]`` grid steps of N entities at T decisions.

    Returns:
        ``u1[4 * T * N * 4]``: the four bytes, most significant first, of the second differences in time.
    """
    columns = np.ascontiguousarray(np.moveaxis(steps, 0, -1)).astype(np.int64)
    for _ in range(2):
        columns[..., 1:] -= columns[..., :-1].copy()
    wrapped = columns.astype(np.int32)
    zigzag = (wrapped << 1) ^ (wrapped >> 31)  # small magnitudes of either sign become small numbers
    return np.ascontiguousarray(zigzag.astype(">u4").reshape(-1, 1).view(np.uint8).T).ravel()


def unpack(planes: NDArray[np.uint8], frames: int, entities: int) -> NDArray[np.int32]:
    """Undo :func:`pack`.

    Args:
        planes: ``u1[4 * T * N * 4]``.
        frames: T, the number of decisions.
        entities: N.
    """
    zigzag = np.ascontiguousarray(planes.reshape(4, -1).T).view(">u4").astype(np.uint32)
    wrapped = (zigzag >> np.uint32(1)).astype(np.int32) ^ -(zigzag & np.uint32(1)).astype(np.int32)
    columns = wrapped.reshape(entities, 4, frames).astype(np.int64)
    for _ in range(2):
        columns = np.cumsum(columns, axis=-1)
    return np.ascontiguousarray(np.moveaxis(columns.astype(np.int32), -1, 0))
