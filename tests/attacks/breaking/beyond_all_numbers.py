"""Answer a number that is finite here and infinite there."""

import numpy as np
from numpy.typing import NDArray

STATUS, REASON, STOPPED_FROM = "not-finite", "", "process"


def attack() -> NDArray[np.float64]:
    return np.full((1, 2), 1e300)
