"""Words of Reeds and Shepp: each reaches the goal, and no way that is driven at random is shorter."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from scenarios.reeds_shepp import MOST_WORDS, PIECES, reeds_shepp_words

Pose = tuple[float, float, float]


def driven(lengths: NDArray[np.float64], turns: NDArray[np.int64]) -> Pose:
    """Where a word leads from the origin, by trigonometry of its own."""
    x, y, heading = 0.0, 0.0, 0.0
    for length, turn in zip(lengths.tolist(), turns.tolist(), strict=True):
        after = heading + turn * length
        if turn == 0:
            x, y = x + length * math.cos(heading), y + length * math.sin(heading)
        else:
            x += (math.sin(after) - math.sin(heading)) / turn
            y -= (math.cos(after) - math.cos(heading)) / turn
        heading = after
    return x, y, heading


def words_to(pose: Pose) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    words, turns = np.zeros((MOST_WORDS, PIECES)), np.zeros((MOST_WORDS, PIECES), np.int64)
    count = reeds_shepp_words(*pose, words, turns)
    return words[:count], turns[:count]


def shortest(pose: Pose) -> float:
    return float(np.abs(words_to(pose)[0]).sum(axis=1).min())


def test_every_word_reaches_the_goal_and_the_shortest_is_no_longer_than_any_way_that_leads_there() -> None:
    generator = np.random.default_rng(7)
    for _ in range(1500):
        pieces = int(generator.integers(1, PIECES + 1))
        lengths, turns = generator.uniform(-2.5, 2.5, pieces), generator.integers(-1, 2, pieces)
        pose = driven(lengths, turns)
        words, sides = words_to(pose)
        for word, side in zip(words, sides, strict=True):
            x, y, heading = driven(word, side)
            assert math.hypot(x - pose[0], y - pose[1]) < 1e-7
            assert abs(math.remainder(heading - pose[2], math.tau)) < 1e-7
        assert np.abs(words).sum(axis=1).min() <= np.abs(lengths).sum() + 1e-9


@pytest.mark.parametrize(
    ("pose", "length"),
    [
        ((3.0, 0.0, 0.0), 3.0),  # straight on
        ((-2.5, 0.0, 0.0), 2.5),  # straight back
        ((1.0, 1.0, 0.5 * math.pi), 0.5 * math.pi),  # a quarter of a turn
        ((0.0, 0.0, math.pi), math.pi),  # about face where one stands: three arcs of 60°
        ((-1.0, 1.0, -0.5 * math.pi), 0.5 * math.pi),  # a quarter of a turn in reverse
        ((3.0, 1.0, 0.5 * math.pi), 2.0 + 0.5 * math.pi),  # on, and a quarter of a turn
    ],
)
def test_lengths_that_are_known(pose: Pose, length: float) -> None:
    assert shortest(pose) == pytest.approx(length, abs=1e-9)


def test_length_is_the_same_through_every_symmetry() -> None:
    generator = np.random.default_rng(8)
    for _ in range(200):
        x, y, heading = (generator.uniform(-1.0, 1.0, 3) * (4.0, 4.0, 3.1)).tolist()
        length = shortest((x, y, heading))
        assert shortest((-x, y, -heading)) == pytest.approx(length, abs=1e-9)
        assert shortest((x, -y, -heading)) == pytest.approx(length, abs=1e-9)
        back_x = x * math.cos(heading) + y * math.sin(heading)
        back_y = x * math.sin(heading) - y * math.cos(heading)
        assert shortest((back_x, back_y, heading)) == pytest.approx(length, abs=1e-9)
