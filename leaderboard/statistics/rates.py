"""Counts: the exact intervals of a proportion and of a rate."""

from scipy import special

from drivebench.errors import RecordError
from leaderboard.statistics.estimate import TAIL, Estimate

__all__ = ["event_rate", "proportion"]


def event_rate(events: int, exposure: float, n: int) -> Estimate:
    """Events per unit of exposure with the exact Poisson interval (Garwood 1936).

    Args:
        events: How often it happened.
        exposure: Over how much, such as hundreds of kilometres; above 0.
        n: Episodes that the exposure comes from.

    Raises:
        RecordError: There is no exposure.
    """
    if not exposure > 0.0:
        raise RecordError(f"a rate needs an exposure above 0; {exposure} was given")
    low = float(special.gammaincinv(events, TAIL)) if events else 0.0
    high = float(special.gammaincinv(events + 1, 1.0 - TAIL))
    return Estimate(value=events / exposure, low=low / exposure, high=high / exposure, n=n)


def proportion(successes: int, n: int) -> Estimate:
    """A share of episodes in percent with the exact binomial interval (Clopper and Pearson 1934).

    Args:
        successes: How often it happened.
        n: Of how many, at least 1.

    Raises:
        RecordError: The counts are no share.
    """
    if not 0 <= successes <= n or n < 1:
        raise RecordError(f"{successes} of {n} is no share; expected 0 to n of at least 1")
    low = float(special.betaincinv(successes, n - successes + 1, TAIL)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, n - successes, 1.0 - TAIL)) if successes < n else 1.0
    return Estimate(value=100.0 * successes / n, low=100.0 * low, high=100.0 * high, n=n)
