"""The mean over scenario families, with an interval over episodes: what a checkpoint claim rests on.

The headline is the unweighted mean over scenario families of the family means. Its interval is a Bayesian
bootstrap (Rubin 1981, doi:10.1214/aos/1176345338) within each family, with one imagined episode more, spread
evenly over the families: at the worst possible score for the low end, at the best possible for the high end
(the bound of Gaffke 2005, in Learned-Miller and Thomas 2019, arXiv:1905.06208). Why not the percentile
bootstrap: scores have gates, so a policy that fails rarely shows no failure in most samples, and a bootstrap
that has seen no failure knows of none: with 10 episodes and a failure rate of 3 % its 95 % interval covers
the truth one time in four (``tests/leaderboard/test_coverage.py`` shows both). For a rate in one family the
interval is exactly that of Clopper and Pearson (1934). Nothing has an interval of width zero.

All columns of one call share their weights. So the draws of two policies are paired, episode by episode, and
their difference has the interval of the mean of paired differences: ranks are made of that.

A number that is not finite is an error, never left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import RecordError
from leaderboard.statistics.estimate import TAIL, Estimate
from leaderboard.threads import in_threads

__all__ = [
    "RESAMPLES",
    "Draws",
    "Weights",
    "bayesian_weights",
    "draw_weights",
    "draws_of_means",
    "mean_over_families",
]

RESAMPLES = 10_000
"""With so many, an end of an interval is off by 0.03 standard errors of its mean: less than is printed."""

Bound = float | Mapping[str, float]
"""Worst or best that a value can be, in all families or in each."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What the episodes count in every resample, the same in every column.

    Attributes:
        seen: ``f8[RESAMPLES, episodes]``: families one after the other, sorted by name.
        imagined: By family, ``f8[RESAMPLES]``: what the imagined episode counts there.
    """

    seen: NDArray[np.float64]
    imagined: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """The bootstrap of some columns, with the same weights in each.

    Attributes:
        means: ``f8[columns]``: what was measured.
        seen: ``f8[columns, RESAMPLES]``: the mean over what was seen, without the imagined episode.
        worst: ``f8[RESAMPLES]``: what the imagined episode adds to each column if it is as bad as can be.
        best: ``f8[RESAMPLES]``: the same if it is as good as can be.
        lowest: Worst that a mean can be.
        highest: Best that a mean can be.
        n: Episodes.
    """

    means: NDArray[np.float64]
    seen: NDArray[np.float64]
    worst: NDArray[np.float64]
    best: NDArray[np.float64]
    lowest: float
    highest: float
    n: int

    def estimates(self) -> list[Estimate]:
        """One for each column."""
        ends = in_threads(
            lambda seen: (_quantile(seen + self.worst, TAIL), _quantile(seen + self.best, 1.0 - TAIL)),
            list(self.seen),
        )
        low, high = np.array(ends).T
        low = np.clip(np.minimum(low, self.means), self.lowest, None)
        high = np.clip(np.maximum(high, self.means), None, self.highest)
        return [
            Estimate(value=float(mean), low=float(low_end), high=float(high_end), n=self.n)
            for mean, low_end, high_end in zip(self.means, low, high, strict=True)
        ]

    def of(self, columns: NDArray[np.intp], most: int | None = None) -> "Draws":
        """The same of some columns, and of the first resamples alone where ``most`` of them are enough."""
        return Draws(
            means=self.means[columns],
            seen=self.seen[columns, :most],
            worst=self.worst[:most],
            best=self.best[:most],
            lowest=self.lowest,
            highest=self.highest,
            n=self.n,
        )


def mean_over_families(
    values: Mapping[str, NDArray[np.float64]], *, lowest: Bound, highest: Bound, rng: np.random.Generator
) -> list[Estimate]:
    """Unweighted mean over families of the means over their episodes, of several columns at once.

    Args:
        values: By family, ``f8[episodes, columns]``.
        lowest: Worst that any value can be.
        highest: Best that any value can be.
        rng: For the bootstrap.

    Returns:
        An estimate for each column; without an interval when a family has fewer than two episodes.

    Raises:
        RecordError: A value is not finite or is out of range, or a family has no episode.
    """
    means = _means(values, lowest, highest)
    if min(map(len, values.values())) < 2:
        count = sum(map(len, values.values()))
        return [Estimate(value=float(mean), low=None, high=None, n=count) for mean in means]
    weights = draw_weights({name: len(family) for name, family in values.items()}, rng)
    return draws_of_means(values, lowest=lowest, highest=highest, weights=weights).estimates()


def draws_of_means(
    values: Mapping[str, NDArray[np.float64]], *, lowest: Bound, highest: Bound, weights: Weights
) -> Draws:
    """The bootstrap behind :func:`mean_over_families`.

    Args:
        values: By family, ``f8[episodes, columns]``.
        lowest: Worst that any value can be.
        highest: Best that any value can be.
        weights: Of their episodes.

    Raises:
        RecordError: A value is not finite or is out of range, or a family has no episode.
    """
    means = _means(values, lowest, highest)
    columns = np.concatenate([values[name] for name in sorted(values)])
    return Draws(
        means=means,
        seen=columns.T @ weights.seen.T,
        worst=_imagined(weights, lowest),
        best=_imagined(weights, highest),
        lowest=float(np.mean([_in(lowest, name) for name in values])),
        highest=float(np.mean([_in(highest, name) for name in values])),
        n=sum(map(len, values.values())),
    )


def draw_weights(episodes: Mapping[str, int], rng: np.random.Generator) -> Weights:
    """Weigh the episodes of some families, and the imagined one, in every resample.

    Args:
        episodes: How many each family has.
        rng: Of the bootstrap.
    """
    seen, imagined, start = np.empty((RESAMPLES, sum(episodes.values()))), {}, 0
    for name in sorted(episodes):
        weight, share = bayesian_weights(episodes[name], len(episodes), rng)
        total = (weight.sum(axis=1) + share) * len(episodes)
        np.divide(weight, total[:, None], out=seen[:, start : start + episodes[name]])
        imagined[name] = share / total
        start += episodes[name]
    return Weights(seen=seen, imagined=imagined)


def bayesian_weights(
    episodes: int, families: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of a family's episodes, before they are divided by their sum, in every resample.

    Args:
        episodes: Of the family.
        families: How many share the one imagined episode.
        rng: Of the bootstrap.

    Returns:
        ``f8[RESAMPLES, episodes]``, and ``f8[RESAMPLES]`` of the family's share of the imagined one.
    """
    weight = rng.standard_exponential((RESAMPLES, episodes))
    return weight, rng.standard_gamma(1.0 / families, RESAMPLES)


