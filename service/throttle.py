"""How many requests somebody may send: a bucket of them that fills up again as time goes by."""

import math
import time
from collections import OrderedDict
from threading import Lock

from service.codes import Code, RefusedError

__all__ = ["Throttle"]

REMEMBERED = 10_000
"""Of those who asked, the latest so many: a flood of addresses fills no memory."""


class Throttle:
    """A bucket for each account or address."""

    def __init__(self, per_minute: int) -> None:
        """Let everybody begin with a full one.

        Args:
            per_minute: Requests in a minute, which may come at once.
        """
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def count(self, who: str) -> None:
        """One more request.

        Args:
            who: Of an account or an address.

        Raises:
            RefusedError: One too many.
        """
        now = time.monotonic()
        with self._lock:
            left, then = self._buckets.pop(who, (float(self._per_minute), now))
            left = min(self._per_minute, left + (now - then) * self._per_minute / 60.0)
            self._buckets[who] = (max(0.0, left - 1.0) if left >= 1.0 else left, now)
            while len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        if left < 1.0:
            wait_s = math.ceil((1.0 - left) * 60.0 / self._per_minute)
            raise RefusedError(Code.RATE, f"more than {self._per_minute} a minute", wait_s)
