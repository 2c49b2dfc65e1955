"""Work on all processors at once, for what NumPy and zlib do outside of Python's lock."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

__all__ = ["in_threads"]

T = TypeVar("T")
R = TypeVar("R")

MOST = 4
"""Threads: beyond, Python's own share of the work keeps the others waiting."""
FEW = 16
"""Items that are not worth a thread."""


def in_threads(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``[work(item) for item in items]``, the same whatever the number of threads.

    Args:
        work: Changes nothing that another item needs.
        items: Any number.
    """
    threads = min(MOST, os.cpu_count() or 1, len(items) // FEW)
    if threads < 2:
        return [work(item) for item in items]
    parts = [items[k * len(items) // threads : (k + 1) * len(items) // threads] for k in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return list(chain.from_iterable(pool.map(lambda part: [work(item) for item in part], parts)))
