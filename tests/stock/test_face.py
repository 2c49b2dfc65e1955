"""Our stock environments give what highway-env's give: every id, step by step."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from scenarios.stock.face_check import VARIANTS, Comparison, compare, differences
from scenarios.stock.ids import IDS
from scenarios.stock.upstream import registered_ids

LONGEST = 12
NAMES = [*IDS, *VARIANTS]
TOGETHER = 9
"""Compared by the same process: compiling and importing cost more than the comparison."""


@cache
def _compared(group: int) -> dict[str, Comparison]:
    """One seed of some of all names."""
    names = NAMES[group * TOGETHER : (group + 1) * TOGETHER]
    return {each.name: each for each in compare(names, [1], LONGEST)}


def test_every_registered_id_has_ours() -> None:
    assert sorted(IDS) == sorted(registered_ids())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_equals_stock(name: str) -> None:
    comparison = _compared(NAMES.index(name) // TOGETHER)[name]
    assert comparison.difference is None
    assert comparison.decisions >= 2


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (1.0, np.float64(1.0), False),
        (1.0, np.nextafter(1.0, 2.0), True),
        (True, np.True_, False),
        (True, False, True),
        (np.zeros(2, np.float32), np.zeros(2, np.float32), False),
        (np.zeros(2, np.float32), np.zeros(2, np.float64), True),
        (np.zeros(2), np.zeros(3), True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": (1, 2)}, {"a": (1, 2)}, False),
        ((1, 2), (1, 2, 3), True),
        (0.0, -0.0, True),
        (np.zeros(2), -np.zeros(2), True),
        (np.array([np.nan, -0.0]), np.array([np.nan, -0.0]), False),
        (np.array([np.nan, 1.0]), np.array([1.0, 1.0]), True),
        (np.float32(0.5), 0.5, False),
    ],
)
def test_differences_are_noticed(one: Any, other: Any, differs: bool) -> None:
    assert bool(list(differences(one, other))) is differs
