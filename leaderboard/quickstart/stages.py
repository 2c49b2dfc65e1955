"""Running the commands one after the other, and not running again what an earlier start has finished."""

import contextlib
import io
import shlex
import time
from collections.abc import Iterable
from pathlib import Path

import typer

from drivebench.cli import app
from drivebench.progress import duration, say
from leaderboard.jobs.ledger import Ledger
from leaderboard.jobs.step import Step
from leaderboard.page.content import Stage

__all__ = ["Stages"]


class Stages:
    """The commands of one quickstart directory, with the time that each has taken.

    Attributes:
        finished: In the order in which they were asked for, whenever they were run.
    """

    def __init__(self, out: Path, budget: str) -> None:
        """Open a directory, new or of an earlier start.

        Args:
            out: The directory.
            budget: Name of the budget.

        Raises:
            ConfigurationError: The directory holds something else, or a quickstart with other settings.
        """
        self._ledger = Ledger(out, "quickstart", {"budget": budget})
        self.finished: list[Stage] = []
        if self._ledger.continued:
            say(f"going on with the quickstart in {out}: what is finished is not done again")

    def run(self, steps: Iterable[Step]) -> None:
        """Run commands, skipping what is finished.

        Raises:
            typer.Exit: A command has failed, with its exit code.
        """
        for step in steps:
            if self._ledger.is_finished(step):
                before = self._ledger.seconds(step)
                took = "" if before is None else f", took {duration(before)}"
                say(f"✓ {step.command}  (finished before{took})")
            else:
                self._run(step)
            self.finished.append(Stage(command=step.command, seconds=self._ledger.seconds(step) or 0.0))

    def _run(self, step: Step) -> None:
        say(f"$ {step.command}")
        started = time.monotonic()
        step.product.parent.mkdir(parents=True, exist_ok=True)
        arguments = list(step.to_run)
        with contextlib.redirect_stdout(io.StringIO()):
            code = app(arguments, standalone_mode=False)
        if code:
            say(f"stopped at: drivebench {shlex.join(arguments)}")
            say("the same quickstart command goes on from here")
            raise typer.Exit(int(code))
        self._ledger.note(step, time.monotonic() - started)
