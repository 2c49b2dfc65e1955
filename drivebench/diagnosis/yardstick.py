"""How far a car has gone astray: from the middle of its route, or from where the expert drove.

On most roads the assigned way is the middle of a lane, and the distance from it is the error. Where the
expert itself leaves the route's middle, to overtake or to pass an obstacle, that would count good driving as
an error; there the distance from the expert's way is taken, at the same place along the route.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.drives import Drive

__all__ = ["Yardstick", "Zero", "yardstick"]

EXPERT_WITHIN_M = 1.0
"""The route's middle is the yardstick if the expert never goes further from it than this."""
DIVERGED_M = {"route": 1.0, "expert": 2.0}
"""Further than this is divergence: 1 m off the middle a car of 2 m touches the edge of a lane of 4 m; from
the expert's way, which is one good way among others, twice as much is allowed."""


class Zero(StrEnum):
    """Where the error is zero."""

    ROUTE = "route"
    EXPERT = "expert"


@dataclass(frozen=True, kw_only=True, eq=False)
class Yardstick:
    """What deviations are measured from.

    Attributes:
        zero: The middle of the route, or the expert's way.
        ways: By episode, ``f8[K, 2]``: progress, strictly increasing, and distance from the route's
            middle (m) of the expert; None where the route's middle is the yardstick.
    """

    zero: Zero
    ways: tuple[NDArray[np.float64], ...] | None

    @property
    def diverged_m(self) -> float:
        """A larger deviation is divergence."""
        return DIVERGED_M[self.zero.value]

    def deviation_m(self, drive: Drive) -> NDArray[np.float64]:
        """``f8[T + 1, N]`` not negative, of a drive over the same episodes in the same order."""
        if self.ways is None:
            return np.abs(drive.lateral_m)
        expected = np.stack(
            [
                np.interp(drive.progress_m[:, place], way[:, 0], way[:, 1])
                for place, way in enumerate(self.ways)
            ],
            axis=1,
        )
        return np.abs(drive.lateral_m - expected)


def yardstick(expert: Drive) -> Yardstick:
    """The yardstick for some episodes.

    Args:
        expert: The expert's drive over them.
    """
    if np.abs(expert.lateral_m).max() <= EXPERT_WITHIN_M:
        return Yardstick(zero=Zero.ROUTE, ways=None)
    ways = []
    for place, decisions in enumerate(expert.decisions.tolist()):
        progress = expert.progress_m[: decisions + 1, place]
        new = np.r_[True, progress[1:] > np.maximum.accumulate(progress)[:-1]]
        ways.append(np.stack([progress[new], expert.lateral_m[: decisions + 1, place][new]], axis=1))
    return Yardstick(zero=Zero.EXPERT, ways=tuple(ways))
