"""What can be said of a method: inference over training seeds alone.

Another training run may come out otherwise than this one, and the spread of its episodes does not tell how
far. So a method's number is the mean over training seeds of the headline of each, with Student's t; one seed
has no interval. A policy that nobody trained has no such spread: on given episodes its number is what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from drivebench.errors import RecordError
from leaderboard.statistics.estimate import LEVEL, Estimate

__all__ = [
    "Difference",
    "Seeds",
    "difference_of_methods",
    "hedges_g",
    "mean_over_seeds",
    "next_seed",
    "seed_ranks",
    "tied_methods",
]


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """The headlines of a method.

    Attributes:
        values: One for each training seed; a single one where nothing was trained.
        trained: Whether training has made it.
    """

    values: tuple[float, ...]
    trained: bool

    def __post_init__(self) -> None:
        if not self.values or not np.isfinite(self.values).all():
            raise RecordError(f"a method needs finite scores, one a training seed; {self.values} were given")
        if not self.trained and len(self.values) > 1:
            raise RecordError(f"{len(self.values)} scores of a policy that was never trained; expected one")

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.values))

    @property
    def known(self) -> bool:
        """Whether it is known how far another training may be off."""
        return not self.trained or len(self.values) > 1

    @property
    def variance_of_mean(self) -> float:
        """Squared standard error of the mean; 0 where nothing was trained."""
        return float(np.var(self.values, ddof=1)) / len(self.values) if len(self.values) > 1 else 0.0

    def estimate(self) -> Estimate:
        """The mean with Student's interval; none with one seed, and none where nothing was trained."""
        return mean_over_seeds(self.values)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """First less second of two methods.

    Attributes:
        estimate: With Welch's interval; ``n`` counts the training seeds of both.
        p: Two-sided, of Welch's test; None where there is no interval.
        effect: Hedges' g; None likewise, and where no seed differs from another.
    """

    estimate: Estimate
    p: float | None
    effect: float | None


def mean_over_seeds(values: Sequence[float]) -> Estimate:
    """Mean over training seeds with Student's t interval: the claim about a method, not about one policy.

    Episodes must not be pooled over seeds for this: their spread says nothing about another training run.

    Args:
        values: One headline for each training seed.
    """
    seeds = np.asarray(values, dtype=np.float64)
    mean = float(seeds.mean())
    if len(seeds) == 1:
        return Estimate(value=mean, low=None, high=None, n=1)
    half = _student(len(seeds) - 1) * float(seeds.std(ddof=1)) / len(seeds) ** 0.5
    return Estimate(value=mean, low=mean - half, high=mean + half, n=len(seeds))


def next_seed(values: Sequence[float]) -> tuple[float, float] | None:
    """Where the headline of one more training seed is expected: Student's prediction interval.

    mean ± t · s · sqrt(1 + 1 / k), with the standard deviation s of k seeds (Hahn and Meeker, Statistical
    Intervals, 1991, chapter 4).

    Args:
        values: One headline for each training seed.

    Returns:
        Both ends, which may lie beyond what a score can be; None with fewer than two seeds.
    """
    if len(values) < 2:
        return None
    seeds = np.asarray(values, dtype=np.float64)
    half = _student(len(seeds) - 1) * float(seeds.std(ddof=1)) * (1.0 + 1.0 / len(seeds)) ** 0.5
    return float(seeds.mean()) - half, float(seeds.mean()) + half


