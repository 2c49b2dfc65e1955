"""Take all memory."""

import numpy as np

STATUS, REASON, STOPPED_FROM = "memory", "more than 0.5 GiB of memory", "process"


def attack() -> None:
    hoard = []
    while True:
        hoard.append(np.ones(1 << 21))
