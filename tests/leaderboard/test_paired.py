"""Paired tests, corrections and effects: by hand, against scipy, and against rliable's formulas."""

import itertools

import numpy as np
import pytest
from scipy import stats

from leaderboard.statistics import (
    IQM,
    WORST_DECILE,
    Band,
    difference_of_methods,
    generator,
    holm,
    mean_of_band,
    paired_effect,
    probability_of_improvement,
    proportion,
    seed_ranks,
    sign_flip,
)
from leaderboard.statistics.seeds import Seeds, tied_methods

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def one_family(*values: float) -> dict[str, np.ndarray]:
    return {"merge": np.array(values, dtype=np.float64)}


def test_sign_flips_by_hand() -> None:
    # 3 pairs, all positive: of 8 patterns, all plus and all minus are as extreme: p = 2 / 8
    found = sign_flip(one_family(1, 2, 3), generator("x"))
    assert (found.p, found.exact, found.pairs) == (0.25, True, 3)
    # ties say nothing, and no difference at all is no evidence
    assert sign_flip(one_family(1, 0, 2, 3, 0), generator("x")).p == 0.25
    assert sign_flip(one_family(0, 0), generator("x")).p == 1.0


def test_sign_flips_are_those_of_scipy() -> None:
    rng = np.random.default_rng(3)
    few, many = rng.normal(0.5, 1.0, 9), rng.normal(0.15, 1.0, 80)
    exact = stats.permutation_test(
        (few, np.zeros(9)), lambda a, b, axis: np.mean(a - b, axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=np.inf,
    )  # fmt: skip
    assert sign_flip(one_family(*few), generator("x")).p == pytest.approx(float(exact.pvalue))
    drawn = sign_flip(one_family(*many), generator("x"))
    assert not drawn.exact
    # so many pairs are nearly normal
    z = many.sum() / np.sqrt((many**2).sum())
    assert drawn.p == pytest.approx(2 * stats.norm.sf(abs(z)), abs=0.015)


def test_families_weigh_the_same_in_the_test() -> None:
    # merge says +1 twice, exit -1 once: the mean over families is 0, which every pattern reaches
    assert sign_flip({"merge": np.ones(2), "exit": -np.ones(1)}, generator("x")).p == 1.0


def test_alike_policies_are_called_different_one_time_in_twenty() -> None:
    rng = np.random.default_rng(5)
    p_values = [
        sign_flip(one_family(*rng.choice([-100.0, 0.0, 20.0, -20.0, 100.0], 12)), generator("x")).p
        for _ in range(400)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.07


def test_holm_by_hand() -> None:
    # 0.01 · 4, then 0.02 · 3, then 0.03 · 2 = 0.06 which may not be below what is before it, then 0.5 · 1
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_paired_effect_by_hand() -> None:
    # mean 2, standard deviation 1
    assert paired_effect(one_family(1, 2, 3)) == pytest.approx(2.0)
    assert paired_effect(one_family(5, 5)) is None
    assert paired_effect(one_family(5)) is None


def test_the_probability_of_improvement_is_that_of_rliable() -> None:
    """rliable 1.2.0, ``metrics.probability_of_improvement``: mean over tasks of U / (m n), ties half.

    By hand: merge has 3 of 4 pairs won and one tied, 0.875; exit 1 of 4 pairs won, 0.25.
    """
    first = {"merge": np.array([2.0, 3.0]), "exit": np.array([0.0, 5.0])}
    second = {"merge": np.array([1.0, 2.0]), "exit": np.array([1.0, 9.0])}
    by_hand = (0.875 + 0.25) / 2
    assert probability_of_improvement(first, second) == pytest.approx(by_hand)
    by_scipy = np.mean(
        [stats.mannwhitneyu(first[k], second[k], alternative="greater").statistic / 4 for k in first]
    )
    assert probability_of_improvement(first, second) == pytest.approx(by_scipy)


def test_the_interquartile_mean_is_that_of_rliable() -> None:
    """rliable 1.2.0, ``metrics.aggregate_iqm``: ``scipy.stats.trim_mean(scores, 0.25)`` over all."""
    scores = np.random.default_rng(11).uniform(0, 100, (20, 4))
    by_family = {str(k): scores[:, k] for k in range(4)}
    found = mean_of_band(by_family, {"iqm": IQM}, lowest=0, highest=100, rng=generator("x"))["iqm"]
    assert found.value == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_bands_by_hand() -> None:
    # of 1 to 20 the lowest tenth is 1 and 2; of 10 scores, the middle half is half of the 3rd and of the 8th
    # and all between: (1.5 + 4 + 5 + 6 + 7 + 4) / 5
    worst = mean_of_band(
        {"a": np.arange(1.0, 21.0)}, {"w": WORST_DECILE}, lowest=0, highest=100, rng=generator("x")
    )
    assert worst["w"].value == pytest.approx(1.5)
    middle = mean_of_band({"a": np.arange(1.0, 11.0)}, {"m": IQM}, lowest=0, highest=100, rng=generator("x"))
    assert middle["m"].value == pytest.approx((1.5 + 4 + 5 + 6 + 7 + 4) / 5)
    uneven = {"a": np.array([0.0, 0.0, 0.0, 0.0]), "b": np.array([100.0, 100.0])}
    even = mean_of_band(uneven, {"m": IQM}, lowest=0, highest=100, rng=generator("x"))
    assert even["m"].value == pytest.approx(50.0)  # families weigh the same


@pytest.mark.parametrize("band", [IQM, WORST_DECILE])
def test_the_intervals_of_bands_cover(band: Band) -> None:
    """Scores that are 0 one time in five and uniform above 60 else; the truth is from 400,000 of them."""
    rng = np.random.default_rng(2)

    def draw(n: int) -> np.ndarray:
        return np.where(rng.random(n) < 0.2, 0.0, rng.uniform(60, 100, n))

    ordered = np.sort(draw(400_000))
    cut = slice(int(len(ordered) * band.start), int(len(ordered) * band.end))
    truth = float(ordered[cut].mean())
    covered = 0
    for repeat in range(120):
        values = {"a": draw(25), "b": draw(25)}
        found = mean_of_band(values, {"b": band}, lowest=0, highest=100, rng=generator(str(repeat)))["b"]
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered / 120 >= 0.92


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (97, 100)])
def test_a_proportion_has_the_interval_of_scipy(successes: int, n: int) -> None:
    exact = stats.binomtest(successes, n).proportion_ci(method="exact")
    found = proportion(successes, n)
    assert (found.low, found.high) == (pytest.approx(100 * exact.low), pytest.approx(100 * exact.high))


