"""The grid to which all descriptions of worlds are rounded, so that their last bits do not matter."""

import numpy as np

__all__ = ["GRID", "round_to_grid"]

GRID = 2.0**20
"""Descriptions are rounded to multiples of 1/GRID."""


def round_to_grid(value: float) -> float:
    """Round to the nearest multiple of 2**-20; NaN and infinities stay."""
    return float(np.rint(float(value) * GRID) / GRID)
