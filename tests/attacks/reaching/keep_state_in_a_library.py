"""Keep what one batch of episodes taught for the next, in the module of a library."""

import numpy as np

STOPPED_FROM = None


def attack(targets: dict[str, str]) -> None:
    if not hasattr(np, "kept"):
        np.kept = "seen"
        raise LookupError
