"""Estimates against numbers worked out by hand or taken from tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drivebench.errors import RecordError
from leaderboard.statistics import (
    Estimate,
    event_rate,
    generator,
    mean_over_families,
    mean_over_seeds,
    next_seed,
)
from leaderboard.statistics.bootstrap import _quantile


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def over_families(values: dict[str, np.ndarray], seed: str = "seed") -> Estimate:
    (estimate,) = mean_over_families(values, lowest=0.0, highest=100.0, rng=generator(seed))
    return estimate


@pytest.mark.parametrize("share", [0.025, 0.975])
@pytest.mark.parametrize("count", [500, 1_000, 10_000])
def test_quantiles_are_those_of_numpy_to_the_last_bit(share: float, count: int) -> None:
    rng = np.random.default_rng(count)
    smooth = rng.normal(50.0, 3.0, (20, count))
    in_order = np.sort(smooth[:1], axis=1)  # the first thousand say nothing about the rest
    draws = np.concatenate([smooth, np.full((1, count), 7.0), np.round(smooth[:5]), in_order, -in_order])
    for each in draws:
        assert _quantile(each, share) == np.quantile(each, share)


def test_the_mean_is_over_families_not_over_episodes() -> None:
    estimate = over_families({"lane-keeping": column(100, 100, 100, 100), "merge": column(0, 50)})
    assert estimate.value == (100 + 25) / 2
    assert estimate.n == 6


@pytest.mark.parametrize(("failures", "n"), [(0, 10), (3, 10), (10, 10), (7, 60)])
def test_in_one_family_the_interval_of_a_rate_is_clopper_pearson(failures: int, n: int) -> None:
    values = column(*[0.0] * failures, *[100.0] * (n - failures))
    estimate = over_families({"merge": values})
    low = stats.beta.ppf(0.025, n - failures, failures + 1) if failures < n else 0.0
    high = stats.beta.ppf(0.975, n - failures + 1, failures) if failures else 1.0
    assert estimate.low == pytest.approx(100 * low, abs=1.0)
    assert estimate.high == pytest.approx(100 * high, abs=1.0)


def test_no_failure_in_ten_is_not_certainty() -> None:
    # By hand: the low end p of 10 successes in 10 has p^10 = 0.025, so p = 0.6915.
    estimate = over_families({"merge": column(*[100.0] * 10)})
    assert estimate.high == 100.0
    assert estimate.low == pytest.approx(100 * 0.025 ** (1 / 10), abs=1.0)


def test_the_imagined_episode_is_one_for_all_families_together() -> None:
    # By hand: with no failure in 4 families of 10 the low end is near that of 40 successes in 40, 91.2.
    estimate = over_families({name: column(*[100.0] * 10) for name in "abcd"})
    assert estimate.low == pytest.approx(100 * 0.025 ** (1 / 40), abs=0.7)


def test_one_episode_has_no_interval() -> None:
    assert over_families({"merge": column(40)}) == Estimate(value=40.0, low=None, high=None, n=1)
    mixed = over_families({"merge": column(40), "highway": column(20, 20, 20)})
    assert (mixed.value, mixed.low, mixed.high, mixed.n) == (30.0, None, None, 4)


def test_same_records_same_bytes_and_other_records_other_bytes() -> None:
    values = {"merge": column(10, 90, 95, 97), "highway": column(80, 0, 99)}
    assert over_families(values, "a") == over_families(values, "a")
    assert over_families(values, "a") != over_families(values, "b")
    assert over_families(dict(reversed(values.items())), "a") == over_families(values, "a")


def test_measures_side_by_side_are_as_one_by_one() -> None:
    both = np.array([[10.0, 90.0], [30.0, 70.0], [20.0, 60.0]])
    together = mean_over_families({"merge": both}, lowest=0.0, highest=100.0, rng=generator("x"))
    alone = [over_families({"merge": both[:, [k]]}, "x") for k in range(2)]
    assert [e.value for e in together] == [20.0, pytest.approx(220 / 3)]
    for one, other in zip(together, alone, strict=True):
        assert (one.low, one.high) == (pytest.approx(other.low), pytest.approx(other.high))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 100.1])
def test_a_value_that_is_no_score_is_an_error(bad: float) -> None:
    with pytest.raises(RecordError, match="'merge'"):
        over_families({"merge": column(50, bad, 60)})


def test_a_family_without_episodes_is_an_error_not_left_out() -> None:
    with pytest.raises(RecordError, match="no episode"):
        over_families({"merge": np.empty((0, 1)), "highway": column(1, 2)})


@settings(deadline=None)  # what else the machine does is no property of the interval
@given(st.lists(st.floats(0, 100), min_size=2, max_size=12), st.floats(0, 10))
def test_a_better_episode_never_lowers_an_end(scores: list[float], gain: float) -> None:
    better = [min(100.0, scores[0] + gain), *scores[1:]]
    before, after = over_families({"f": column(*scores)}), over_families({"f": column(*better)})
    assert before.low is not None
    assert after.low is not None
    assert after.value >= before.value - 1e-9
    assert after.low >= before.low - 1e-9
    assert before.low <= before.value <= (before.high or 0.0)


def test_event_rate_against_published_limits() -> None:
    # Garwood 1936: 0 events have the limits 0 and 3.689, 5 events 1.623 and 11.668.
    nothing = event_rate(0, 2.0, 10)
    assert (nothing.value, nothing.low, nothing.high) == (0.0, 0.0, pytest.approx(3.6889 / 2, abs=1e-4))
    five = event_rate(5, 1.0, 10)
    assert (five.low, five.high) == (pytest.approx(1.6235, abs=1e-4), pytest.approx(11.6683, abs=1e-4))
    with pytest.raises(RecordError, match="exposure"):
        event_rate(1, 0.0, 10)


def test_three_training_seeds_by_hand() -> None:
    # Mean 70, standard deviation 10, t(0.975, 2) = 4.3027: half width 4.3027 * 10 / sqrt(3) = 24.84.
    estimate = mean_over_seeds([60.0, 70.0, 80.0])
    assert (estimate.value, estimate.n) == (70.0, 3)
    assert estimate.low == pytest.approx(70 - 24.84, abs=0.01)
    assert estimate.high == pytest.approx(70 + 24.84, abs=0.01)
    assert mean_over_seeds([60.0]) == Estimate(value=60.0, low=None, high=None, n=1)


def test_where_one_more_training_seed_is_expected_by_hand() -> None:
    # Mean 70, standard deviation 10, t(0.975, 2) = 4.3027: half width 4.3027 * 10 * sqrt(4 / 3) = 49.68.
    expected = next_seed([60.0, 70.0, 80.0])
    assert expected == (pytest.approx(70 - 49.68, abs=0.01), pytest.approx(70 + 49.68, abs=0.01))
    assert next_seed([60.0]) is None


def test_an_estimate_is_finite() -> None:
    with pytest.raises(RecordError, match="not finite"):
        Estimate(value=math.nan, low=None, high=None, n=3)
