"""Two policies on the same episodes: tests, their correction, and the size of an effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FLIPS",
    "SignFlip",
    "holm",
    "paired_effect",
    "probability_of_improvement",
    "sign_flip",
]

FLIPS = 20_000
"""Random sign patterns, where not all are tried; no p-value is below one over one more."""
EXACT = 14
"""With so many pairs that differ, or fewer, all 2^n sign patterns are tried."""
EQUAL = 1e-9


@dataclass(frozen=True, kw_only=True)
class SignFlip:
    """What came of a sign-flip test.

    Attributes:
        p: Two-sided.
        exact: Whether all sign patterns were tried.
        pairs: How many pairs differ.
    """

    p: float
    exact: bool
    pairs: int


def sign_flip(differences: Mapping[str, NDArray[np.float64]], rng: np.random.Generator) -> SignFlip:
    """Test whether two policies drive alike: on each episode, either could have had the other's score.

    The statistic is the unweighted mean over families of the mean paired difference (Fisher 1935; each sign
    is as likely as the other if the policies are alike). With few pairs all sign patterns are tried; else
    random ones with the observed among them, so that the level holds exactly (Phipson and Smyth 2010).

    Args:
        differences: By family, ``f8[pairs]``; each family has at least one.
        rng: For the patterns.
    """
    names = sorted(differences)
    parts = np.concatenate([differences[name] / (len(differences[name]) * len(names)) for name in names])
    parts = parts[np.abs(parts) > 0.0]
    observed = abs(float(parts.sum())) - EQUAL
    if len(parts) <= EXACT:
        patterns = (np.arange(2 ** len(parts))[:, None] >> np.arange(len(parts))) & 1
        p = float(np.mean(np.abs((1.0 - 2.0 * patterns) @ parts) >= observed)) if len(parts) else 1.0
        return SignFlip(p=p, exact=True, pairs=len(parts))
    # a pattern is its minus signs: what it gives is the sum less twice the sum over these
    found = np.concatenate([
        np.abs(parts.sum() - 2.0 * (rng.integers(0, 2, (FLIPS // 20, len(parts)), dtype=np.uint8) @ parts))
        for _ in range(20)
    ])  # fmt: skip
    p = float(1 + np.count_nonzero(found >= observed)) / (1 + len(found))
    return SignFlip(p=p, exact=False, pairs=len(parts))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, corrected so that the chance of any false alarm is bounded (Holm 1979).

    Args:
        p_values: Of the tests.
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values)[order] * (len(p_values) - np.arange(len(p_values)))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(p_values) else []
    return [float(p) for p in corrected]


def paired_effect(differences: Mapping[str, NDArray[np.float64]]) -> float | None:
    """Mean paired difference in standard deviations of a paired difference within a family (Cohen's d_z).

    Args:
        differences: By family, ``f8[pairs]``.

    Returns:
        None where no pair of a family differs from another, or a family has one pair alone.
    """
    if min(map(len, differences.values())) < 2:
        return None
    mean = float(np.mean([each.mean() for each in differences.values()]))
    spread = float(np.mean([each.var(ddof=1) for each in differences.values()])) ** 0.5
    return mean / spread if spread > EQUAL else None


def probability_of_improvement(
    first: Mapping[str, NDArray[np.float64]], second: Mapping[str, NDArray[np.float64]]
) -> float:
    """How probable it is that a run of the one beats a run of the other on a family, ties counting half.

    The mean over families of U / (m n), with the statistic U of Mann and Whitney (1947): what rliable calls
    the average probability of improvement (Agarwal et al. 2021, arXiv:2108.13264, section 4.3).

    Args:
        first: By family, ``f8[runs]``.
        second: The same families, ``f8[other runs]``.

    Returns:
        In [0, 1].
    """
    shares = []
    for name, ours in first.items():
        difference = ours[:, None] - second[name][None, :]
        shares.append(np.mean(difference > EQUAL) + 0.5 * np.mean(np.abs(difference) <= EQUAL))
    return float(np.mean(shares))
