"""End without an answer."""

import os

STATUS, REASON, STOPPED_FROM = "exited", "exited with code 7", "process"


def attack() -> None:
    os._exit(7)
