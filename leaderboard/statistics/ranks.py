"""Ranks with intervals: how far the order of policies is known, from a paired bootstrap over common episodes.

Two policies are told apart when the interval of their mean paired difference excludes 0. For the place of one
among k, that is asked k − 1 times at once: the interval of every difference is widened until all of them hold
together, with the bootstrap's largest studentised deviation (Mogstad, Romano, Shaikh and Wilhelm 2024,
doi:10.1093/restud/rdad006). A rank interval then counts who is surely better and who is surely worse. Each
deviation has the imagined episode of :mod:`.bootstrap` on top, so that two policies that never failed in few
episodes are not told apart by a tenth of a point.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.statistics.bootstrap import Draws
from leaderboard.statistics.estimate import LEVEL
from leaderboard.threads import in_threads

__all__ = ["Ranking", "ranking", "tied_with_best"]

MOST, FEWEST, WORK = 1_000, 400, 200_000
"""Of the draws, so many are used for ranks, and with hundreds of policies fewer, as the work grows with the
square of their number: ``WORK`` draws of all policies together, but not fewer than ``FEWEST`` of each."""

EQUAL = 1e-9
"""Means that differ by less are equal."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The places of some policies, in the order of the columns.

    Attributes:
        ranks: Best and worst place of each.
        best: Probability that each is the best; equals share it. None where nobody asked, and where nothing
            can be resampled.
        groups: From 1 on: in the order of the means, a group goes on while its members cannot be told apart
            from its first.
    """

    ranks: tuple[tuple[int, int], ...]
    best: tuple[float, ...] | None
    groups: tuple[int, ...]


def ranking(draws: Draws, *, probabilities: bool = True) -> Ranking:
    """Rank columns, the highest mean first.

    Args:
        draws: With the same weights for every column; of all resamples where probabilities are asked for, and
            of ``MOST`` at least.
        probabilities: Whether to give the probability of being best.
    """
    k, means = len(draws.means), draws.means
    told = np.array(in_threads(_Apart(draws).from_, range(k)))
    better = np.count_nonzero(told & (means > means[:, None]), axis=1)
    worse = np.count_nonzero(told & (means < means[:, None]), axis=1)
    return Ranking(
        ranks=tuple((1 + int(above), k - int(below)) for above, below in zip(better, worse, strict=True)),
        best=_best(draws) if probabilities else None,
        groups=_groups(means, told),
    )


def tied_with_best(draws: Draws, *, highest: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which columns have the best mean, and which others cannot be told apart from it.

    Args:
        draws: With the same weights for every column.
        highest: Whether the highest mean is the best; the lowest otherwise.

    Returns:
        ``b1[columns]`` each.
    """
    means = draws.means if highest else -draws.means
    best: NDArray[np.bool_] = means >= means.max() - EQUAL
    tied = ~_Apart(draws).from_(int(np.argmax(means))) & ~best
    return best, tied


class _Apart:
    """Which columns are told apart from which."""

    def __init__(self, draws: Draws) -> None:
        self._means = draws.means
        used = min(MOST, max(FEWEST, WORK // len(draws.means)))
        centred = draws.seen[:, :used] - draws.means[:, None]
        self._imagined = (draws.best - draws.worst)[:used].astype(np.float32)
        self._centred = centred.astype(np.float32)
        self._variance = np.mean(centred**2, axis=1)
        self._floor = float(np.mean(np.square(self._imagined, dtype=np.float64)))

    def from_(self, own: int) -> NDArray[np.bool_]:
        """``b1[columns]``: which are told apart from one, all at once with probability ``LEVEL``."""
        common = self._centred @ self._centred[own] / self._centred.shape[1]
        variance = np.maximum(self._variance + self._variance[own] - 2.0 * common, 0.0)
        scale = np.sqrt(variance + self._floor)
        deviation = self._centred - self._centred[own]
        np.abs(deviation, out=deviation)
        deviation += self._imagined
        deviation *= (1.0 / scale)[:, None].astype(np.float32)
        deviation[own] = 0.0
        factor = float(np.quantile(deviation.max(axis=0), LEVEL))
        told: NDArray[np.bool_] = np.abs(self._means - self._means[own]) > np.maximum(factor * scale, EQUAL)
        return told


def _best(draws: Draws) -> tuple[float, ...]:
    top = draws.seen >= draws.seen.max(axis=0) - EQUAL
    return tuple(map(float, np.mean(top / top.sum(axis=0), axis=1)))


def _groups(means: NDArray[np.float64], told: NDArray[np.bool_]) -> tuple[int, ...]:
    groups = np.zeros(len(means), dtype=np.intp)
    head, group = -1, 0
    for own in np.argsort(-means, kind="stable"):
        if head < 0 or told[head, own]:
            head, group = int(own), group + 1
        groups[own] = group
    return tuple(map(int, groups))
