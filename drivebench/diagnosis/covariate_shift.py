"""Open-loop error, and covariate shift: how much larger the error is where the policy itself goes.

A policy that imitates is fitted on states that the expert visits, and drives on states that it visits itself;
that these differ is what makes imitation fail (Ross and Bagnell, Efficient Reductions for Imitation Learning,
AISTATS 2010; Ross, Gordon and Bagnell, AISTATS 2011, arXiv:1011.0686).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.drives import ACCELERATION, STEERING, Drive
from drivebench.diagnosis.intervals import Estimate, content_generator, over_episodes

__all__ = ["AxisShift", "CovariateShift", "covariate_shift", "mean_error"]


@dataclass(frozen=True, kw_only=True)
class AxisShift:
    """One of the two outputs of a policy.

    Attributes:
        on_expert: Mean absolute error against the expert's label on states that the expert visits.
        on_own: The same on states that the policy visits itself, until the episode ends.
        ratio: The second divided by the first: the covariate shift; None where the first is 0.
    """

    on_expert: Estimate
    on_own: Estimate
    ratio: Estimate | None


@dataclass(frozen=True, kw_only=True)
class CovariateShift:
    """Errors in both loops.

    Attributes:
        steering: In rad of the front wheels.
        acceleration: In m/s².
        expert_states: How many decisions the first error is a mean over.
        own_states: How many the second is.
    """

    steering: AxisShift
    acceleration: AxisShift
    expert_states: int
    own_states: int


def covariate_shift(expert: Drive, itself: Drive) -> CovariateShift:
    """Compare the errors on both sorts of states.

    Args:
        expert: The expert drove, the policy was asked.
        itself: The policy drove the same episodes, the expert was asked.
    """
    return CovariateShift(
        steering=_axis(expert, itself, STEERING),
        acceleration=_axis(expert, itself, ACCELERATION),
        expert_states=int(expert.within.sum()),
        own_states=int(itself.within.sum()),
    )


def mean_error(errors: NDArray[np.float64], counted: NDArray[np.bool_]) -> Estimate:
    """Mean over the decisions of all episodes, with an interval over episodes.

    Args:
        errors: ``f8[T, N]``.
        counted: ``bool[T, N]`` which of them; at least one.
    """
    total, count = np.where(counted, errors, 0.0).sum(axis=0), counted.sum(axis=0)
    rng = content_generator(total, count)
    estimate = over_episodes(lambda w: _ratio(w @ total, w @ count), len(total), rng)
    assert estimate is not None
    return estimate


def _axis(expert: Drive, itself: Drive, axis: int) -> AxisShift:
    sums = []
    for each in (expert, itself):
        error = np.abs(each.acted[..., axis] - each.asked[..., axis])
        sums.append((np.where(each.within, error, 0.0).sum(axis=0), each.within.sum(axis=0)))
    (total, count), (own_total, own_count) = sums
    rng = content_generator(total, count, own_total, own_count)
    ratio = over_episodes(
        lambda w: _ratio(_ratio(w @ own_total, w @ own_count), _ratio(w @ total, w @ count)), len(total), rng
    )
    return AxisShift(
        on_expert=mean_error(np.abs(expert.acted[..., axis] - expert.asked[..., axis]), expert.within),
        on_own=mean_error(np.abs(itself.acted[..., axis] - itself.asked[..., axis]), itself.within),
        ratio=ratio,
    )


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quotient; NaN where there is nothing below."""
    quotient: NDArray[np.float64] = np.divide(
        above, below, out=np.full(np.shape(above), np.nan), where=below > 0.0
    )
    return quotient
