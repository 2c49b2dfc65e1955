"""Spread the worlds of a batch over threads.

Compiled kernels release the interpreter lock, so plain threads do; numba's own parallel loops would double
the compile time. Each world is computed by one thread alone, so results do not depend on their number.
Threads take small shares until none is left, and the caller works, too: a thread that the machine does not
wake in time is not waited for.

To wake a thread takes a tenth of a decision of 64 worlds, more on a virtual machine. So the step takes its
shares within compiled code (``share_out``), where a helper that finds nothing left stays for a moment and
listens for the bell of the next step. It is rung within compiled code, too: the interpreter lock is free
then, and the helper does not have to be woken for that either. Listening for as long as waking takes costs at
most twice what is best (Karlin, Li, Manasse and Owicki, "Empirical studies of competitive spinning for a
shared-memory multiprocessor", SOSP 1991).
"""

import os
import platform
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from functools import cache, partial
from queue import SimpleQueue
from typing import Any, NamedTuple, cast

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np import arrayobj

from drivebench.compiled import inlined_kernel, kernel

__all__ = ["Shares", "in_threads", "share_out", "take"]

_make_array: Any = arrayobj.make_array

Counts = npt.NDArray[np.int64]


class Count(IntEnum):
    """Places in ``Shares.counts``."""

    TAKEN = 0
    """What somebody has taken."""
    DONE = 1
    """What is computed."""
    WHOLE = 2
    """What there is."""
    SHARE = 3
    """How much is taken at once."""
    BELL = 4
    """Address of the bell; it is rung by counting it up."""
    PATIENCE = 5
    """How often a helper looks at the bell before it leaves."""


_TAKEN, _DONE, _WHOLE = int(Count.TAKEN), int(Count.DONE), int(Count.WHOLE)
_SHARE, _BELL, _PATIENCE = int(Count.SHARE), int(Count.BELL), int(Count.PATIENCE)


class Shares(NamedTuple):
    """What there is to take.

    Attributes:
        counts: [places ``Count``] the same for all threads.
        helps: Whether this thread waits for the next work when nothing is left.
    """

    counts: Counts
    helps: bool


SMALLEST_BATCH = 8
"""Fewer are not worth a second thread."""

SHARES = 32
"""Shares for each thread that are taken within compiled code; many, so that the last one is short."""

CALLS = 8
SMALLEST_CALL = 4
"""Shares for each thread, and worlds in one, where each is a call, which takes as long as a small world."""

PATIENCE_S = 2e-4
"""How long a helper listens, and the caller looks for the end: about what waking a thread takes."""

_PAUSE = platform.machine() in ("x86_64", "AMD64")


def _fetch_add(typing_context: Any, array: Any, place: Any, amount: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "acq_rel")

    return types.int64(array, types.int64, types.int64), generate


def _fetch_add_at(typing_context: Any, address: Any, amount: Any) -> Any:  # noqa: ARG001 - as above
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", pointer, arguments[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


def _load_at(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - as above
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(types.int64), generate


def _rest(typing_context: Any) -> Any:  # noqa: ARG001 - as above
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        if _PAUSE:
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), [])
        return context.get_dummy_value()

    return types.void(), generate


_add = cast(Callable[[Counts, int, int], int], intrinsic(_fetch_add))
"""Add to an element in one piece, whoever else does, and return what it was."""
_add_at = cast(Callable[[int, int], int], intrinsic(_fetch_add_at))
_read_at = cast(Callable[[int], int], intrinsic(_load_at))
_pause = cast(Callable[[], None], intrinsic(_rest))
"""Tell the processor that this is a loop that waits."""


@inlined_kernel
def _changes(address: int, from_value: int, looks: int) -> bool:
    """Look at a number until it is another one, but only so many times."""
    for _ in range(looks):
        if _read_at(address) != from_value:
            return True
        _pause()
    return False


@inlined_kernel
def take(shares: Shares, computed: int) -> tuple[int, int]:
    """The next range [first, last) that nobody has; empty when all is taken.

    Args:
        shares: From ``share_out``.
        computed: How much of what was taken before is computed now; 0 at first.
    """
    counts = shares.counts
    heard = _read_at(counts[_BELL])
    _add(counts, _DONE, computed)
    first = _add(counts, _TAKEN, counts[_SHARE])
    if first == 0:
        _add_at(counts[_BELL], 1)
    if first >= counts[_WHOLE]:
        if shares.helps:
            _changes(counts[_BELL], heard, counts[_PATIENCE])
        return 0, 0
    return first, min(first + counts[_SHARE], counts[_WHOLE])


