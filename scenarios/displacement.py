"""Where cars are thought to stand when an expert is asked for labels: the same for all, or each elsewhere."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["displacements"]

F8 = NDArray[np.float64]


def displacements(cars: int, lateral_offset_m: ArrayLike, heading_offset_rad: ArrayLike) -> tuple[F8, F8]:
    """Offsets for each car and pose.

    Args:
        cars: n, how many there are.
        lateral_offset_m: To the right: one for all, or ``f8[..., n]``.
        heading_offset_rad: To the right; the same.

    Returns:
        Both as ``f8[..., n]``, of one shape and contiguous.
    """
    shape = np.broadcast_shapes(np.shape(lateral_offset_m), np.shape(heading_offset_rad), (cars,))
    lateral, heading = (
        np.ascontiguousarray(np.broadcast_to(np.asarray(each, np.float64), shape))
        for each in (lateral_offset_m, heading_offset_rad)
    )
    return lateral, heading
