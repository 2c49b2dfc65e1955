"""Answer more than full throttle."""

import numpy as np
from numpy.typing import NDArray

STATUS, REASON, STOPPED_FROM = "out-of-range", "", "process"


def attack() -> NDArray[np.float64]:
    return np.full((1, 2), 1.5)
