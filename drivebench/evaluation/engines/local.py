"""Driving the chunks of a run in processes of this machine; with one worker, in the evaluator's own.

A worker that dies costs its chunk, not the run: another takes its place.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numba

from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.engines.engine import Crew, Order, Outcome, Shift, read_options

__all__ = ["local", "processors"]

PATIENCE_S = 5.0
"""How long a worker may take to end its policy."""


@contextmanager
def local(order: Order) -> Iterator[Crew]:
    """Processes of this machine, as many as there are processors unless it is said how many.

    Args:
        order: What is to be driven; there are no options.
    """
    read_options("local", order.options, ())
    workers = min(order.workers or os.cpu_count() or 1, order.chunks)
    if workers <= 1:
        with Shift(order.job) as shift:
            yield _Alone(shift, order.progress)
    else:
        pool = _Pool(order.job, workers, order.progress)
        try:
            yield pool
        finally:
            pool.stop()


class _Alone:
    """The evaluator drives by itself."""

    workers = 1

    def __init__(self, shift: Shift, progress: Callable[[int, int], None]) -> None:
        self._shift, self._progress = shift, progress
        self._todo: deque[int] = deque()

    def submit(self, chunk: int) -> None:
        """Note a chunk."""
        self._todo.append(chunk)

    def wait(self) -> Sequence[Outcome]:
        """Drive the next one."""
        chunk = self._todo.popleft()
        return [self._shift.drive(chunk, lambda episodes: self._progress(chunk, episodes))]


class _Worker:
    """A process that drives one chunk at a time."""

    def __init__(self, job: ChunkJob, processor: int | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.processor = processor
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, job, processor), daemon=True)
        self.process.start()
        theirs.close()
        self.chunk: int | None = None

    def begin(self, chunk: int) -> None:
        """Send it a chunk."""
        self.chunk = chunk
        with suppress(OSError):  # it has died meanwhile, which is heard of when it is listened to
            self.connection.send(chunk)

    def stop(self) -> None:
        """End it, and with it the policy that it runs and whatever that has started."""
        self.connection.close()  # a worker that waits for a chunk ends of its own accord
        self.process.join(PATIENCE_S if self.chunk is None else 0.0)
        self.process.terminate()  # one that drives is interrupted, and ends its policy all the same
        self.process.join(PATIENCE_S)
        self.process.kill()
        self.process.join()


class _Pool:
    """Workers, and the chunks that none of them has yet."""

    def __init__(self, job: ChunkJob, workers: int, progress: Callable[[int, int], None]) -> None:
        self.workers = workers
        self._job, self._progress = job, progress
        self._todo: deque[int] = deque()
        self._hired: list[_Worker] = []
        self._processors = deque(processors(workers))

    def submit(self, chunk: int) -> None:
        """Note a chunk."""
        self._todo.append(chunk)

    def wait(self) -> Sequence[Outcome]:
        """Keep all workers busy, and listen until one of them has finished."""
        outcomes: list[Outcome] = []
        while not outcomes:
            self._give()
            busy = {worker.connection: worker for worker in self._hired if worker.chunk is not None}
            for ready in multiprocessing.connection.wait(list(busy)):
                outcome = self._hear(busy[ready])  # type: ignore[index]
                if outcome is not None:
                    outcomes.append(outcome)
        return outcomes

    def stop(self) -> None:
        """End all workers."""
        for worker in self._hired:
            worker.stop()

    def _give(self) -> None:
        idle = deque(worker for worker in self._hired if worker.chunk is None)
        while self._todo and (idle or len(self._hired) < self.workers):
            if not idle:
                idle.append(_Worker(self._job, self._processors.popleft()))
                self._hired.append(idle[-1])
            idle.popleft().begin(self._todo.popleft())

    def _hear(self, worker: _Worker) -> Outcome | None:
        """Take one message from a busy worker; an outcome if that is what it is."""
        chunk = worker.chunk
        assert chunk is not None
        try:
            message: Outcome | int = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            worker.stop()
            self._hired.remove(worker)
            self._processors.append(worker.processor)
            return Outcome(chunk=chunk, problem=f"its worker ended with code {worker.process.exitcode}")
        if isinstance(message, int):
            self._progress(chunk, message)
            return None
        worker.chunk = None
        return message


def processors(workers: int) -> list[int | None]:
    """For each worker the processor that it stays on, if all of them are taken; else the system chooses.

    A worker and its policy take turns. One that wakes up on another processor than the other has just used
    finds nothing in its caches, and disturbs whoever is at work there.

    Args:
        workers: How many.
    """
    if not hasattr(os, "sched_getaffinity"):
        return [None] * workers
    ours = sorted(os.sched_getaffinity(0))
    return [ours[k % len(ours)] for k in range(workers)] if workers >= len(ours) else [None] * workers


def _exit(number: int, _: object) -> None:
    """End by an exception, so that the policy's processes are ended on the way."""
    sys.exit(128 + number)


def _serve(connection: Any, job: ChunkJob, processor: int | None) -> None:
    """A worker's life: take numbers, send how many episodes have finished, and what came of each chunk."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the evaluator ends its workers
    signal.signal(signal.SIGTERM, _exit)
    numba.set_num_threads(1)
    if processor is not None:
        os.sched_setaffinity(0, {processor})  # also of the policy's process, which inherits it
    with suppress(EOFError, BrokenPipeError), Shift(job) as shift:
        while True:
            chunk: int = connection.recv()
            connection.send(shift.drive(chunk, connection.send))
