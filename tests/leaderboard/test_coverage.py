"""Does a 95 % interval cover the truth 95 times in a hundred, on scores as driving policies have them?"""

from collections.abc import Callable

import numpy as np
import pytest

from leaderboard.statistics import mean_over_families

FAMILIES = 4
REPETITIONS = 300

Draw = Callable[[np.random.Generator, int], np.ndarray]


def gated(failure_rate: float, low: float, high: float) -> tuple[Draw, float]:
    """Scores that are 0 with some probability and uniform otherwise, and their true mean."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < failure_rate, 0.0, rng.uniform(low, high, n))

    return draw, (1.0 - failure_rate) * (low + high) / 2.0


POLICIES = {
    "expert": gated(0.0, 94.0, 97.0),
    "rare failures": gated(0.03, 90.0, 99.0),
    "one in ten": gated(0.10, 90.0, 99.0),
    "one in two": gated(0.50, 60.0, 99.0),
    "hardly ever arrives": gated(0.93, 10.0, 60.0),
}


def coverage(draw: Draw, truth: float, n: int, families: int) -> float:
    rng = np.random.default_rng(20_240_601)
    covered = 0
    for _ in range(REPETITIONS):
        values = {str(k): draw(rng, n)[:, None] for k in range(families)}
        (estimate,) = mean_over_families(values, lowest=0.0, highest=100.0, rng=rng)
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= truth <= estimate.high
    return covered / REPETITIONS


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderboard.statistics.bootstrap.RESAMPLES", 1000)


@pytest.mark.parametrize("n", [5, 25])
@pytest.mark.parametrize("families", [1, FAMILIES])
@pytest.mark.parametrize("policy", POLICIES)
def test_the_interval_covers_the_truth(policy: str, families: int, n: int) -> None:
    # 300 repetitions of a true 95 % give less than 92 % about one time in a hundred; the seed is fixed.
    assert coverage(*POLICIES[policy], n, families) >= 0.92


def test_the_percentile_bootstrap_does_not() -> None:
    """The reason for the imagined episode: without it, rare failures are not seen and not allowed for."""
    draw, truth = POLICIES["rare failures"]
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(REPETITIONS):
        scores = draw(rng, 10)
        means = scores[rng.integers(0, 10, (1000, 10))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        covered += low <= truth <= high
    assert covered / REPETITIONS < 0.4
    assert coverage(draw, truth, 10, 1) >= 0.95
