"""Rank intervals, tie groups and the probability of being best: by hand, and how often they hold."""

import numpy as np
import pytest

from leaderboard.statistics import Draws, draw_weights, draws_of_means, generator, ranking, tied_with_best

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def draws_of(*columns: list[float], name: str = "ranks") -> Draws:
    values = {"family": np.array(columns, dtype=np.float64).T}
    weights = draw_weights({"family": len(columns[0])}, generator(name))
    return draws_of_means(values, lowest=0.0, highest=100.0, weights=weights)


def test_clearly_different_policies_have_a_place_each() -> None:
    rng = np.random.default_rng(0)
    base = rng.uniform(0, 20, 200)
    found = ranking(draws_of(list(base + 40), list(base), list(base + 80)))
    assert found.ranks == ((2, 2), (3, 3), (1, 1))
    assert found.groups == (2, 3, 1)
    assert found.best == (0.0, 0.0, 1.0)


def test_policies_that_score_the_same_share_every_place() -> None:
    scores = [0.0, 100.0] * 20
    found = ranking(draws_of(scores, scores, [0.0] * 40))
    assert found.ranks == ((1, 2), (1, 2), (3, 3))
    assert found.groups == (1, 1, 2)
    assert found.best == (0.5, 0.5, 0.0)


def test_pairs_tell_apart_what_single_intervals_do_not() -> None:
    """A seed that is hard for one is hard for the other: the difference of 8 is there on every one."""
    base = np.random.default_rng(1).uniform(0, 80, 60)
    draws = draws_of(list(base + 8), list(base))
    first, second = draws.estimates()
    assert first.low is not None
    assert second.high is not None
    assert first.low < second.high
    assert ranking(draws).ranks == ((1, 1), (2, 2))


def test_a_tenth_of_a_point_in_few_episodes_is_no_difference() -> None:
    """Both may still fail on the next episode: the imagined one."""
    found = ranking(draws_of([99.9] * 10, [99.8] * 10))
    assert found.ranks == ((1, 2), (1, 2))
    assert found.groups == (1, 1)


def test_the_best_is_the_lowest_where_less_is_better() -> None:
    draws = draws_of([100.0, 0.0] * 20, [0.0] * 40, [0.0] * 39 + [100.0])
    best, tied = tied_with_best(draws, highest=False)
    assert best.tolist() == [False, True, False]
    assert tied.tolist() == [False, False, True]


def test_one_policy_is_first() -> None:
    found = ranking(draws_of([10.0, 20.0]))
    assert (found.ranks, found.groups, found.best) == (((1, 1),), (1,), (1.0,))


def test_rank_intervals_hold_as_often_as_they_should() -> None:
    """Five policies that fail at near rates, on common seeds, 150 times: the true place is inside."""
    rng = np.random.default_rng(7)
    rates = np.array([0.10, 0.20, 0.25, 0.40, 0.60])
    held = np.zeros(5)
    widths = 0
    for repeat in range(150):
        hard = rng.uniform(size=(40, 1))  # a seed is hard for all of them
        failed = hard + 0.3 * rng.uniform(-0.5, 0.5, (40, 5)) < rates
        scores = np.where(failed, 0.0, rng.uniform(80, 100, (40, 5)))
        found = ranking(draws_of(*scores.T.tolist(), name=str(repeat)))
        held += [low <= place <= high for place, (low, high) in enumerate(found.ranks, start=1)]
        widths += sum(high - low for low, high in found.ranks)
    assert (held / 150 >= 0.93).all()
    assert widths / 150 < 12  # of 20 that say nothing: the intervals do tell something
