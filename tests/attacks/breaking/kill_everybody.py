"""Kill every process that it may."""

import os
import signal

STATUS, REASON, STOPPED_FROM = "raised", "PermissionError", "landlock"


def attack() -> None:
    os.kill(-1, signal.SIGKILL)