def difference_of_methods(first: Seeds, second: Seeds, level: float = LEVEL) -> Difference:
    """Difference of two means over training seeds (Welch 1947): the seeds of two methods are no pairs.

    Args:
        first: The one.
        second: The other.
        level: Of the interval.
    """
    value, n = first.mean - second.mean, len(first.values) + len(second.values)
    variances = (first.variance_of_mean, second.variance_of_mean)
    variance = sum(variances)
    if not (first.known and second.known) or not (first.trained or second.trained):
        return Difference(estimate=Estimate(value=value, low=None, high=None, n=n), p=None, effect=None)
    if variance <= 0.0:
        p = 1.0 if value == 0.0 else 0.0
        return Difference(estimate=Estimate(value=value, low=value, high=value, n=n), p=p, effect=None)
    freedom = variance**2 / sum(
        each**2 / (len(side.values) - 1)
        for each, side in zip(variances, (first, second), strict=True)
        if each > 0.0
    )
    half = _student(freedom, level) * variance**0.5
    return Difference(
        estimate=Estimate(value=value, low=value - half, high=value + half, n=n),
        p=float(2.0 * special.stdtr(freedom, -abs(value) / variance**0.5)),
        effect=hedges_g(first, second),
    )


def hedges_g(first: Seeds, second: Seeds) -> float | None:
    """Difference in standard deviations of a training seed, corrected for few seeds (Hedges 1981).

    Args:
        first: The one.
        second: The other.

    Returns:
        None where no seed differs from another.
    """
    freedom = len(first.values) + len(second.values) - 2
    squares = sum(float(np.var(side.values)) * len(side.values) for side in (first, second))
    if freedom < 1 or squares <= 0.0:
        return None
    spread = float(np.sqrt(squares / freedom))
    return (first.mean - second.mean) / spread * (1.0 - 3.0 / (4.0 * freedom - 1.0))


def seed_ranks(methods: Sequence[Seeds]) -> list[tuple[int, int]]:
    """Best and worst place of each method that differences over training seeds allow.

    All k − 1 differences of a method hold at once: their level is that of Bonferroni.

    Args:
        methods: All that are ranked together, the highest mean being the best.
    """
    apart = _Apart(methods)
    ranks = []
    for own in range(len(methods)):
        signs = apart.signs(own)
        better, worse = int(np.count_nonzero(signs < 0)), int(np.count_nonzero(signs > 0))
        ranks.append((1 + better, len(methods) - worse))
    return ranks


def tied_methods(methods: Sequence[Seeds], *, highest: bool) -> tuple[list[bool], list[bool]]:
    """Which methods have the best mean, and which others differences over seeds do not tell apart from it.

    Args:
        methods: All that are compared with the best.
        highest: Whether the highest mean is the best; the lowest otherwise.
    """
    means = [each.mean if highest else -each.mean for each in methods]
    signs = _Apart(methods).signs(means.index(max(means)))
    best = [mean >= max(means) for mean in means]
    tied = [not is_best and sign == 0 for is_best, sign in zip(best, signs.tolist(), strict=True)]
    return best, tied


class _Apart:
    """Which methods are surely better than which: :func:`difference_of_methods` of many at once."""

    def __init__(self, methods: Sequence[Seeds]) -> None:
        self._level = 1.0 - (1.0 - LEVEL) / max(len(methods) - 1, 1)
        self._mean = np.array([each.mean for each in methods])
        self._variance = np.array([each.variance_of_mean for each in methods])
        self._share = self._variance**2 / np.array([max(len(each.values) - 1, 1) for each in methods])
        self._known = np.array([each.known for each in methods])

    def signs(self, own: int) -> NDArray[np.intp]:
        """Of one against each: 1 where it is surely better, -1 where surely worse, 0 where nobody knows.

        Args:
            own: Its place.

        Returns:
            ``i8[methods]``.
        """
        value = self._mean[own] - self._mean
        variance = self._variance[own] + self._variance
        half = np.zeros(len(value))
        varies = variance > 0.0
        freedom = variance[varies] ** 2 / (self._share[own] + self._share[varies])
        half[varies] = special.stdtrit(freedom, (1.0 + self._level) / 2.0) * np.sqrt(variance[varies])
        known = self._known[own] & self._known
        signs: NDArray[np.intp] = np.where(known, (value > half).astype(np.intp) - (value < -half), 0)
        return signs


def _student(freedom: float, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t."""
    return float(special.stdtrit(freedom, (1.0 + level) / 2.0))
