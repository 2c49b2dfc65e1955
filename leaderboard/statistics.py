"""Estimates with honest uncertainty: what a table prints is made here, each in a few lines.

The headline is the unweighted mean over scenario families of the family means. Its interval is a Bayesian
bootstrap (Rubin 1981, doi:10.1214/aos/1176345338) within each family, with one imagined episode more, spread
evenly over the families: at the worst possible score for the low end, at the best possible for the high end
(the bound of Gaffke 2005, in Learned-Miller and Thomas 2019, arXiv:1905.06208). Why not the percentile
bootstrap: scores have gates, so a policy that fails rarely shows no failure in most samples, and a bootstrap
that has seen no failure knows of none: with 10 episodes and a failure rate of 3 % its 95 % interval covers
the truth one time in four (``tests/leaderboard/test_coverage.py`` shows both). For a rate in one family the
interval is exactly that of Clopper and Pearson (1934). Nothing has an interval of width zero.

A number that is not finite is an error, never left out.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from drivebench.errors import RecordError

__all__ = [
    "LEVEL",
    "Estimate",
    "bayesian_weights",
    "event_rate",
    "generator",
    "mean_over_families",
    "mean_over_seeds",
    "next_seed",
]

LEVEL = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, how far off it may be, and on how many it rests.

    Attributes:
        value: The estimate.
        low: Low end of the interval of level ``LEVEL``; None when there is none, as with one episode.
        high: High end, likewise.
        n: Episodes (or training seeds, or events' exposure in episodes) behind it.
    """

    value: float
    low: float | None
    high: float | None
    n: int

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low or 0.0, self.high or 0.0)):
            raise RecordError(f"an estimate of {self.value} [{self.low}, {self.high}] is not finite")


def generator(*names: str) -> np.random.Generator:
    """Random numbers that depend on names alone: the same records give the same table, byte for byte.

    Args:
        names: Such as the digest of a run's results and the name of a column.
    """
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def mean_over_families(
    values: Mapping[str, NDArray[np.float64]], *, lowest: float, highest: float, rng: np.random.Generator
) -> list[Estimate]:
    """Unweighted mean over families of the means over their episodes, of several measures at once.

    Args:
        values: By family, ``f8[episodes, measures]``.
        lowest: Worst that any measure can be.
        highest: Best that any measure can be.
        rng: For the bootstrap.

    Returns:
        An estimate for each measure; without an interval when a family has fewer than two episodes.

    Raises:
        RecordError: A value is not finite or is out of range, or a family has no episode.
    """
    count = sum(len(family) for family in values.values())
    for name, family in values.items():
        if not len(family):
            raise RecordError(f"family {name!r} has no episode; a missing episode must be given as 0")
        if not ((family >= lowest) & (family <= highest)).all():
            raise RecordError(f"family {name!r} has values outside of [{lowest}, {highest}] or not a number")
    means = np.mean([family.mean(axis=0) for family in values.values()], axis=0)
    if min(len(family) for family in values.values()) < 2:
        return [Estimate(value=float(mean), low=None, high=None, n=count) for mean in means]
    low, high = _ends(values, lowest, highest, rng)
    low, high = np.clip(np.minimum(low, means), lowest, None), np.clip(np.maximum(high, means), None, highest)
    return [
        Estimate(value=float(mean), low=float(low_end), high=float(high_end), n=count)
        for mean, low_end, high_end in zip(means, low, high, strict=True)
    ]


def _ends(
    values: Mapping[str, NDArray[np.float64]], lowest: float, highest: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the interval for each measure; see the head of the module."""
    pessimistic = optimistic = 0.0
    for name in sorted(values):
        family = values[name]
        weight, imagined = bayesian_weights(len(family), len(values), rng)
        total = weight.sum(axis=1, keepdims=True) + imagined
        seen = weight @ family
        pessimistic = pessimistic + (seen + imagined * lowest) / total
        optimistic = optimistic + (seen + imagined * highest) / total
    tail = (1.0 - LEVEL) / 2.0
    low = np.quantile(pessimistic, tail, axis=0) / len(values)
    high = np.quantile(optimistic, 1.0 - tail, axis=0) / len(values)
    return low, high


def bayesian_weights(
    episodes: int, families: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of a family's episodes, before they are divided by their sum, in every resample.

    Args:
        episodes: Of the family.
        families: How many share the one imagined episode.
        rng: Of the bootstrap.

    Returns:
        ``f8[RESAMPLES, episodes]``, and ``f8[RESAMPLES, 1]`` of the family's share of the imagined one.
    """
    weight = rng.standard_exponential((RESAMPLES, episodes))
    return weight, rng.standard_gamma(1.0 / families, (RESAMPLES, 1))


def event_rate(events: int, exposure: float, n: int) -> Estimate:
    """Events per unit of exposure with the exact Poisson interval (Garwood 1936).

    Args:
        events: How often it happened.
        exposure: Over how much, such as hundreds of kilometres; above 0.
        n: Episodes that the exposure comes from.
    """
    if not exposure > 0.0:
        raise RecordError(f"a rate needs an exposure above 0; {exposure} was given")
    tail = (1.0 - LEVEL) / 2.0
    low = float(special.gammaincinv(events, tail)) if events else 0.0
    high = float(special.gammaincinv(events + 1, 1.0 - tail))
    return Estimate(value=events / exposure, low=low / exposure, high=high / exposure, n=n)


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
    half = _student(len(seeds)) * float(seeds.std(ddof=1)) / len(seeds) ** 0.5
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
    half = _student(len(seeds)) * float(seeds.std(ddof=1)) * (1.0 + 1.0 / len(seeds)) ** 0.5
    return float(seeds.mean()) - half, float(seeds.mean()) + half


def _student(count: int) -> float:
    """The two-sided quantile of Student's t of level ``LEVEL`` for a mean of so many."""
    return float(special.stdtrit(count - 1, (1.0 + LEVEL) / 2.0))
