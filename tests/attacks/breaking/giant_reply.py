"""Announce a reply of four gigabytes, and begin to send it."""

import os
import time

from drivebench.evaluation.protocol import CONNECTION

STATUS, REASON, STOPPED_FROM = "protocol", "announced a message of 4294967295 bytes", "process"


def attack() -> None:
    os.write(CONNECTION, b"\xff" * 65536)
    time.sleep(3600.0)
