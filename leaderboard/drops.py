"""How much a policy loses when what it drives in is shifted: the drop in percent, on paired episodes.

A suite with pairs holds a seed twice, as it is trained on (``nominal``) and under another condition. The drop
under a condition is 100 (1 - S / N): N and S are the scores of both halves of the pairs, each the unweighted
mean over families of the family means. Pairs are resampled as pairs, because a seed that is hard stays hard.

The interval is the one of :mod:`leaderboard.statistics`: a Bayesian bootstrap within each family with one
imagined pair more, lost by the shift alone for one end, and saved by it for the other.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivebench.conditions import NOMINAL
from leaderboard.statistics.bootstrap import bayesian_weights
from leaderboard.statistics.estimate import LEVEL, Estimate, generator

__all__ = ["drops"]

BEST, WORST = 100.0, 0.0


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """The scores of the pairs of one family: ``f8[pairs]`` each."""

    nominal: NDArray[np.float64]
    shifted: NDArray[np.float64]


def drops(frame: pd.DataFrame, digest: str) -> dict[str, Estimate | None]:
    """The drop under each condition that has nominal partners.

    Args:
        frame: One row an episode: ``scenario``, ``family``, ``condition``, ``seed`` and ``dbs``.
        digest: Of the results, which the random numbers follow from.

    Returns:
        By condition, in the order of the frame: the drop in percent, negative where the shift helps; None
        where nothing was scored under nominal conditions either. Empty without pairs. ``n`` counts pairs.
    """
    nominal = frame[frame["condition"] == NOMINAL].set_index(["scenario", "seed"])["dbs"]
    found: dict[str, Estimate | None] = {}
    for condition, shifted in frame[frame["condition"] != NOMINAL].groupby("condition", sort=False):
        partners = nominal.reindex(pd.MultiIndex.from_frame(shifted[["scenario", "seed"]]))
        pairs = shifted.assign(nominal=partners.to_numpy(np.float64)).dropna(subset=["nominal"])
        if len(pairs):
            found[str(condition)] = _drop(_by_family(pairs), generator(digest, f"drop {condition}"))
    return found


def _by_family(pairs: pd.DataFrame) -> list[_Pairs]:
    return [
        _Pairs(nominal=family["nominal"].to_numpy(np.float64), shifted=family["dbs"].to_numpy(np.float64))
        for _, family in pairs.groupby("family", sort=True)
    ]


def _drop(families: list[_Pairs], rng: np.random.Generator) -> Estimate | None:
    count = sum(len(family.nominal) for family in families)
    before = sum(float(family.nominal.mean()) for family in families)
    after = sum(float(family.shifted.mean()) for family in families)
    if not before > 0.0:
        return None
    value = 100.0 * (1.0 - after / before)
    if min(len(family.nominal) for family in families) < 2:
        return Estimate(value=value, low=None, high=None, n=count)
    harmed_before = harmed_after = saved_before = saved_after = np.zeros(())
    for family in families:
        weight, share = bayesian_weights(len(family.nominal), len(families), rng)
        total = weight.sum(axis=1) + share
        before_shift, after_shift = weight @ family.nominal, weight @ family.shifted
        harmed_before = harmed_before + (before_shift + share * BEST) / total
        harmed_after = harmed_after + (after_shift + share * WORST) / total
        saved_before = saved_before + (before_shift + share * WORST) / total
        saved_after = saved_after + (after_shift + share * BEST) / total
    tail = (1.0 - LEVEL) / 2.0
    low = float(np.quantile(100.0 * (1.0 - saved_after / saved_before), tail))
    high = float(np.quantile(100.0 * (1.0 - harmed_after / harmed_before), 1.0 - tail))
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=count)
