"""Time to first divergence, as a survival curve.

Drives that end without divergence (at the goal, at the horizon) tell that it would have come later, if at
all: they are censored, and the curve is that of E. L. Kaplan and P. Meier, Nonparametric Estimation from
Incomplete Observations, J. Amer. Statist. Assoc. 53, 1958, with the interval of Greenwood's variance under a
log-log transform (J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data, 1980).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from drivebench.diagnosis.drives import Drive
from drivebench.diagnosis.intervals import LEVEL
from drivebench.diagnosis.yardstick import Yardstick
from drivebench.world.clock import POLICY_HZ

__all__ = ["Survival", "survival", "time_to_divergence"]

NORMAL_QUANTILE = float(stats.norm.ppf((1.0 + LEVEL) / 2.0))


@dataclass(frozen=True, kw_only=True)
class Survival:
    """Share of the episodes in which something has not yet happened, against time.

    Attributes:
        times_s: When it happened in one or more episodes, increasing; before them 0.
        share: From each of these times on; at 0 it is 1.
        low: Low end of its interval.
        high: High end.
        events: In how many episodes it happened.
        episodes: How many there are.
        median_s: When it has happened in half of them; None if in fewer.
    """

    times_s: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    events: int
    episodes: int
    median_s: float | None


def time_to_divergence(drive: Drive, measure: Yardstick) -> Survival:
    """When a policy first strays further than the yardstick allows.

    Args:
        drive: Of the policy, which went on after losing a gate.
        measure: For the same episodes.
    """
    after = drive.decisions
    strayed = (measure.deviation_m(drive)[1:] > measure.diverged_m) & drive.driven
    diverged: NDArray[np.bool_] = np.any(strayed, axis=0)
    times = np.where(diverged, strayed.argmax(axis=0) + 1, after) / POLICY_HZ
    return survival(times, diverged)


def survival(times_s: NDArray[np.float64], happened: NDArray[np.bool_]) -> Survival:
    """The curve of Kaplan and Meier.

    Args:
        times_s: ``f8[N]`` when it happened, or how long it was waited for.
        happened: ``bool[N]`` which of the two.
    """
    times, share, low, high = [0.0], [1.0], [1.0], [1.0]
    left, variance = 1.0, 0.0
    for time in np.unique(times_s[happened]).tolist():
        at_risk = int((times_s >= time).sum())
        events = int(((times_s == time) & happened).sum())
        left *= 1.0 - events / at_risk
        times.append(time)
        share.append(left)
        if events == at_risk:
            low.append(0.0)
            high.append(high[-1])
            continue
        variance += events / (at_risk * (at_risk - events))
        spread = NORMAL_QUANTILE * variance**0.5 / np.log(left)
        low.append(float(left ** np.exp(-spread)))
        high.append(float(left ** np.exp(spread)))
    halved = [time for time, value in zip(times, share, strict=True) if value <= 0.5]
    return Survival(
        times_s=tuple(times),
        share=tuple(share),
        low=tuple(low),
        high=tuple(high),
        events=int(happened.sum()),
        episodes=len(times_s),
        median_s=halved[0] if halved else None,
    )
