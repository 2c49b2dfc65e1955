"""Spread the worlds of a batch over threads.

Compiled kernels release the interpreter lock, so plain threads do; numba's own parallel loops would double
the compile time and spin while they wait. Each world is computed by one thread alone, so results do not
depend on their number.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise
from typing import Any

import numba

__all__ = ["in_threads"]

SMALLEST_SHARE = 8
"""Fewer worlds than this are not worth a thread: waking one costs about as much as stepping them."""


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
    most = count // SMALLEST_SHARE
    threads = min(numba.get_num_threads(), most) if most > 1 else 1
    if threads <= 1:
        function(0, count, *arguments)
        return
    bounds = [count * part // threads for part in range(threads + 1)]
    waiting = [
        _pool(threads).submit(function, first, last, *arguments) for first, last in pairwise(bounds[1:])
    ]
    function(bounds[0], bounds[1], *arguments)
    wait(waiting)
    for future in waiting:
        future.result()