def _means(values: Mapping[str, NDArray[np.float64]], lowest: Bound, highest: Bound) -> NDArray[np.float64]:
    for name, family in values.items():
        if not len(family):
            raise RecordError(f"family {name!r} has no episode; a missing episode must be given as 0")
        low, high = _in(lowest, name), _in(highest, name)
        if not ((family >= low) & (family <= high)).all():
            raise RecordError(f"family {name!r} has values outside of [{low}, {high}] or not a number")
    found: NDArray[np.float64] = np.mean([family.mean(axis=0) for family in values.values()], axis=0)
    return found


def _in(bound: Bound, family: str) -> float:
    return bound[family] if isinstance(bound, Mapping) else bound


def _imagined(weights: Weights, bound: Bound) -> NDArray[np.float64]:
    """What the imagined episode adds to a mean if it is as bad, or as good, as can be."""
    found: NDArray[np.float64] = np.sum(
        [share * _in(bound, name) for name, share in weights.imagined.items()], axis=0
    )
    return found


def _quantile(draws: NDArray[np.float64], share: float) -> float:
    """``numpy.quantile(draws, share)`` in a quarter of the time: only one element is put in its place.

    Args:
        draws: ``f8[resamples]``.
        share: Near 0 or 1.

    Returns:
        The same to the last bit.
    """
    position = (len(draws) - 1) * share
    below = int(position)
    if share < 0.5:
        parted = np.partition(draws, below + 1)
        low, high = float(parted[: below + 1].max()), float(parted[below + 1])
    else:
        parted = np.partition(draws, below)
        low, high = float(parted[below]), float(parted[below + 1 :].min())
    part = position - below
    return high - (high - low) * (1.0 - part) if part >= 0.5 else low + (high - low) * part