@kernel
def _look_until_done(counts: Counts) -> bool:
    """Whether everything is computed; look for a moment whether it will be."""
    for _ in range(counts[_PATIENCE]):
        if _add(counts, _DONE, 0) >= counts[_WHOLE]:
            return True
        _pause()
    return False


@kernel
def _listen(bell: int, looks: int) -> bool:
    return _changes(bell, _read_at(bell), looks)


_bell = np.zeros(1, dtype=np.int64)
"""Counts how often there was something to share within compiled code."""
_bell_address: int = _bell.ctypes.data


@cache
def _patience() -> int:
    """How many looks take ``PATIENCE_S``."""
    looks = 10_000
    _listen(_bell_address, 1)
    begin = time.perf_counter()
    _listen(_bell_address, looks)
    return max(1, round(looks * PATIENCE_S / (time.perf_counter() - begin)))


class _Job:
    """Work that the caller has begun, and that helpers may share."""

    def __init__(self, helpers: int, work: Callable[[], None], is_left: Callable[[], bool]) -> None:
        self.helpers, self.is_left = helpers, is_left
        self._work = work
        self._at_work: list[threading.Lock] = []
        self.error: BaseException | None = None

    def help(self) -> None:
        """Called by a helper."""
        working = threading.Lock()
        working.acquire()
        self._at_work.append(working)
        try:
            self._work()
        except BaseException as error:  # for the caller to raise
            self.error = error
        finally:
            working.release()

    def wait(self) -> None:
        """Wait for the helpers that have begun; those that come later find nothing left."""
        for working in tuple(self._at_work):
            working.acquire()


class _Helper:
    """A thread that lives as long as the process."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._alarm: SimpleQueue[None] = SimpleQueue()
        self._asleep = False
        threading.Thread(target=self._live, name=f"drivebench-world-{number}", daemon=True).start()

    def wake(self) -> None:
        """Called by one who has work; costs nothing where this helper is awake."""
        if self._asleep:
            self._asleep = False
            self._alarm.put(None)

    def _live(self) -> None:
        while True:
            job = self._find()
            if job is None:
                self._asleep = True
                job = self._find()  # it may have come in between
            if job is None:
                self._alarm.get()
            else:
                self._asleep = False
                job.help()

    def _find(self) -> _Job | None:
        return next((job for job in tuple(_jobs) if self._number < job.helpers and job.is_left()), None)


_jobs: deque[_Job] = deque()
"""What is being worked at."""


@cache
def _helper(number: int) -> _Helper:
    return _Helper(number)


def _forget() -> None:
    _helper.cache_clear()
    _jobs.clear()


if hasattr(os, "register_at_fork"):  # threads do not follow into a forked process
    os.register_at_fork(after_in_child=_forget)


def _counts(whole: int, share: int, patience: int) -> Counts:
    """At the start."""
    return np.array([0, 0, whole, share, _bell_address, patience])


def share_out(function: Callable[..., None], count: int, arguments: tuple[Any, ...]) -> None:
    """Call ``function(shares, *arguments)`` on every thread that numba may use.

    Args:
        function: A compiled function that releases the interpreter lock, and computes the ranges that it
            takes (``take``) until one is empty; ranges must be independent.
        count: How many worlds.
        arguments: What else it takes.
    """
    threads = _threads(count)
    if threads == 1:
        function(Shares(_counts(count, max(1, count), 0), False), *arguments)
        return
    counts = _counts(count, max(1, count // (SHARES * threads)), _patience())

    def leave_nothing() -> None:
        counts[_TAKEN] = count

    job = _Job(
        threads - 1,
        partial(function, Shares(counts, True), *arguments),
        lambda: bool(counts[_TAKEN] < count),
    )
    _work_together(
        job,
        partial(function, Shares(counts, False), *arguments),
        leave_nothing,
        partial(_look_until_done, counts),
    )


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

    _work_together(_Job(threads - 1, work, lambda: bool(waiting)), work, waiting.clear, lambda: False)


def _threads(count: int) -> int:
    return int(numba.get_num_threads()) if count >= SMALLEST_BATCH else 1


def _work_together(
    job: _Job, own_part: Callable[[], None], leave_nothing: Callable[[], None], is_done: Callable[[], bool]
) -> None:
    """Offer a job, do one's own part, and come back when all is done."""
    _jobs.append(job)
    for number in range(job.helpers):
        _helper(number).wake()
    done = False
    try:
        own_part()
        done = is_done()
    finally:  # nobody may still write into the caller's arrays, whatever has happened here
        _jobs.remove(job)
        if not done:
            leave_nothing()
            job.wait()
    if job.error is not None:
        raise job.error
