"""Driving the chunks of a run in several processes of this machine.

Workers get numbers of chunks and write their results themselves, so that only small messages travel. A worker
that dies, or raises something unforeseen, is a fault of the harness: its chunk is driven again by a new
worker, and nothing is scored. What a user can mend is raised at once.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numba

from drivebench.errors import ConfigurationError, DrivebenchError, UnknownNameError
from drivebench.evaluation.chunk import ChunkJob

__all__ = ["ATTEMPTS", "HarnessError", "run_chunks"]

ATTEMPTS = 3
"""How often a chunk is begun before the harness gives up."""
PATIENCE_S = 5.0
"""How long a worker may take to end its policy."""


class HarnessError(DrivebenchError):
    """The harness itself failed, repeatedly; nothing was scored."""


def run_chunks(
    job: ChunkJob,
    chunks: Iterable[int],
    workers: int,
    progress: Callable[[int], None],
    done: Callable[[int], None],
) -> None:
    """Drive chunks and write them.

    Args:
        job: What is driven.
        chunks: Which of it.
        workers: Processes; with one, everything happens in this process.
        progress: Called with the number of episodes that have just finished.
        done: Called with each chunk that has been written.

    Raises:
        HarnessError: A chunk failed again and again for a reason that is not the policy's.
        DrivebenchError: Something that a user can mend, such as a scenario that is not the suite's.
    """
    todo = list(chunks)
    if workers <= 1 or len(todo) <= 1:
        _run_here(job, todo, progress, done)
    else:
        _Pool(job, todo, min(workers, len(todo)), progress, done).run()


def _run_here(
    job: ChunkJob, todo: list[int], progress: Callable[[int], None], done: Callable[[int], None]
) -> None:
    failed: Counter[int] = Counter()
    while todo:
        chunk, counted = todo[0], 0

        def count(episodes: int) -> None:
            nonlocal counted
            counted += episodes
            progress(episodes)

        try:
            with job.runner() as run:
                while todo:
                    chunk, counted = todo[0], 0
                    run(chunk, count)
                    done(todo.pop(0))
        except DrivebenchError:
            raise
        except Exception as error:
            progress(-counted)
            failed[chunk] += 1
            if failed[chunk] >= ATTEMPTS:
                raise _exhausted(chunk, f"{type(error).__name__}: {error}") from error


def _same_error(kind: type[DrivebenchError], message: str) -> DrivebenchError:
    """An error of a worker, raised again here."""
    if issubclass(kind, UnknownNameError):  # it makes its message itself
        return ConfigurationError(message)
    return kind(message)


def _exhausted(chunk: int, problem: str) -> HarnessError:
    return HarnessError(
        f"chunk {chunk} failed {ATTEMPTS} times for a reason that is not the policy's; nothing was scored. "
        f"The last time: {problem}"
    )


class _Worker:
    """A process that drives one chunk at a time."""

    def __init__(self, job: ChunkJob) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()
        self.chunk = -1
        self.counted = 0

    def begin(self, chunk: int) -> None:
        """Send it a chunk."""
        self.chunk, self.counted = chunk, 0
        self.connection.send(chunk)

    def stop(self) -> None:
        """End it, and with it the policy that it runs and whatever that has started."""
        self.connection.close()  # a worker that waits for a chunk ends of its own accord
        self.process.join(PATIENCE_S if self.chunk < 0 else 0.0)
        self.process.terminate()  # one that drives is interrupted, and ends its policy all the same
        self.process.join(PATIENCE_S)
        self.process.kill()
        self.process.join()


class _Pool:
    """Workers, the chunks that they drive, and what is left."""

    def __init__(
        self,
        job: ChunkJob,
        chunks: list[int],
        workers: int,
        progress: Callable[[int], None],
        done: Callable[[int], None],
    ) -> None:
        self._job, self._todo, self._count = job, list(reversed(chunks)), workers
        self._progress, self._done = progress, done
        self._begun: dict[int, int] = {}
        self._workers: list[_Worker] = []

    def run(self) -> None:
        """Until every chunk is written."""
        try:
            for _ in range(self._count):
                self._give(self._hire())
            while any(worker.chunk >= 0 for worker in self._workers):
                busy = {worker.connection: worker for worker in self._workers if worker.chunk >= 0}
                for ready in multiprocessing.connection.wait(list(busy)):
                    self._hear(busy[ready])  # type: ignore[index]
        finally:
            for worker in self._workers:
                worker.stop()

    def _hire(self) -> _Worker:
        worker = _Worker(self._job)
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker) -> None:
        if self._todo:
            chunk = self._todo.pop()
            self._begun[chunk] = self._begun.get(chunk, 0) + 1
            worker.begin(chunk)
        else:
            worker.chunk = -1

    def _hear(self, worker: _Worker) -> None:
        """Take one message from a worker."""
        try:
            what, content = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            self._replace(worker, f"its worker ended with code {worker.process.exitcode}")
            return
        if what == "progress":
            worker.counted += content
            self._progress(content)
        elif what == "done":
            self._done(worker.chunk)
            self._give(worker)
        elif what == "raise":
            raise _same_error(*content)
        else:
            self._replace(worker, content)

    def _replace(self, worker: _Worker, problem: str) -> None:
        """Let another worker begin the chunk again."""
        chunk = worker.chunk
        self._progress(-worker.counted)
        worker.stop()
        self._workers.remove(worker)
        if self._begun[chunk] >= ATTEMPTS:
            raise _exhausted(chunk, problem)
        self._todo.append(chunk)
        self._give(self._hire())


def _exit(number: int, _: object) -> None:
    """End by an exception, so that the policy's processes are ended on the way."""
    sys.exit(128 + number)


def _serve(connection: Any, job: ChunkJob) -> None:
    """A worker's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    signal.signal(signal.SIGTERM, _exit)
    numba.set_num_threads(1)
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            with job.runner() as run:
                while True:
                    chunk = connection.recv()
                    run(chunk, lambda count: connection.send(("progress", count)))
                    connection.send(("done", chunk))
        except EOFError:
            raise
        except DrivebenchError as error:
            connection.send(("raise", (type(error), str(error))))
        except Exception:
            connection.send(("fault", traceback.format_exc()))
