"""Our stock environments give what highway-env's give: every id, step by step."""

from typing import Any

import numpy as np
import pytest

from scenarios.stock.face_check import VARIANTS, Comparison, compare, differences
from scenarios.stock.ids import IDS
from scenarios.stock.upstream import registered_ids

LONGEST = 12
NAMES = [*IDS, *VARIANTS]


@pytest.fixture(scope="module")
def compared() -> dict[str, Comparison]:
    """One seed of each, in two processes: importing and loading kernels cost more than a comparison."""
    return {each.name: each for each in compare(NAMES, [1], LONGEST)}


def test_every_registered_id_has_ours() -> None:
    assert sorted(IDS) == sorted(registered_ids())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_equals_stock(compared: dict[str, Comparison], name: str) -> None:
    assert compared[name].difference is None
    assert compared[name].decisions >= 2


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
