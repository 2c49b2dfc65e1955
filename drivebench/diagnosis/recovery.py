"""Recovery rate: from how far beside its route does a policy come back?

Demonstrations of a good driver hardly show how to come back to the lane; a policy that can do so has learnt
it from elsewhere (side cameras, noise, labels on its own states).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drivebench.diagnosis.displacement import displaced
from drivebench.diagnosis.drives import Drive, drive, joined
from drivebench.diagnosis.intervals import Estimate, rate
from drivebench.diagnosis.subject import Asked
from drivebench.diagnosis.yardstick import Yardstick
from drivebench.metric.limits import OFF_ROAD_DEPTH_M
from drivebench.scenario import Episode

__all__ = ["OFFSETS_M", "Recovery", "recovered", "recovery"]

OFFSETS_M = (0.25, 0.5, 1.0, 1.5, 2.0)
"""Where starts are displaced to, to either side in turn."""
WITHIN_S = 5.0
BACK_M = 0.5
"""This near to where it belongs it is back."""
KEPT_M = 1.0
"""After ``WITHIN_S`` it must still be as near as this, so that crossing the middle is not coming back."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One size of displacement.

    Attributes:
        offset_m: How far beside.
        back: Share of the starts from which it came back; None if there was none to count.
        left_out: Starts that are not counted, because the displaced car stands in another.
    """

    offset_m: float
    back: Estimate | None
    left_out: int


def recovery(
    subject: Asked, batches: Sequence[Sequence[Episode]], measure: Yardstick, offset_m: float
) -> Recovery:
    """Start beside the route, and see who comes back.

    Args:
        subject: Who drives.
        batches: The episodes, in batches as it can drive them.
        measure: For all episodes in order.
        offset_m: How far beside; the first episode starts to the right, the second to the left, and so on.
    """
    drives = [
        drive(
            [displaced(each, offset_m * (1.0 - 2.0 * (k % 2))) for k, each in enumerate(batch)],
            subject,
            go_on=True,
            at_most_s=WITHIN_S,
        )
        for batch in batches
    ]
    together = joined(drives)
    counted = ~(together.crashed & (together.decisions <= 1))
    back = recovered(together, measure) & counted
    return Recovery(
        offset_m=offset_m,
        back=rate(int(back.sum()), int(counted.sum())),
        left_out=int((~counted).sum()),
    )


def recovered(together: Drive, measure: Yardstick) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """``bool[N]`` in which drives the car came back, and was still there and on the road at the end.

    Args:
        together: Drives of ``WITHIN_S`` from displaced starts.
        measure: For the same episodes.
    """
    deviation = measure.deviation_m(together)
    came = ((deviation[1:] <= BACK_M) & together.driven).any(axis=0)
    kept = (deviation[-1] <= KEPT_M) & (together.depth_m[-1] <= OFF_ROAD_DEPTH_M)
    result: np.ndarray[tuple[int], np.dtype[np.bool_]] = came & kept & ~together.crashed
    return result
