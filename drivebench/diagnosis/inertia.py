"""Does it drive by copying what it has just done?

A policy that sees or remembers its last action can answer with it once more: nearly always right on
recorded data, and wrong when it matters (de Haan et al., NeurIPS 2019; F. Codevilla, E. Santana, A. M. López,
A. Gaidon, Exploring the Limitations of Behavior Cloning for Autonomous Driving, ICCV 2019, arXiv:1904.08980,
which calls it the inertia problem). Two measures: how well the last action predicts the answer, compared with
the expert, who looks at the road; and how often a car that stands stays where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.displacement import standing
from drivebench.diagnosis.drives import ACCELERATION, STEERING, Drive, drive, joined
from drivebench.diagnosis.intervals import Estimate, content_generator, over_episodes, rate
from drivebench.diagnosis.subject import Asked
from drivebench.metric.limits import STOPPED_MPS
from drivebench.scenario import Episode
from drivebench.world.clock import POLICY_HZ

__all__ = ["Inertia", "Persistence", "Standstill", "inertia", "persistence", "standing_starts", "stops"]

STILL_S = 3.0
"""A car that has not moved off after this time stays."""
MOVING_MPS = 1.0
"""Faster than this it has moved off."""
ASKED_MPS2 = 0.5
"""The expert asks to go when it would accelerate by more than this."""


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """How well an action predicts the next one, 0.2 s later.

    Attributes:
        correlation: Between successive actions, all episodes together.
        copying_r2: Share of the actions' variance that is explained by answering with the last action once
            more, 1 − Σ(aₜ − aₜ₋₁)² / Σ(aₜ − ā)²; below 0 when that is worse than the mean.
    """

    correlation: Estimate | None
    copying_r2: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """How often a standing car stays where it is though the expert would go.

    Attributes:
        stayed: Share; None if there was nothing to count.
    """

    stayed: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Inertia:
    """Signs of driving by inertia.

    Attributes:
        steering: Of the policy, while it drives.
        acceleration: Likewise.
        expert_steering: Of the expert, while it drives.
        expert_acceleration: Likewise.
        after_stops: Where the policy has stopped by itself.
        standing_starts: Where episodes are begun at a standstill.
    """

    steering: Persistence
    acceleration: Persistence
    expert_steering: Persistence
    expert_acceleration: Persistence
    after_stops: Standstill
    standing_starts: Standstill


def inertia(expert: Drive, itself: Drive, starts: Drive) -> Inertia:
    """Put the measures together.

    Args:
        expert: The expert drove.
        itself: The policy drove the same episodes, the expert was asked.
        starts: See :func:`standing_starts`.
    """
    return Inertia(
        steering=persistence(itself, STEERING),
        acceleration=persistence(itself, ACCELERATION),
        expert_steering=persistence(expert, STEERING),
        expert_acceleration=persistence(expert, ACCELERATION),
        after_stops=stops(itself),
        standing_starts=stops(starts),
    )


def persistence(made: Drive, axis: int) -> Persistence:
    """Compare each action with the one before it, while episodes last.

    Args:
        made: By whom it is about.
        axis: ``STEERING`` or ``ACCELERATION``.
    """
    middle = made.acted[..., axis][made.within].mean()  # without it, squares would cancel
    action = np.where(made.within, made.acted[..., axis] - middle, 0.0)
    counted = (made.within[1:] & made.within[:-1]).astype(np.float64)
    now, last = action[1:] * counted, action[:-1] * counted
    moments = np.stack([counted, now, last, now * now, last * last, now * last], axis=-1).sum(axis=0)
    rng = content_generator(moments)

    def spread(w: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        n, a, b, aa, bb, ab = (w @ moments).T
        return n, aa - a * a / n, bb - b * b / n, ab - a * b / n, aa + bb - 2.0 * ab

    def correlation(w: NDArray[np.float64]) -> NDArray[np.float64]:
        _, now_2, last_2, both, _ = spread(w)
        return _divided(both, np.sqrt(np.maximum(now_2 * last_2, 0.0)))

    def copying(w: NDArray[np.float64]) -> NDArray[np.float64]:
        _, now_2, _, _, difference = spread(w)
        return 1.0 - _divided(difference, now_2)

    if not counted.any():
        return Persistence(correlation=None, copying_r2=None)
    return Persistence(
        correlation=over_episodes(correlation, made.episodes, rng),
        copying_r2=over_episodes(copying, made.episodes, rng),
    )


def standing_starts(subject: Asked, expert: Asked, batches: Sequence[Sequence[Episode]]) -> Drive:
    """Begin the episodes at a standstill.

    Args:
        subject: Who drives.
        expert: Who says whether to go.
        batches: The episodes, in batches as they can be driven.
    """
    shortened_s = STILL_S + 1.0 / POLICY_HZ
    return joined(
        [
            drive([standing(each) for each in batch], subject, expert, go_on=True, at_most_s=shortened_s)
            for batch in batches
        ]
    )


def stops(made: Drive) -> Standstill:
    """How often a car that stands, and is asked to go by the expert, has not moved off ``STILL_S`` later.

    A stop is counted once, from the first decision at which the expert would go; and not if the drive ends
    before the time is over.

    Args:
        made: The policy drove, the expert was asked.
    """
    wait = round(STILL_S * POLICY_HZ)
    stayed = counted = 0
    for place, decisions in enumerate(made.decisions.tolist()):
        speed, t = np.abs(made.speed_mps[: decisions + 1, place]), 0
        while t + wait <= decisions and t < decisions and made.within[t, place]:
            if speed[t] > STOPPED_MPS or made.asked[t, place, ACCELERATION] < ASKED_MPS2:
                t += 1
                continue
            moved = np.flatnonzero(speed[t + 1 : t + wait + 1] > MOVING_MPS)
            counted += 1
            stayed += not moved.size
            if not moved.size:
                gone = np.flatnonzero(speed[t + wait :] > MOVING_MPS)
                if not gone.size:
                    break
                t += wait + int(gone[0])
            else:
                t += 1 + int(moved[0])
    return Standstill(stayed=rate(stayed, counted))


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where nothing varies."""
    enough = below > 1e-15
    quotient: NDArray[np.float64] = np.divide(
        above, below, out=np.full(np.shape(above), np.nan), where=enough
    )
    return quotient
