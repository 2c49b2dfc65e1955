"""Keep what one batch of episodes taught for the next, in its own module."""

STOPPED_FROM = "process"
KEPT: list[str] = []


def attack(targets: dict[str, str]) -> None:
    if not KEPT:
        KEPT.append("seen")
        raise LookupError
