"""Running the commands of many jobs, several at a time, with a line of state for each job.

A job is a chain of steps. Jobs may share steps (the demonstrations that two baselines learn from): such a
step runs once, and whoever needs it waits. What has failed stops the jobs that need it, and no other. What an
earlier start has finished is not done again.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from drivebench.progress import duration, open_lines, say
from leaderboard.jobs.forecast import Forecast
from leaderboard.jobs.ledger import Ledger
from leaderboard.jobs.running import Running
from leaderboard.jobs.step import Step

__all__ = ["Crew", "Job", "hands_here"]

POLL_S = 0.2
MOST_AT_A_TIME = 4
"""Commands, when nobody says how many: a training takes a gigabyte or two of memory."""
Show = Callable[[Sequence[tuple[str, str]], str], None]

DOING = {"collect": "collecting", "train": "training", "evaluate": "driving", "diagnose": "diagnosing"}


def hands_here() -> int:
    """How many commands to run at a time on this machine when nobody says: one a processor, at most four."""
    return min(MOST_AT_A_TIME, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A chain of commands with a name.

    Attributes:
        name: For people; also that of its logs.
        steps: One after the other.
    """

    name: str
    steps: tuple[Step, ...]


class Crew:
    """Works on jobs, the first ones first."""

    def __init__(self, ledger: Ledger, jobs: Sequence[Job], workers: int) -> None:
        """Look at what there is to do.

        Args:
            ledger: Of the working directory.
            jobs: In the order of importance.
            workers: How many commands run at a time.
        """
        self._ledger = ledger
        self._jobs = jobs
        self._workers = workers
        self._running: dict[Path, Running] = {}
        self._done = {s.product for job in jobs for s in job.steps if ledger.is_finished(s)}
        self._broken: dict[Path, str] = {}
        self._told: set[str] = set()
        self._forecast = Forecast(ledger, [step for job in jobs for step in job.steps])

    @property
    def failed(self) -> dict[str, str]:
        """By name of the job, why it failed."""
        nexts = {job.name: self._next(job) for job in self._jobs}
        return {
            name: self._broken[step.product]
            for name, step in nexts.items()
            if step is not None and step.product in self._broken
        }

    def work(self) -> None:
        """Run everything that can be run.

        Raises:
            KeyboardInterrupt: Interrupted; the commands that were running have ended, and the same call goes
                on from there.
        """
        with self._ledger.alone() as lock, _ends_by_interrupt(), open_lines() as show:
            try:
                self._until_nothing_is_left(lock, show)
            except KeyboardInterrupt:
                for running in self._running.values():
                    running.interrupt()
                for running in self._running.values():
                    running.wait()
                say(f"interrupted after {self._ended} of {len(self._jobs)} runs; the same command goes on")
                raise

    def _until_nothing_is_left(self, lock: int, show: Show) -> None:
        started = time.monotonic()
        while True:
            for job, step in self._ready():
                if len(self._running) >= self._workers:
                    break
                log = self._ledger.out / "logs" / f"{job.name.replace(' ', '-')}-{step.verb}.txt"
                self._running[step.product] = Running(step, log, lock)
            show(list(self._lines()), self._summary(started))
            if not self._running:
                return
            time.sleep(POLL_S)
            for product, running in list(self._running.items()):
                if running.ended():
                    del self._running[product]
                    self._end(running)

    def _ready(self) -> Iterator[tuple[Job, Step]]:
        """Steps that may be started now, the most important first."""
        seen: set[Path] = set()
        for job in self._jobs:
            step = self._next(job)
            if step is not None and step.product not in {*seen, *self._running, *self._broken}:
                seen.add(step.product)
                yield job, step

    def _next(self, job: Job) -> Step | None:
        return next((step for step in job.steps if step.product not in self._done), None)

    def _end(self, running: Running) -> None:
        failure = running.failure()
        if failure:
            self._broken[running.step.product] = failure
            return
        self._ledger.note(running.step, running.seconds)
        self._done.add(running.step.product)

    # ------------------------------------------------------------------------------------ what people see
    @property
    def _ended(self) -> int:
        return sum(map(self._has_ended, self._jobs))

    def _has_ended(self, job: Job) -> bool:
        step = self._next(job)
        return step is None or step.product in self._broken

    def _lines(self) -> Iterator[tuple[str, str]]:
        """State of each job that goes on; of one that has come to its end it is said once and for all."""
        width = max(len(job.name) for job in self._jobs)
        for job in self._jobs:
            if job.name in self._told:
                continue
            state, detail = self._state(job)
            line = f"{job.name:<{width}}  {state}"
            if self._has_ended(job):
                self._told.add(job.name)
                say(line)
            else:
                yield line, detail

    def _state(self, job: Job) -> tuple[str, str]:
        step = self._next(job)
        if step is None:
            spent = [self._ledger.seconds(each) for each in job.steps]
            known = sum(seconds for seconds in spent if seconds is not None)
            return "done before" if None in spent else f"done in {duration(known)}", ""
        if step.product in self._broken:
            return f"failed: {self._broken[step.product]}", ""
        running = self._running.get(step.product)
        if running is None:
            return "waiting", ""
        return DOING.get(step.verb, step.verb), running.how_far or duration(running.seconds)

    def _summary(self, started_s: float) -> str:
        left = self._forecast.left(
            self._running.values(), skip={*self._done, *self._broken}, workers=self._workers
        )
        return (
            f"{self._ended} of {len(self._jobs)} runs ended, {len(self._running)} commands at work, "
            f"{duration(time.monotonic() - started_s)} gone, {left}"
        )


@contextmanager
def _ends_by_interrupt() -> Iterator[None]:
    """Inside, a request to end (SIGTERM, as a batch system sends it) is met like Ctrl-C."""
    before = None
    with suppress(ValueError):  # not in the main thread: whoever has started it decides
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
