"""Reply with bytes that are no message."""

import os
import sys
import time

STATUS, REASON, STOPPED_FROM = "protocol", "not msgpack", "process"


def attack() -> None:
    os.write(int(sys.argv[2]), bytes([4, 0, 0, 0]) + b"\xc1" * 4)
    time.sleep(3600.0)
