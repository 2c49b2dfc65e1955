"""Driving the chunks of a run on a SLURM cluster, through submitit (MIT).

Each worker is a SLURM job with its share of the chunks. All machines share a file system with the run
directory, the submission and drivebench's installation. A job leaves what came of each chunk in a folder
beside the run's unfinished parts, from where the evaluator takes it; a job that ends early, preempted or out
of time, loses the chunk that it was driving, and another job gets those that it has not begun.
"""

import pickle
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba

from drivebench.errors import ConfigurationError
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.engines.engine import Crew, Order, Outcome, Shift, read_options
from drivebench.evaluation.run_directory import write_atomically
from drivebench.progress import say

__all__ = ["slurm"]

OPTIONS = ("cluster", "partition", "account", "qos", "minutes", "memory_gb", "gpus")
WORKERS = 16
"""Jobs at a time, unless it is said how many."""
POLL_S = 0.5
PATIENCE_S = 20.0
"""How long jobs may take to end."""
TAIL_CHARACTERS = 2000


@contextmanager
def slurm(order: Order) -> Iterator[Crew]:
    """SLURM jobs, 16 at a time unless it is said how many.

    Options: ``partition``, ``account``, ``qos``, ``minutes`` and ``memory_gb`` of each job, ``gpus`` of each
    job; ``cluster=local`` has the jobs run on this machine instead, to try it out.

    Args:
        order: What is to be driven.

    Raises:
        ConfigurationError: submitit is not installed, or there is no SLURM here.
    """
    options = read_options("slurm", order.options, OPTIONS)
    try:
        import submitit
    except ImportError as error:
        raise ConfigurationError(
            "the engine 'slurm' needs submitit, which is not installed: pip install 'drivebench[slurm]'"
        ) from error
    order.scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=order.scratch))
    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=options.get("cluster", "slurm"))
        executor.update_parameters(**_parameters(options))
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise ConfigurationError(
            f"SLURM cannot be used as asked, with {options or 'no options'}: {error}. Start the evaluation "
            "where `sbatch` is, or try it on this machine with --engine-option cluster=local."
        ) from error
    crew = _Jobs(order.job, min(order.workers or WORKERS, order.chunks), executor, folder)
    say(f"up to {crew.workers} jobs; what they print is in {folder}")
    try:
        yield crew
    finally:
        crew.stop()


def _parameters(options: Mapping[str, str]) -> dict[str, Any]:
    """What submitit calls the options."""
    names = {"partition": "slurm_partition", "account": "slurm_account", "qos": "slurm_qos"}
    numbers = {"minutes": "timeout_min", "memory_gb": "mem_gb", "gpus": "gpus_per_node"}
    parameters: dict[str, Any] = {"name": "drivebench", "cpus_per_task": 1, "timeout_min": 60}
    for name, value in options.items():
        if name in names:
            parameters[names[name]] = value
        elif name in numbers:
            if not value.isdecimal() or int(value) < 1:
                raise ConfigurationError(f"the option {name} is {value!r}; expected a whole number from 1")
            parameters[numbers[name]] = int(value)
    return parameters


@dataclass
class _Job:
    """A job and the chunks that nothing has come of yet."""

    handle: Any
    chunks: set[int] = field(default_factory=set)


class _Jobs:
    """Jobs that were submitted, and the chunks that none of them has."""

    def __init__(self, job: ChunkJob, workers: int, executor: Any, folder: Path) -> None:
        self.workers = workers
        self._job, self._executor, self._folder = job, executor, folder
        self._todo: list[int] = []
        self._running: list[_Job] = []
        self._number = 0

    def submit(self, chunk: int) -> None:
        """Note a chunk."""
        self._todo.append(chunk)

    def wait(self) -> Sequence[Outcome]:
        """Look after the jobs until something has come of a chunk."""
        while True:
            self._start()
            outcomes = self._collect()
            if outcomes:
                return outcomes
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Cancel the jobs that still have something to drive, and wait until none writes into the folder."""
        for job in self._running:
            if job.chunks:
                with suppress(OSError):
                    job.handle.cancel()
        patience = time.monotonic() + PATIENCE_S
        while not all(job.handle.done() for job in self._running) and time.monotonic() < patience:
            time.sleep(POLL_S)

    def _start(self) -> None:
        """Divide the waiting chunks among as many new jobs as there may be."""
        room = min(self.workers - len(self._running), len(self._todo))
        for number in range(room):
            chunks = self._todo[number::room]
            self._number += 1
            box = self._folder / f"box-{self._number:04d}"
            box.mkdir()
            handle = self._executor.submit(_work, self._job, chunks, box)
            self._running.append(_Job(handle=handle, chunks=set(chunks)))
        if room > 0:
            self._todo.clear()

    def _collect(self) -> list[Outcome]:
        ended = [job for job in self._running if job.handle.done()]  # before looking for what they left
        outcomes = []
        for file in sorted(self._folder.glob("box-*/*.outcome")):
            outcome: Outcome = pickle.loads(file.read_bytes())
            file.unlink()
            for job in self._running:
                job.chunks.discard(outcome.chunk)
            outcomes.append(outcome)
        for job in ended:
            self._running.remove(job)
            outcomes += [
                Outcome(chunk=chunk, problem=f"its job {job.handle.job_id} ended: {_last_words(job.handle)}")
                for chunk in sorted(job.chunks)
            ]
        return outcomes


def _last_words(handle: Any) -> str:
    return (handle.stderr() or "it printed nothing").strip()[-TAIL_CHARACTERS:]


def _work(job: ChunkJob, chunks: Sequence[int], box: Path) -> None:
    """What a job does, on whichever machine: leave what came of each chunk in its box."""
    numba.set_num_threads(1)
    with Shift(job, elsewhere=True) as shift:
        for chunk in chunks:
            outcome = shift.drive(chunk, _ignore)
            write_atomically(box / f"{chunk:04d}.outcome", pickle.dumps(outcome))


def _ignore(episodes: int) -> None:
    """A job tells of whole chunks only."""