def test_methods_differ_as_welch_has_it() -> None:
    a, b = (61.0, 64.0, 70.0, 66.0), (50.0, 58.0, 53.0)
    by_scipy = stats.ttest_ind(a, b, equal_var=False)
    interval = by_scipy.confidence_interval()
    found = difference_of_methods(Seeds(values=a, trained=True), Seeds(values=b, trained=True))
    assert found.p == pytest.approx(float(by_scipy.pvalue))
    assert found.estimate.low == pytest.approx(float(interval.low))
    assert found.estimate.high == pytest.approx(float(interval.high))
    # by hand: pooled variance (42.75 + 32.667) / 5 = 15.083, so d = 11.583 / 3.884 = 2.983, times 1 - 3 / 19
    assert found.effect == pytest.approx(2.983 * (1 - 3 / 19), abs=0.001)


def test_one_seed_is_no_claim_about_a_method() -> None:
    one, three = Seeds(values=(60.0,), trained=True), Seeds(values=(50.0, 51.0, 52.0), trained=True)
    found = difference_of_methods(one, three)
    assert (found.estimate.low, found.p, found.effect) == (None, None, None)
    assert seed_ranks([one, three]) == [(1, 2), (1, 2)]


def test_what_nobody_trained_has_no_spread_over_trainings() -> None:
    fixed, three = Seeds(values=(2.0,), trained=False), Seeds(values=(50.0, 51.0, 52.0), trained=True)
    by_scipy = stats.ttest_1samp([50.0, 51.0, 52.0], 2.0)
    assert difference_of_methods(three, fixed).p == pytest.approx(float(by_scipy.pvalue))
    assert seed_ranks([fixed, three]) == [(2, 2), (1, 1)]


def test_places_and_ties_of_methods() -> None:
    best = Seeds(values=(90.0, 91.0, 92.0), trained=True)
    near = Seeds(values=(88.0, 91.0, 91.0), trained=True)
    last = Seeds(values=(10.0, 11.0, 12.0), trained=True)
    assert seed_ranks([last, best, near]) == [(3, 3), (1, 2), (1, 2)]
    assert tied_methods([last, best, near], highest=True) == ([False, True, False], [False, False, True])
    assert tied_methods([last, best, near], highest=False) == ([True, False, False], [False, False, False])


def test_places_are_those_that_single_differences_give() -> None:
    rng = np.random.default_rng(5)
    methods = [
        Seeds(values=tuple(50.0 + 20.0 * rng.random() + rng.normal(0.0, 1.0, k)), trained=True)
        for k in rng.integers(1, 8, 30)
    ]
    methods += [Seeds(values=(value,), trained=False) for value in (50.0, 60.0, 60.0)]
    methods += [Seeds(values=(55.0, 55.0), trained=True), Seeds(values=(60.0, 60.0, 60.0), trained=True)]
    level = 1.0 - 0.05 / (len(methods) - 1)
    for own, places in zip(methods, seed_ranks(methods), strict=True):
        better = worse = 0
        for other in methods:
            found = difference_of_methods(own, other, level).estimate
            low, high = found.low, found.high
            if not own.trained and not other.trained:
                low = high = found.value
            better += high is not None and high < 0.0
            worse += low is not None and low > 0.0
        assert places == (1 + better, len(methods) - worse)


def test_method_intervals_cover_and_pooled_episodes_would_not() -> None:
    """Training seeds spread by 10, episodes by 30: 3 seeds of 30 episodes each, 400 times."""
    rng = np.random.default_rng(9)
    covered, pooled = 0, 0
    for _ in range(400):
        episodes = 50 + rng.normal(0, 10, (3, 1)) + rng.normal(0, 30, (3, 30))
        found = Seeds(values=tuple(episodes.mean(axis=1)), trained=True).estimate()
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 50 <= found.high
        half = 1.96 * episodes.std(ddof=1) / episodes.size**0.5
        pooled += abs(episodes.mean() - 50) <= half
    assert covered / 400 >= 0.93
    assert pooled / 400 <= 0.80


def test_exact_patterns_and_random_ones_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    values = one_family(*np.random.default_rng(4).normal(0.6, 1.0, 12))
    exact = sign_flip(values, generator("x"))
    by_hand = np.mean(
        [
            abs(sum(s * v for s, v in zip(signs, values["merge"], strict=True)))
            >= abs(values["merge"].sum()) - 1e-9
            for signs in itertools.product((1, -1), repeat=12)
        ]
    )
    assert exact.p == pytest.approx(float(by_hand))
    monkeypatch.setattr("leaderboard.statistics.paired.EXACT", 0)
    assert sign_flip(values, generator("x")).p == pytest.approx(exact.p, abs=0.01)
