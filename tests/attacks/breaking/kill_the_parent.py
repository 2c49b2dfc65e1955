"""Kill the process that started it, which is the harness, or Bubblewrap."""

import os
import signal

STATUS, REASON, STOPPED_FROM = "raised", "PermissionError", "landlock"


def attack() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
