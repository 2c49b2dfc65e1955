"""What is measured of a trained policy in a study, and by which command."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from drivebench.errors import RecordError
from drivebench.evaluation.record import load_run
from leaderboard.jobs.step import Step, driving

__all__ = ["Diagnosed", "Driven", "Explained", "Quantity", "Value"]

TRAINING = "training.json"


@dataclass(frozen=True, kw_only=True)
class Value:
    """A quantity of one policy.

    Attributes:
        number: Its value; None where the measurement says that there is none.
        basis: On what it rests, the same for all policies that may be compared.
        episodes: How many of them.
    """

    number: float | None
    basis: str
    episodes: int


class Quantity(Protocol):
    """What is measured of a policy."""

    @property
    def name(self) -> str:
        """For tables."""

    @property
    def digits(self) -> int:
        """Digits after the point."""

    def step(self, who: str, folder: Path) -> Step | None:
        """The command that measures; None where the training has already done so.

        Args:
            who: A submission directory, or the name of a reference.
            folder: For what the command leaves.
        """

    def value(self, who: str, folder: Path) -> Value:
        """What came out.

        Args:
            who: A submission directory, or the name of a reference.
            folder: The same as for :meth:`step`.
        """


@dataclass(frozen=True, kw_only=True)
class Driven:
    """The DriveBench Score on episodes of one scenario under one condition.

    Attributes:
        suite: Where they are taken from; its seeds are held out.
        scenario: Id.
        condition: Name.
        limit: At most so many, from the first; None takes all.
    """

    suite: str
    scenario: str
    condition: str
    limit: int | None = None
    digits: int = 1

    @property
    def name(self) -> str:
        """For tables."""
        return f"DBS, {self.scenario.rpartition('-v')[0]}, {self.condition}"

    def step(self, who: str, folder: Path) -> Step:
        """Drive."""
        options = ["--suite", self.suite, "--scenario", self.scenario, "--condition", self.condition]
        if self.limit is not None:
            options += ["--limit", str(self.limit)]
        return driving(who, self._run(folder), options)

    def value(self, who: str, folder: Path) -> Value:
        """The mean score; an episode in which the policy failed has 0."""
        del who
        run = load_run(self._run(folder))
        suite = run.manifest.suite
        return Value(
            number=fmean(record.score for record in run.episodes),
            basis=f"suite {suite.name} v{suite.version}, {suite.digest[:16]}",
            episodes=len(run.episodes),
        )

    def _run(self, folder: Path) -> Path:
        return folder / f"{self.suite}-{self.scenario}-{self.condition}-{self.limit or 'all'}"


@dataclass(frozen=True, kw_only=True)
class Explained:
    """An open-loop figure on held-out frames of the expert, which every training leaves.

    Attributes:
        figure: Its name, such as ``steering_r2``.
    """

    figure: str
    digits: int = 3

    @property
    def name(self) -> str:
        """For tables."""
        return f"open loop, {self.figure.replace('_r2', ' R²')}"

    def step(self, who: str, folder: Path) -> None:
        """Nothing more is to be done."""

    def value(self, who: str, folder: Path) -> Value:
        """What the training has noted."""
        del folder
        path = Path(who) / TRAINING
        figures = json.loads(path.read_text(encoding="utf-8")).get("open_loop", {})
        if self.figure not in figures:
            raise RecordError(f"{path} has no open-loop figure {self.figure!r}; it has {sorted(figures)}")
        return Value(
            number=float(figures[self.figure]), basis="held-out frames", episodes=int(figures["frames"])
        )


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """A number of ``drivebench diagnose``, on development seeds that are in no suite.

    Attributes:
        what: For tables.
        path: Keys from a scenario's part of the JSON object to the number.
        scenario: Id.
        episodes: How many.
        fit_until_s: The longest horizon of the fit, the same for all policies that are to be compared.
    """

    what: str
    path: Sequence[str]
    scenario: str
    episodes: int
    fit_until_s: float
    digits: int = 2

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.what}, {self.scenario.rpartition('-v')[0]}"

    def step(self, who: str, folder: Path) -> Step:
        """Diagnose."""
        options = ["--scenario", self.scenario, "--episodes", str(self.episodes)]
        options += ["--fit-until", f"{self.fit_until_s:g}"]
        out = self._page(folder)
        return Step(
            arguments=("diagnose", who, *options, "--out", str(out)),
            product=out,
            kind=" ".join(("diagnose", *options)),
        )

    def value(self, who: str, folder: Path) -> Value:
        """The number; None where the diagnosis has none, such as no fit."""
        del who
        path = self._page(folder) / "diagnosis.json"
        found = next(
            each
            for each in json.loads(path.read_text(encoding="utf-8"))["scenarios"]
            if each["scenario"] == self.scenario
        )
        basis = f"development seeds from {found['first_seed']}, horizons up to {self.fit_until_s:g} s"
        for key in self.path:
            found = None if found is None else found[key]
        return Value(number=None if found is None else float(found), basis=basis, episodes=self.episodes)

    def _page(self, folder: Path) -> Path:
        return folder / f"diagnosis-{self.scenario}-{self.episodes}-{self.fit_until_s:g}"
