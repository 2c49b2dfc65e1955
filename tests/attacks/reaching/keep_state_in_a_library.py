"""Keep what one batch of episodes taught for the next, in the module of a library."""

import math

STOPPED_FROM = "process"


def attack(targets: dict[str, str]) -> None:
    if not hasattr(math, "kept"):
        math.__dict__["kept"] = "seen"
        raise LookupError
