"""Running the commands one after the other, and not running again what an earlier start has finished."""

import contextlib
import io
import json
import shlex
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import typer

from drivebench.cli import app
from drivebench.errors import ConfigurationError
from drivebench.progress import duration, say
from leaderboard.page.content import Stage
from leaderboard.quickstart.plan import Step

__all__ = ["Stages"]

STATE = "quickstart.json"


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
        self._file = out / STATE
        self._settings = {"budget": budget, "drivebench": version("drivebench")}
        self._seconds: dict[str, float] = {}
        self.finished: list[Stage] = []
        if self._file.exists():
            state = json.loads(self._file.read_text(encoding="utf-8"))
            if state["settings"] != self._settings:
                raise ConfigurationError(
                    f"{out} holds a quickstart with {state['settings']}; asked for {self._settings}. Give "
                    "another --out, or remove it."
                )
            self._seconds = state["seconds"]
            say(f"going on with the quickstart in {out}: what is finished is not done again")
        elif out.exists() and any(out.iterdir()):
            raise ConfigurationError(
                f"{out} is not empty and not a quickstart. Give another --out, or remove it."
            )
        out.mkdir(parents=True, exist_ok=True)
        self._write()

    def run(self, steps: Iterable[Step]) -> None:
        """Run commands, skipping what is finished.

        Raises:
            typer.Exit: A command has failed, with its exit code.
        """
        for step in steps:
            if self._is_finished(step):
                before = self._seconds.get(step.command)
                took = "" if before is None else f", took {duration(before)}"
                say(f"✓ {step.command}  (finished before{took})")
            else:
                self._run(step)
            self.finished.append(Stage(command=step.command, seconds=self._seconds.get(step.command, 0.0)))

    def _is_finished(self, step: Step) -> bool:
        """Directories appear whole; a file may be half written, unless its command was noted afterwards."""
        return step.finished and (step.product.is_dir() or step.command in self._seconds)

    def _run(self, step: Step) -> None:
        say(f"$ {step.command}")
        started = time.monotonic()
        step.product.parent.mkdir(parents=True, exist_ok=True)
        arguments = [*step.arguments, *(step.resume if step.started else ())]
        with contextlib.redirect_stdout(io.StringIO()):
            code = app(arguments, standalone_mode=False)
        if code:
            say(f"stopped at: drivebench {shlex.join(arguments)}")
            say("the same quickstart command goes on from here")
            raise typer.Exit(int(code))
        spent = self._seconds.get(step.command, 0.0) + time.monotonic() - started
        self._seconds[step.command] = round(spent, 2)
        self._write()

    def _write(self) -> None:
        state = {"settings": self._settings, "seconds": self._seconds}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        new.replace(self._file)
