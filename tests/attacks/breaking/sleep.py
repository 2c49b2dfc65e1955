"""Never answer, asleep."""

import time

STATUS, REASON, STOPPED_FROM = "timed-out", "no answer within", "process"


def attack() -> None:
    time.sleep(3600.0)
