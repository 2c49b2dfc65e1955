"""What a working directory remembers between two starts: the settings, and how long each command took."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from drivebench.errors import ConfigurationError
from leaderboard.jobs.step import Step

__all__ = ["Ledger"]


class Ledger:
    """The notes of one working directory.

    Attributes:
        out: The directory.
        continued: Whether an earlier start has left notes.
    """

    def __init__(self, out: Path, kind: str, settings: Mapping[str, object]) -> None:
        """Open a directory, new or of an earlier start.

        Args:
            out: The directory.
            kind: What works in it, such as ``quickstart``; names the file of the notes.
            settings: What must be the same in every start; the version of drivebench is added.

        Raises:
            ConfigurationError: The directory holds something else, or the same with other settings.
        """
        self.out = out
        self._file = out / f"{kind}.json"
        self._settings = {**settings, "drivebench": version("drivebench")}
        self._seconds: dict[str, float] = {}
        self.continued = self._file.exists()
        if self.continued:
            state = json.loads(self._file.read_text(encoding="utf-8"))
            if state["settings"] != self._settings:
                raise ConfigurationError(
                    f"{out} holds what `drivebench {kind}` began with {state['settings']}; asked for "
                    f"{self._settings}. Give another --out, or remove it."
                )
            self._seconds = state["seconds"]
        elif out.exists() and any(out.iterdir()):
            raise ConfigurationError(
                f"{out} is not empty, and nothing that `drivebench {kind}` began. Give another --out, or "
                "remove it."
            )
        out.mkdir(parents=True, exist_ok=True)
        self._write()

    def seconds(self, step: Step) -> float | None:
        """How long a step has taken in all starts together; None when it was never noted."""
        return self._seconds.get(step.command)

    def is_finished(self, step: Step) -> bool:
        """Whether a step need not be run: directories appear whole, or have a file that is written last.

        A file may be half written, unless its command was noted afterwards.
        """
        return step.finished and (step.product.is_dir() or step.command in self._seconds)

    def note(self, step: Step, seconds: float) -> None:
        """Note that a step has finished.

        Args:
            step: Which.
            seconds: What this start spent on it.
        """
        self._seconds[step.command] = round(self._seconds.get(step.command, 0.0) + seconds, 2)
        self._write()

    @contextmanager
    def alone(self) -> Iterator[int]:
        """Keep others out of the directory.

        Yields:
            A file descriptor. Processes that inherit it keep others out as long as they live, even when this
            one is killed.

        Raises:
            ConfigurationError: Somebody else is at work in it.
        """
        with (self.out / "lock").open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ConfigurationError(
                    f"{self.out} is in use: another start, or a command of one that was killed, is still at "
                    "work in it. Wait for its end, or give another --out."
                ) from error
            yield file.fileno()

    def _write(self) -> None:
        state = {"settings": self._settings, "seconds": self._seconds}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        new.replace(self._file)
