"""Set the machine's clock."""

import time

STOPPED_FROM = "landlock"
NEEDS_ROOT = True


def attack(targets: dict[str, str]) -> None:
    time.clock_settime(time.CLOCK_REALTIME, time.time())
