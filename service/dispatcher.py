"""Starting a job for each submission whose turn it is, and ending those that nobody wants any more.

What is to be done stands in the database alone: a dispatcher that was killed has forgotten nothing. A job
that ends without a verdict is started again and goes on; after the third time, the service says that it
failed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field

from drivebench.progress import duration, say
from service.codes import Code
from service.settings import Settings
from service.store import ACTIVE, CANCELLABLE, State, Store, Submission

__all__ = ["Dispatcher"]

INTERVAL_S = 0.2
PATIENCE_S = 10.0
"""How long a job may take to end its policy."""
ACCOUNTED_S = 2.0
MOST_DEATHS = 3


@dataclass(kw_only=True)
class _Running:
    """A job that was started."""

    process: subprocess.Popen[str]
    accounted: float = field(default_factory=time.monotonic)


class Dispatcher:
    """A thread that watches the queue."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._jobs: dict[str, _Running] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="dispatcher")

    def __enter__(self) -> "Dispatcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all jobs; they go on when the service is there again."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._stopping.wait(INTERVAL_S):
                self._look()
        except Exception:  # nobody would be evaluated any more: better no service, which is noticed
            traceback.print_exc()
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            for job in self._jobs.values():
                _end(job.process)

    def _look(self) -> None:
        active = self._store.active()
        for name, job in list(self._jobs.items()):
            if job.process.poll() is not None:
                self._ended(name, self._jobs.pop(name).process.returncode)
        for row in active:
            if row.id in self._jobs:
                self._account(row)
            elif row.cancelled and row.state in CANCELLABLE:
                self._store.move(row.id, State.CANCELLED, CANCELLABLE)
            elif len(self._jobs) < self._settings.at_once:
                self._start(row)

    def _start(self, row: Submission) -> None:
        current = self._store.get(row.id)  # it may have had its verdict since
        if current is None or not current.active:
            return
        with (self._settings.places.logs / f"{row.id}.txt").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "service.job", row.id],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # killed already: it is noticed as any other job that ends
            process.stdin.write(f"{self._settings.encode()}\n")
            process.stdin.flush()
        self._jobs[row.id] = _Running(process=process)

    def _account(self, row: Submission) -> None:
        """Note how long a job has run, and end it when it is cancelled or has run for too long."""
        job = self._jobs[row.id]
        now = time.monotonic()
        if row.cancelled:
            _end(job.process)
        elif row.spent_s > 3600.0 * self._settings.hours and row.state in CANCELLABLE:
            _end(job.process)
            self._store.move(
                row.id,
                State.REFUSED,
                CANCELLABLE,
                code=Code.TIME.value,
                problem=f"no verdict after {duration(row.spent_s)}",
            )
        elif now - job.accounted >= ACCOUNTED_S:
            self._store.note_time(row.id, now - job.accounted)
            job.accounted = now

    def _ended(self, name: str, code: int) -> None:
        row = self._store.get(name)
        if row is None or not row.active or row.cancelled:
            return
        deaths = self._store.note_death(name)
        say(f"the job of {name} ended with code {code}: see {self._settings.places.logs / name}.txt")
        self._store.say(name, "its job ended without a verdict")
        if deaths >= MOST_DEATHS:
            self._store.move(
                name,
                State.FAILED,
                ACTIVE,
                code=Code.FAILED.value,
                problem=f"its job ended {deaths} times without a verdict",
            )


def _end(process: subprocess.Popen[str]) -> None:
    """End a job and what it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
