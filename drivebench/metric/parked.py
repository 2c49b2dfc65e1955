"""How far a car is from a parking place, and when it stands in it: kernels, in canonical numerics.

The pose error is one length that joins position and heading: the root of the mean square of how far the
middles of the two bumpers are from where they belong. With the distance d between the middles of car and
place, the angle φ between their directions and half the car's length r it is √(d² + 2r²(1 − cos φ)). It is
the distance of model points by which poses are compared in robotics (S. Hinterstoisser et al., ACCV 2012),
for two points and as a mean square; as there, of the poses that look the same the nearest counts: taking
|cos φ| lets a place be taken forwards or in reverse.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.limits import PARKED_ALONG_M, PARKED_ASIDE_M, PARKED_SINE

__all__ = ["is_in_place", "pose_error"]


@kernel
def pose_error(
    place: NDArray[np.float64], x: float, y: float, cos: float, sin: float, length: float
) -> float:
    """How far a car is from a place.

    Args:
        place: ``f8[4]`` x, y (m), cosine and sine of the heading.
        x: Middle of the car (m).
        y: The same.
        cos: Cosine of its heading.
        sin: Its sine.
        length: Of the car (m).

    Returns:
        Metres.
    """
    dx, dy = x - place[0], y - place[1]
    same = min(abs(cos * place[2] + sin * place[3]), 1.0)
    return math.sqrt(dx * dx + dy * dy + 0.5 * length * length * (1.0 - same))


@kernel
def is_in_place(place: NDArray[np.float64], x: float, y: float, cos: float, sin: float) -> bool:
    """Whether a car is within the tolerances of a place, either way round.

    Args:
        place: ``f8[4]`` x, y (m), cosine and sine of the heading.
        x: Middle of the car (m).
        y: The same.
        cos: Cosine of its heading.
        sin: Its sine.
    """
    dx, dy = x - place[0], y - place[1]
    along, aside = dx * place[2] + dy * place[3], dy * place[2] - dx * place[3]
    turned = abs(sin * place[2] - cos * place[3])
    return bool(abs(along) <= PARKED_ALONG_M and abs(aside) <= PARKED_ASIDE_M and turned <= PARKED_SINE)
