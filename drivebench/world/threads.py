"""Spread the worlds of a batch over threads.

Compiled kernels release the interpreter lock, so plain threads do; numba's own parallel loops would double
the compile time and spin while they wait. Each world is computed by one thread alone, so results do not
depend on their number. Threads take small shares until none is left, and the caller works, too: a thread that
the machine does not wake in time is not waited for. The step takes its shares within compiled code
(``share_out``), so that it is called once per thread however small the shares are.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic
from numba.np import arrayobj

from drivebench.compiled import inlined_kernel

__all__ = ["Shares", "in_threads", "share_out", "take"]

_make_array: Any = arrayobj.make_array

Shares = npt.NDArray[np.int64]
"""[3] what has been taken, what there is, and the size of a share."""

SMALLEST_BATCH = 8
"""Fewer are not worth a second thread: to wake one takes about as long as a small world."""

SHARES = 32
"""Shares for each thread that are taken within compiled code; many, so that the last one is short."""

CALLS = 8
SMALLEST_CALL = 4
"""Shares for each thread, and worlds in one, where each is a call, which takes as long as a small world."""


def _fetch_add(typing_context: Any, array: Any, amount: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", data, arguments[1], "monotonic")

    return types.int64(array, types.int64), generate


_taken = cast(Callable[[Shares, int], int], intrinsic(_fetch_add))
"""Add to the first element in one piece, whoever else does, and return what it was."""


@inlined_kernel
def take(shares: Shares) -> tuple[int, int]:
    """The next range [first, last) that nobody has; empty when all is taken."""
    first = min(_taken(shares, shares[2]), shares[1])
    return first, min(first + shares[2], shares[1])


class _Job:
    """One call for one helper: begun by the helper, or withdrawn by the caller, whoever is first."""

    def __init__(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._function, self._arguments = function, arguments
        self._begun, self._running = threading.Lock(), threading.Lock()
        self._error: BaseException | None = None
        self._running.acquire()

    def run(self) -> None:
        """Called by the helper."""
        if self._begun.acquire(blocking=False):
            try:
                self._function(*self._arguments)
            except BaseException as error:  # for the caller to raise
                self._error = error
            finally:
                self._running.release()

    def withdraw_or_wait(self) -> BaseException | None:
        """Called by the one who gave it, when nothing is left to take; what was raised, if anything was."""
        if not self._begun.acquire(blocking=False):
            self._running.acquire()
        return self._error


@cache
def _helper(number: int) -> SimpleQueue[_Job]:
    """The queue of a thread that lives as long as the process."""
    jobs: SimpleQueue[_Job] = SimpleQueue()

    def work() -> None:
        while True:
            jobs.get().run()

    threading.Thread(target=work, name=f"drivebench-world-{number}", daemon=True).start()
    return jobs


if hasattr(os, "register_at_fork"):  # threads do not follow into a forked process
    os.register_at_fork(after_in_child=_helper.cache_clear)


def share_out(function: Callable[..., None], count: int, arguments: tuple[Any, ...]) -> None:
    """Call ``function(shares, *arguments)`` on every thread that numba may use.

    Args:
        function: A compiled function that releases the interpreter lock, and computes the ranges that it
            takes (``take``) until one is empty; ranges must be independent.
        count: How many worlds.
        arguments: What else it takes.
    """
    threads = _threads(count)
    shares = np.array([0, count, max(1, count // (SHARES * threads)) if threads > 1 else count])
    _run(threads, function, (shares, *arguments))


def in_threads(function: Callable[..., None], count: int, arguments: tuple[Any, ...]) -> None:
    """Call ``function(first, last, *arguments)`` so that the ranges [first, last) cover [0, count).

    Args:
        function: A compiled function that releases the interpreter lock; ranges must be independent.
        count: How many worlds.
        arguments: What else it takes.
    """
    threads = _threads(count)
    if threads == 1:
        function(0, count, *arguments)
        return
    share = max(SMALLEST_CALL, count // (CALLS * threads))
    waiting = deque(range(0, count, share))

    def work() -> None:
        while waiting:
            try:
                first = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            function(first, min(first + share, count), *arguments)

    _run(threads, work, ())


def _threads(count: int) -> int:
    return int(numba.get_num_threads()) if count >= SMALLEST_BATCH else 1


def _run(threads: int, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    jobs = [_Job(function, arguments) for _ in range(threads - 1)]
    for number, job in enumerate(jobs):
        _helper(number).put(job)
    try:
        function(*arguments)
    finally:  # nobody may still write into the caller's arrays, whatever has happened here
        errors = [job.withdraw_or_wait() for job in jobs]
    for error in errors:
        if error is not None:
            raise error
