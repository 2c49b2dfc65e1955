"""The compiled random numbers against ``numpy.random.Generator``, bit for bit."""

import numpy as np
import numpy.typing as npt
import pytest

from drivebench.compiled import kernel
from drivebench.world import random_stream
from drivebench.world.numerics import PARITY
from drivebench.world.open_takeover import random_words
from drivebench.world.random_stream import (
    integer_below,
    next_double,
    shuffle,
    standard_normal,
    two_different,
    uniform,
)

DRAWS = 2_000_000


def words_of(generator: np.random.Generator) -> npt.NDArray[np.uint64]:
    return np.array(random_words(generator), dtype=np.uint64)


@kernel
def fill(
    numerics: int | None, random: npt.NDArray[np.uint64], kind: int, out: npt.NDArray[np.float64]
) -> None:
    for k in range(len(out)):
        if kind == 0:
            out[k] = next_double(random)
        elif kind == 1:
            out[k] = uniform(random, 3.5, 4.5)
        else:
            out[k] = standard_normal(numerics, random)


@pytest.mark.parametrize("odd", [False, True])
def test_uniform_and_normal_numbers_are_numpys(odd: bool) -> None:
    generator = np.random.default_rng(7)
    if odd:
        generator.integers(10, dtype=np.int32)  # takes half a word and leaves the other half
    random = words_of(generator)
    ours = np.empty(DRAWS)
    fill(PARITY, random, 0, ours)
    np.testing.assert_array_equal(ours, generator.random(DRAWS))
    fill(PARITY, random, 1, ours)
    np.testing.assert_array_equal(ours, generator.uniform(3.5, 4.5, DRAWS))
    fill(PARITY, random, 2, ours)
    normal = generator.standard_normal(DRAWS)
    np.testing.assert_array_equal(ours, normal)
    assert np.abs(normal).max() > 3.6542, "no draw came from the tail"
    assert tuple(random) == random_words(generator)


def test_canonical_normal_numbers_come_from_the_same_words() -> None:
    generator = np.random.default_rng(8)
    random, ours = words_of(generator), np.empty(DRAWS)
    fill(None, random, 2, ours)
    normal = generator.standard_normal(DRAWS)
    assert tuple(random) == random_words(generator)
    np.testing.assert_allclose(ours, normal, rtol=1e-15, atol=0.0)
    np.testing.assert_array_equal(ours[np.abs(normal) < 3.6542], normal[np.abs(normal) < 3.6542])


def test_mixed_draws_keep_step_with_numpy() -> None:
    generator = np.random.default_rng(9)
    random = words_of(generator)
    for count in (1, 2, 3, 4, 5, 17, 3_000_000_000) * 300:
        assert integer_below(random, count) == generator.integers(count)
        if 2 <= count < 100:
            ours = two_different(random, count)
            assert ours == tuple(generator.choice(range(count), size=2, replace=False))
        order, items = np.arange(count % 23), np.arange(count % 23)
        shuffle(random, items)
        generator.shuffle(order)
        np.testing.assert_array_equal(items, order)
        rows = np.arange(2 * (count % 23)).reshape(-1, 2)
        items = np.arange(count % 23)
        shuffle(random, items)
        generator.shuffle(rows)
        np.testing.assert_array_equal(items, rows[:, 0] // 2)
        assert next_double(random) == generator.random()
        assert standard_normal(PARITY, random) == generator.normal()
        assert tuple(random) == random_words(generator)


def test_another_seed_gives_other_numbers() -> None:
    one, other = words_of(np.random.default_rng(1)), words_of(np.random.default_rng(2))
    assert random_stream.next_word(one) != random_stream.next_word(other)
