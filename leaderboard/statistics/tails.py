"""Means of a band of the ordered scores: the interquartile mean, and the mean of the worst tenth.

Each family has the same weight, whatever its number of episodes; where all have equally many, the
interquartile mean is that of rliable (Agarwal et al. 2021, arXiv:2108.13264): the mean of the
middle half of all scores.
The interval is that of :mod:`.bootstrap`: the imagined episode takes its place among the ordered scores, as
the worst of all for the low end and as the best of all for the high end. Where more than the band scores the
same, one episode moves nothing, and the interval may have no width.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.statistics.bootstrap import bayesian_weights
from leaderboard.statistics.estimate import TAIL, Estimate

__all__ = ["IQM", "WORST_DECILE", "Band", "mean_of_band"]


@dataclass(frozen=True, kw_only=True)
class Band:
    """A band of the ordered scores, as shares from the worst on.

    Attributes:
        start: Where it begins.
        end: Where it ends, above ``start``.
    """

    start: float
    end: float

    def mean(self, ordered: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the scores in the band.

        Args:
            ordered: ``f8[scores]``, the worst first.
            weight: ``f8[resamples, scores]``; each row sums to 1.

        Returns:
            ``f8[resamples]``.
        """
        upper = np.cumsum(weight, axis=1)
        inside = np.minimum(upper, self.end) - np.maximum(upper - weight, self.start)
        inside = np.maximum(inside, 0.0)
        found: NDArray[np.float64] = inside @ ordered / inside.sum(axis=1)
        return found


IQM = Band(start=0.25, end=0.75)
WORST_DECILE = Band(start=0.0, end=0.1)


def mean_of_band(
    values: Mapping[str, NDArray[np.float64]],
    bands: Mapping[str, Band],
    *,
    lowest: float,
    highest: float,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The means of some bands of one column.

    Args:
        values: By family, ``f8[episodes]``; each family has at least one.
        bands: By name.
        lowest: Worst that any value can be.
        highest: Best that any value can be.
        rng: For the bootstrap.

    Returns:
        By name; without an interval when a family has fewer than two episodes.
    """
    names = sorted(values)
    scores = np.concatenate([values[name] for name in names])
    order = np.argsort(scores, kind="stable")
    ordered, n = scores[order], len(scores)
    even = np.concatenate([np.full(len(values[name]), 1.0 / len(values[name])) for name in names]) / len(
        names
    )
    means = {name: float(band.mean(ordered, even[None, order])[0]) for name, band in bands.items()}
    if min(map(len, values.values())) < 2:
        return {name: Estimate(value=mean, low=None, high=None, n=n) for name, mean in means.items()}
    weights, imagined = zip(
        *(bayesian_weights(len(values[name]), len(names), rng) for name in names), strict=True
    )
    totals = [weight.sum(axis=1) + share for weight, share in zip(weights, imagined, strict=True)]
    share = sum(each / total for each, total in zip(imagined, totals, strict=True))[:, None] / len(names)
    seen = np.concatenate(
        [weight / total[:, None] for weight, total in zip(weights, totals, strict=True)], axis=1
    )[:, order] / len(names)
    worst, best = np.hstack([share, seen]), np.hstack([seen, share])
    found = {}
    for name, band in bands.items():
        low = float(np.quantile(band.mean(np.append(lowest, ordered), worst), TAIL))
        high = float(np.quantile(band.mean(np.append(ordered, highest), best), 1.0 - TAIL))
        mean = means[name]
        found[name] = Estimate(value=mean, low=min(low, mean), high=max(high, mean), n=n)
    return found
