"""One command in a process of its own: its log, how far it says that it has come, and its end."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from leaderboard.jobs.step import Step

__all__ = ["Running"]

_MAIN = "from drivebench.cli import main; main()"
_HOW_FAR = re.compile(r": (\d+) of (\d+) (\w+)")
"""The plain lines of :mod:`drivebench.progress`."""

_TAIL_BYTES = 4096
_GRACE_S = 15.0
"""To end after an interrupt: a run writes down which chunks it has finished."""


class Running:
    """A command that is running.

    Attributes:
        step: Which.
        log: File that it writes to, standard output included.
        started_s: When it was started, by the monotonic clock.
    """

    def __init__(self, step: Step, log: Path, lock: int) -> None:
        """Start the command.

        Args:
            step: Which.
            log: Is added to.
            lock: A file descriptor that the process inherits.
        """
        self.step = step
        self.log = log
        self.started_s = time.monotonic()
        for folder in (log.parent, step.product.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {step.command}\n")
            file.flush()
            self._log_start = file.tell()
            self._printed: IO[bytes] | None = self._unfinished.open("wb") if step.prints else None
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, *step.to_run],
                stdin=subprocess.DEVNULL,
                stdout=self._printed or file,
                stderr=file,
                pass_fds=(lock,),
                process_group=0,  # Ctrl-C comes to this process alone, which hands it on once
            )

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started_s

    @property
    def share(self) -> float | None:
        """How much of the work is done, as the command itself says; None before it has said anything."""
        found = self._how_far()
        return None if found is None else int(found[1]) / max(1, int(found[2]))

    @property
    def how_far(self) -> str:
        """The same in words, such as ``340 of 1316 episodes``; empty before it has said anything."""
        found = self._how_far()
        return "" if found is None else f"{found[1]} of {found[2]} {found[3]}"

    def ended(self) -> bool:
        """Whether the command has come to its end; what it printed is then at its place."""
        if self._process.poll() is None:
            return False
        if self._printed is not None:
            self._printed.close()
            if self._process.returncode == 0:
                self._unfinished.replace(self.step.product)
        return True

    def failure(self) -> str:
        """Why the ended command did not leave what it should; empty when it did.

        An exit code that is not 0 is no failure when the product is there: ``evaluate`` says by it that the
        policy failed in some episode, which is a result.
        """
        code = self._process.returncode
        if code == 0 and self.step.finished:
            return ""
        if self.step.finished and self.step.proof and code == 1:
            return ""
        if code == 0:
            return f"`{self.step.verb}` left no {self.step.product}"
        how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
        said = self._reason()
        return f"`{self.step.verb}` {how}{': ' if said else ''}{said} (all of it: {self.log})"

    def interrupt(self) -> None:
        """Ask the command to end; :meth:`wait` waits for it."""
        self._signal(signal.SIGINT)

    def wait(self) -> None:
        """Wait for the end after an interrupt, and enforce it when it does not come."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        self._signal(signal.SIGKILL)  # of whatever is left of the group
        self._process.wait()

    @property
    def _unfinished(self) -> Path:
        return self.step.product.with_name(f".{self.step.product.name}.partial")

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _tail(self) -> str:
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")

    def _how_far(self) -> re.Match[str] | None:
        found = list(_HOW_FAR.finditer(self._tail()))
        return found[-1] if found else None

    def _reason(self) -> str:
        """The line that begins with ``error:``, else the last line."""
        lines = [line.strip() for line in self._tail().splitlines() if line.strip()]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return (errors or lines or [""])[-1]
