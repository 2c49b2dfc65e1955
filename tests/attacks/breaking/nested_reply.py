"""Reply with a list in a list in a list, deeper than any stack."""

import os
import time

from drivebench.evaluation.protocol import CONNECTION

STATUS, REASON, STOPPED_FROM = "protocol", "not msgpack", "process"
DEPTH = 60_000


def attack() -> None:
    os.write(CONNECTION, DEPTH.to_bytes(4, "little") + b"\x91" * DEPTH)
    time.sleep(3600.0)
