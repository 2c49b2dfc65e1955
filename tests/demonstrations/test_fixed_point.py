"""States on the grid, and the grid's integers as bytes."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drivebench.demonstrations.fixed_point import STATE_SCALE, decode, encode, pack, unpack
from drivebench.errors import DataError


@given(
    st.tuples(st.integers(1, 6), st.integers(1, 4)).flatmap(
        lambda shape: arrays(np.int32, (*shape, 4), elements=st.integers(-(2**31), 2**31 - 1))
    )
)
def test_packing_loses_nothing_over_the_whole_range(steps: np.ndarray) -> None:
    assert np.array_equal(unpack(pack(steps), *steps.shape[:2]), steps)


def test_rounding_is_to_the_nearest_grid_point_and_happens_once() -> None:
    rng = np.random.default_rng(0)
    states = rng.uniform(-1000.0, 1000.0, (40, 3, 4))
    rounded = decode(encode(states))
    assert (np.abs(rounded - states) <= 0.5 / STATE_SCALE).all()
    assert np.array_equal(encode(rounded), encode(states))
    assert np.array_equal(decode(encode(rounded)), rounded)


def test_hand_computed_steps() -> None:
    assert encode(np.array([1.0, -0.5, 2.0**-20, 10.0])).tolist() == [65536, -32768, 1, 655360]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 40_000.0])
def test_a_state_off_the_grid_is_refused(bad: float) -> None:
    with pytest.raises(DataError, match="cannot be stored"):
        encode(np.array([[0.0, 0.0, 0.0, 1.0], [bad, 0.0, 0.0, 1.0]]))


def test_a_smooth_drive_packs_smaller_than_its_plain_integers() -> None:
    time_s = np.arange(150)[:, None] / 5.0
    speed = np.full((150, 20), 25.0) + 0.1 * np.sin(time_s + np.arange(20))
    states = np.stack(
        [25.0 * time_s + np.arange(20) * 12.0 + 0.0 * speed, speed * 0 + 4.0, speed * 0, speed], -1
    )
    steps = encode(states)
    packed, plain = (len(zlib.compress(data)) for data in (pack(steps).tobytes(), steps.tobytes()))
    assert packed < 0.5 * plain
