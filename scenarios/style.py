"""How somebody drives: speed, gaps, readiness to change lanes, a preferred side."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXPERT", "Manner", "Style"]


class Manner(IntEnum):
    """Places of a style's numbers in the array that kernels take."""

    SPEED_SHARE = 0
    ACCELERATION = 1
    TIME_GAP = 2
    STANDSTILL_GAP = 3
    CHANGE = 4
    RIGHTWARDS = 5


@dataclass(frozen=True, kw_only=True)
class Style:
    """How somebody drives; the defaults are the expert's.

    Attributes:
        speed_share: Of the speed profile, that is, of the speed limit and of comfortable speeds in curves.
        acceleration_mps2: The most that is comfortable; nuPlan's bound is 2.40 m/s².
        time_gap_s: To the leader, from bumper to bumper.
        standstill_gap_m: The same when both stand: the intelligent driver model's jam distance.
        change_m: Way that a change of path must be worth.
        rightwards_m: Way that a change is worth because it leads to the right; negative for the left.
    """

    speed_share: float = 1.0
    acceleration_mps2: float = 2.0
    time_gap_s: float = 1.2
    standstill_gap_m: float = 3.0
    change_m: float = 3.0
    rightwards_m: float = 0.0

    @property
    def manner(self) -> NDArray[np.float64]:
        """``f8[columns Manner]`` for kernels."""
        return np.array(
            [
                self.speed_share,
                self.acceleration_mps2,
                self.time_gap_s,
                self.standstill_gap_m,
                self.change_m,
                self.rightwards_m,
            ]
        )


EXPERT = Style()
"""Close to the limit, inside all bounds of comfort."""
