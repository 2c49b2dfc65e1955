"""Cost against horizon: does an error stay an error, or does it breed others?

A policy that errs with probability ε on the expert's states may cost up to ε T² over T steps, because each
error can lead to states where it errs more; one that has learnt on the states that it visits costs of order
ε T (Ross and Bagnell, AISTATS 2010, theorem 2.1; Ross, Gordon and Bagnell, AISTATS 2011, theorem 3.2). So the
exponent α of J(T) ∝ T^α is looked at: 1 for errors that do not compound, 2 for the worst case.

The cost of a step is min(1, deviation / 1 m), as the analysis wants costs in [0, 1]. The world does not end
the drive when the car leaves the road; and α is fitted only up to the median time at which the policy fails,
because further out every step costs 1 and any curve becomes a straight line.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.divergence import survival
from drivebench.diagnosis.drives import Drive
from drivebench.diagnosis.intervals import (
    LEVEL,
    Estimate,
    content_generator,
    over_episodes,
    weights_of_resamples,
)
from drivebench.diagnosis.yardstick import Yardstick
from drivebench.errors import ConfigurationError
from drivebench.world.clock import POLICY_HZ

__all__ = ["CostCurve", "cost_against_horizon", "costs_of", "median_failure_s"]

FULL_COST_M = 1.0
"""Deviation at which a step costs all that it can."""
FIT_SPAN = 5.0
"""The longest horizon of the fit is so many times the shortest. Episodes start on the middle of the route,
and until a driver has come to an error of its own, even the expert's cost grows faster than T: from 1 to 25 s
on lane keeping to the power of 1.4, from 5 to 25 s to the power of 1.1 (32 episodes)."""
FIT_FROM_S = 1.0
"""No horizon of the fit is shorter: five decisions."""
SHORTEST_SPAN = 2.0
"""A fit over less than this is none."""
FIT_POINTS = 24
"""Horizons that are fitted, evenly spaced in log T, so that no decade outweighs another."""


@dataclass(frozen=True, kw_only=True)
class CostCurve:
    """Mean cost of a drive of T seconds, for all T.

    Attributes:
        horizons_s: T, increasing.
        cost: J(T), in steps of cost 1.
        low: Low end of the interval of each J(T).
        high: High end.
        exponent: α of the fit J(T) = factor · T^α; None where there is none.
        factor: Of the fit, for T in seconds; None likewise.
        fit_from_s: Shortest horizon that was fitted.
        fit_until_s: Longest.
        note: Why there is no fit; empty if there is one.
    """

    horizons_s: tuple[float, ...]
    cost: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    exponent: Estimate | None
    factor: float | None
    fit_from_s: float
    fit_until_s: float
    note: str


def costs_of(drive: Drive, measure: Yardstick) -> NDArray[np.float64]:
    """Cost of each step, ``f8[T, N]`` in [0, 1]; NaN where not driven.

    Args:
        drive: Of anybody.
        measure: For the same episodes.
    """
    cost = np.minimum(1.0, measure.deviation_m(drive)[1:] / FULL_COST_M)
    return np.where(drive.driven, cost, np.nan)


def median_failure_s(drive: Drive) -> float | None:
    """When half of the episodes have lost a gate of the score (Kaplan–Meier); None if fewer do.

    Args:
        drive: Of a policy.
    """
    failed = np.isfinite(drive.failed_s)
    return survival(np.where(failed, drive.failed_s, drive.decisions / POLICY_HZ), failed).median_s


def cost_against_horizon(costs: NDArray[np.float64], *, fit_until_s: float | None = None) -> CostCurve:
    """Sum up costs over time, and fit the exponent.

    The cost of the step at time t is the mean over the drives that still go on then, and J(T) is the sum over
    the steps up to T; where all drives last to the end, that is the mean over them of what each has cost.

    Args:
        costs: ``f8[T, N]`` of each step; NaN where a drive had ended.
        fit_until_s: Longest horizon of the fit; the last at which half of the drives go on if that is
            shorter, or if none is given.

    Raises:
        ConfigurationError: ``fit_until_s`` is not a positive number.
    """
    if fit_until_s is not None and not fit_until_s > 0.0:
        raise ConfigurationError(f"the fit is to go until {fit_until_s} s; expected more than 0")
    going = np.isfinite(costs)
    cost = np.where(going, costs, 0.0)
    episodes = costs.shape[1]
    steps = int((going.mean(axis=1) >= 0.5).sum())
    cost, going = cost[:steps], going[:steps].astype(np.float64)
    horizons = np.arange(1, steps + 1) / POLICY_HZ
    rng = content_generator(cost, going)

    def curves(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """J(T), ``f8[R, steps]``, of weighted episodes."""
        counted = weights @ going.T
        mean = np.divide(weights @ cost.T, counted, out=np.zeros_like(counted), where=counted > 0.0)
        return np.cumsum(mean, axis=1)

    curve = curves(np.ones((1, episodes)))[0]
    spread = curves(weights_of_resamples(episodes, rng))
    low, high = np.quantile(spread, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
    longest = float(horizons[-1]) if steps else 0.0
    until = longest if fit_until_s is None else min(fit_until_s, longest)
    costly = horizons[curve > 0.0]
    start = max(FIT_FROM_S, until / FIT_SPAN, float(costly[0]) if costly.size else 0.0)
    exponent, factor, note = None, None, ""
    if not costly.size:
        note = "no step cost anything"
    elif until < SHORTEST_SPAN * start:
        note = (
            f"horizons from {start:.3g} s to {until:.3g} s are too short for a fit; expected the last to be "
            f"at least {SHORTEST_SPAN:g} times the first"
        )
    else:
        places = _places(start, until)
        log_t = np.log(horizons[places])
        exponent = over_episodes(lambda w: _line(log_t, curves(w)[:, places])[0], episodes, rng)
        factor = float(np.exp(_line(log_t, curve[None, places])[1][0]))
    return CostCurve(
        horizons_s=tuple(horizons.tolist()),
        cost=tuple(curve.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        exponent=exponent,
        factor=factor,
        fit_from_s=start,
        fit_until_s=until,
        note=note,
    )


def _places(start_s: float, until_s: float) -> NDArray[np.int64]:
    """Which steps are fitted: evenly spaced in the logarithm of time, each once."""
    first, last = math.ceil(start_s * POLICY_HZ - 1e-6), int(until_s * POLICY_HZ + 1e-6)
    return np.unique(np.rint(np.geomspace(first, last, FIT_POINTS)).astype(np.int64)) - 1


def _line(
    log_t: NDArray[np.float64], curves: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope and intercept of log J against log T by least squares, for each curve; NaN where a J is 0."""
    log_j = np.log(curves, out=np.full_like(curves, np.nan), where=curves > 0.0)
    centred = log_t - log_t.mean()
    slope = (log_j @ centred) / (centred @ centred)
    return slope, log_j.mean(axis=1) - slope * log_t.mean()
