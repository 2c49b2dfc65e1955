"""Estimates over episodes, with intervals: a bootstrap for means and ratios, the exact one for rates.

Episodes are what is drawn; the decisions of one episode belong together and are never drawn apart.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["LEVEL", "Estimate", "content_generator", "over_episodes", "rate", "weights_of_resamples"]

LEVEL = 0.95
RESAMPLES = 2000
USABLE = 0.95
"""An interval is given only if the statistic could be computed in this share of the resamples."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, how far off it may be, and on how many episodes it rests.

    Attributes:
        value: The estimate.
        low: Low end of the interval of level ``LEVEL``; None when there is none.
        high: High end, likewise.
        n: Episodes (for a rate: attempts) behind it.
    """

    value: float
    low: float | None
    high: float | None
    n: int


def content_generator(*arrays: NDArray[np.generic]) -> np.random.Generator:
    """Random numbers that depend on what was measured alone: the same drives give the same intervals.

    Args:
        arrays: What was measured.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest.digest()[:16], "big")))


def weights_of_resamples(episodes: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each episode is in each resample of the bootstrap (Efron 1979), ``f8[RESAMPLES, episodes]``.

    Args:
        episodes: How many there are; a resample has as many, drawn with replacement.
        rng: See :func:`content_generator`.
    """
    drawn = rng.integers(episodes, size=(RESAMPLES, episodes))
    weights = np.zeros((RESAMPLES, episodes))
    np.add.at(weights, (np.arange(RESAMPLES)[:, None], drawn), 1.0)
    return weights


def over_episodes(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]], episodes: int, rng: np.random.Generator
) -> Estimate | None:
    """A statistic of weighted episodes, with the percentile interval of a bootstrap.

    Args:
        statistic: From weights ``f8[R, episodes]`` to values ``f8[R]``; NaN where it has none.
        episodes: How many there are.
        rng: See :func:`content_generator`.

    Returns:
        None when the statistic has no value; without an interval for a single episode, or when too many
        resamples have none.
    """
    value = float(statistic(np.ones((1, episodes)))[0])
    if not np.isfinite(value):
        return None
    if episodes < 2:
        return Estimate(value=value, low=None, high=None, n=episodes)
    values = statistic(weights_of_resamples(episodes, rng))
    values = values[np.isfinite(values)]
    if len(values) < USABLE * RESAMPLES:
        return Estimate(value=value, low=None, high=None, n=episodes)
    low, high = np.quantile(values, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0]).tolist()
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=episodes)


def rate(successes: int, attempts: int) -> Estimate | None:
    """A share, with the exact interval of Clopper and Pearson (Biometrika 26, 1934).

    Args:
        successes: How often it happened.
        attempts: Out of how many; None is returned for 0.
    """
    if attempts == 0:
        return None
    interval = stats.binomtest(successes, attempts).proportion_ci(LEVEL, method="exact")
    return Estimate(
        value=successes / attempts, low=float(interval.low), high=float(interval.high), n=attempts
    )
