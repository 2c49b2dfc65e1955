"""Who is close to whom: entities sorted into cells along the longer axis of where they are.

A cell is at least as long as the distance that matters, so whoever is that close stands in the same cell or
in one beside it. Sorting takes a time that grows with the number of entities, however they are ordered.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import EntityFloat

__all__ = ["CELL_ROWS", "MEMBERS", "members_nearby", "sort_into_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELL_ROWS = 3
"""Rows of the work space, each with room for all entities: cell of an entity, end of a cell, members."""

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_CELL, _END, MEMBERS = 0, 1, 2

_MARGIN = 1.0 + 1e-6
"""Of the length of a cell, far above what rounding can do to a place in it."""


@inlined_kernel
def _range(values: Floats, count: int) -> tuple[float, float]:
    low = values[0]
    high = low
    for i in range(1, count):
        low = min(low, values[i])
        high = max(high, values[i])
    return low, high


@borrowing_kernel
def sort_into_cells(numbers: Floats, entities: int, distance_m: float, cells: Ints) -> int:
    """Sort entities into cells at least ``distance_m`` long; at most as many cells as entities.

    Args:
        numbers: [rows ``EntityFloat``, N].
        entities: How many; at least one.
        distance_m: Up to which two entities are to be found near each other, in either axis.
        cells: [``CELL_ROWS``, at least ``entities``] written.

    Returns:
        The number of cells.
    """
    low_x, high_x = _range(numbers[_X], entities)
    low_y, high_y = _range(numbers[_Y], entities)
    along_x = high_x - low_x >= high_y - low_y
    values = numbers[_X] if along_x else numbers[_Y]
    low = low_x if along_x else low_y
    extent = high_x - low_x if along_x else high_y - low_y
    wanted = extent / (distance_m * _MARGIN)
    count = min(entities, int(wanted)) if 1.0 <= wanted < np.inf else 1
    scale = count / extent if count > 1 else 0.0
    for cell in range(count):
        cells[_END, cell] = 0
    for i in range(entities):
        place = (values[i] - low) * scale
        cell = int(place) if 0.0 <= place < count else count - 1
        cells[_CELL, i] = cell
        cells[_END, cell] += 1
    total = 0
    for cell in range(count):
        members = cells[_END, cell]
        cells[_END, cell] = total
        total += members
    for i in range(entities):
        cell = cells[_CELL, i]
        cells[MEMBERS, cells[_END, cell]] = i
        cells[_END, cell] += 1
    return count


@inlined_kernel
def members_nearby(cells: Ints, count: int, i: int) -> tuple[int, int]:
    """Range of ``cells[2]`` in which all entities stand that may be near i, itself among them."""
    cell = cells[_CELL, i]
    first = cells[_END, cell - 2] if cell >= 2 else 0
    return first, cells[_END, min(cell + 1, count - 1)]
