"""Reply with a map whose values are not what they should be."""

import os
import time

import msgpack

from drivebench.evaluation.protocol import CONNECTION

STATUS, REASON, STOPPED_FROM = "protocol", "something else than actions", "process"


def attack() -> None:
    reply = msgpack.packb({"dtype": ["float64"], "shape": {"a": 1}, "data": 7})
    os.write(CONNECTION, len(reply).to_bytes(4, "little") + reply)
    time.sleep(3600.0)
