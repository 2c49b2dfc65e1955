"""Announce a reply of four gigabytes, and begin to send it."""

import os
import sys
import time

STATUS, REASON, STOPPED_FROM = "protocol", "announced a message of 4294967295 bytes", "process"


def attack() -> None:
    os.write(int(sys.argv[2]), b"\xff" * 65536)
    time.sleep(3600.0)
