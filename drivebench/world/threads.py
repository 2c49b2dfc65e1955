"""Spread the worlds of a batch over threads.

Compiled kernels release the interpreter lock, so plain threads do; numba's own parallel loops would double
the compile time and spin while they wait. Each world is computed by one thread alone, so results do not
depend on their number. Threads take small shares until none is left, and the caller works, too: a thread
that the machine does not wake in time is not waited for.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numba

__all__ = ["in_threads"]

SMALLEST_SHARE = 4
"""Worlds of a share; the call of a kernel takes about as long as one small world."""

SHARES = 8
"""Shares for each thread, so that the last one is short."""


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=threads, thread_name_prefix="drivebench-world")


def in_threads(function: Callable[..., None], count: int, arguments: tuple[Any, ...]) -> None:
    """Call ``function(first, last, *arguments)`` so that the ranges [first, last) cover [0, count).

    Args:
        function: A compiled function that releases the interpreter lock; ranges must be independent.
        count: How many worlds.
        arguments: What else it takes.
    """
    threads = numba.get_num_threads() if count >= 2 * SMALLEST_SHARE else 1
    if threads == 1:
        function(0, count, *arguments)
        return
    share = max(SMALLEST_SHARE, count // (SHARES * threads))
    waiting = deque(range(0, count, share))

    def work() -> None:
        while waiting:
            try:
                first = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            function(first, min(first + share, count), *arguments)

    helpers = [_pool(threads - 1).submit(work) for _ in range(threads - 1)]
    work()
    for helper in helpers:
        if not helper.cancel():
            helper.result()
