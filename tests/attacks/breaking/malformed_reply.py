"""Reply with bytes that are no message."""

import os
import time

from drivebench.evaluation.protocol import CONNECTION

STATUS, REASON, STOPPED_FROM = "protocol", "not msgpack", "process"


def attack() -> None:
    os.write(CONNECTION, bytes([4, 0, 0, 0]) + b"\xc1" * 4)
    time.sleep(3600.0)
