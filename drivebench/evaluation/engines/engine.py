"""What an engine is, and what all engines have in common.

An engine provides a :class:`Crew`: workers that take numbers of chunks and give back what is to be kept of
them. The evaluator alone writes the run directory, so that a worker that was forgotten on another machine can
spoil nothing. A worker that dies, or raises something unforeseen, is a fault of the harness: its chunk is
driven again, and nothing is scored. What a user can mend is raised at once.

Another engine is one more file with a function that takes an :class:`Order`, and one line in a
``pyproject.toml``, under ``[project.entry-points."drivebench.engines"]``.
"""

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from drivebench.errors import ConfigurationError, DrivebenchError, UnknownNameError
from drivebench.evaluation.chunk import ChunkJob, RunChunk
from drivebench.evaluation.run_files import ChunkFiles

__all__ = [
    "ATTEMPTS",
    "Crew",
    "Engine",
    "HarnessError",
    "Order",
    "Outcome",
    "Shift",
    "Supervisor",
    "load_engine",
    "read_options",
]

ATTEMPTS = 3
"""How often a chunk is begun before the harness gives up."""


class HarnessError(DrivebenchError):
    """The harness itself failed, repeatedly; nothing was scored."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a chunk; exactly one of the last three says it.

    Attributes:
        chunk: Which.
        files: What is to be kept of it.
        problem: Why it must be driven again.
        error: What the user can mend, as a kind of error and its message: not every error can be pickled.
    """

    chunk: int
    files: ChunkFiles | None = None
    problem: str = ""
    error: tuple[type[DrivebenchError], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked of an engine.

    Attributes:
        job: What is driven.
        chunks: How many chunks there are to drive; more workers are of no use.
        workers: How many work at a time; None for as many as the engine finds right.
        options: Of the engine, as given on the command line.
        scratch: A folder that need not be there yet, on the file system of the run directory.
        progress: Called with a chunk and the number of its episodes that have just finished; an engine that
            knows of whole chunks only never calls it.
    """

    job: ChunkJob
    chunks: int
    workers: int | None
    options: Mapping[str, str]
    scratch: Path
    progress: Callable[[int, int], None]


class Crew(Protocol):
    """Workers.

    Attributes:
        workers: How many work at a time.
    """

    workers: int

    def submit(self, chunk: int) -> None:
        """Have a chunk driven; returns at once."""

    def wait(self) -> Sequence[Outcome]:
        """Wait until something has come of at least one of the submitted chunks."""


Engine = Callable[[Order], AbstractContextManager[Crew]]
"""What is registered. When the context ends, so does every worker, whatever it is doing."""


class Shift:
    """The work of one worker, in whatever process: a pilot that drives one chunk after the other."""

    def __init__(self, job: ChunkJob, *, elsewhere: bool = False) -> None:
        """Nobody drives yet.

        Args:
            job: What is to be driven.
            elsewhere: This may be another machine than the one that asks, and is to be checked.
        """
        self._job = job
        self._elsewhere = elsewhere
        self._pilot = ExitStack()
        self._run: RunChunk | None = None

    def __enter__(self) -> "Shift":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def drive(self, chunk: int, progress: Callable[[int], None]) -> Outcome:
        """Drive a chunk; the pilot is made when there is none.

        Args:
            chunk: Which.
            progress: Called with the number of its episodes that have just finished.
        """
        try:
            if self._run is None:
                if self._elsewhere:
                    self._job.check_machine()
                self._run = self._pilot.enter_context(self._job.runner())
            return Outcome(chunk=chunk, files=self._run(chunk, progress))
        except DrivebenchError as error:
            self.end()
            return Outcome(chunk=chunk, error=(type(error), str(error)))
        except Exception:
            self.end()
            return Outcome(chunk=chunk, problem=traceback.format_exc())

    def end(self) -> None:
        """End the pilot and the policy's process; the next chunk gets others."""
        self._run = None
        self._pilot.close()


class Supervisor:
    """Sees that every chunk is driven, whatever happens to workers."""

    def __init__(
        self,
        job: ChunkJob,
        chunks: Sequence[int],
        progress: Callable[[int], None],
        done: Callable[[int, ChunkFiles], None],
    ) -> None:
        """Begin with nothing driven.

        Args:
            job: What is driven.
            chunks: Which of it.
            progress: Called with the number of episodes that have just finished.
            done: Called with each chunk that was driven, and what is to be kept of it.
        """
        self._job, self._chunks = job, tuple(chunks)
        self._progress, self._done = progress, done
        self._begun: Counter[int] = Counter()
        self._counted: Counter[int] = Counter()

    def count(self, chunk: int, episodes: int) -> None:
        """Episodes of a chunk have finished; to be given to the engine as ``Order.progress``."""
        self._counted[chunk] += episodes
        self._progress(episodes)

    def run(self, crew: Crew) -> None:
        """Until every chunk is driven.

        Args:
            crew: Who drives them.

        Raises:
            HarnessError: A chunk failed again and again for a reason that is not the policy's.
            DrivebenchError: Something that a user can mend, such as a scenario that is not the suite's.
        """
        for chunk in self._chunks:
            self._begin(crew, chunk)
        left = set(self._chunks)
        while left:
            for outcome in crew.wait():
                if outcome.error is not None:
                    raise _same_error(*outcome.error)
                if outcome.files is None:
                    self._again(crew, outcome)
                else:
                    of_all = len(self._job.entries_of(outcome.chunk))
                    self._progress(of_all - self._counted[outcome.chunk])
                    self._done(outcome.chunk, outcome.files)
                    left.discard(outcome.chunk)

    def _begin(self, crew: Crew, chunk: int) -> None:
        self._begun[chunk] += 1
        crew.submit(chunk)

    def _again(self, crew: Crew, lost: Outcome) -> None:
        self._progress(-self._counted.pop(lost.chunk, 0))
        if self._begun[lost.chunk] >= ATTEMPTS:
            raise HarnessError(
                f"chunk {lost.chunk} failed {ATTEMPTS} times for a reason that is not the policy's; nothing "
                f"of it was scored. The last time: {lost.problem}"
            )
        self._begin(crew, lost.chunk)


def _same_error(kind: type[DrivebenchError], message: str) -> DrivebenchError:
    """An error of a worker, to be raised again here."""
    if issubclass(kind, UnknownNameError):  # it makes its message itself
        return ConfigurationError(message)
    return kind(message)


def load_engine(name: str) -> Engine:
    """The registered engine of a name.

    It is not looked up in the registry, because compiled worlds import that, and the digest of published
    records covers what they import: the world would count as another one.

    Args:
        name: As on the command line.

    Raises:
        UnknownNameError: No such engine; the message suggests the nearest.
    """
    found = {entry.name: entry for entry in entry_points(group="drivebench.engines")}
    if name not in found:
        raise UnknownNameError("engine", name, found)
    engine: Engine = found[name].load()
    return engine


def read_options(engine: str, given: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """The options of an engine, if it knows them.

    Args:
        engine: Its name.
        given: As on the command line.
        known: Their names.

    Raises:
        UnknownNameError: It does not; suggests the nearest.
    """
    names = list(known)
    for name in given:
        if name not in names:
            raise UnknownNameError(f"option of the engine {engine!r}", name, names)
    return dict(given)
