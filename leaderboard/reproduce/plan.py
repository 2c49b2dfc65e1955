"""Which runs the published table consists of, and which commands make each of them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drivebench import registry
from drivebench.errors import UnknownNameError
from leaderboard.jobs.crew import Job
from leaderboard.jobs.step import Recordings, Step, collecting, driving, training

__all__ = ["SUITES", "TABLE", "Entrant", "Layout", "entrants", "table_names"]

TABLE = (
    "behavior-cloning",
    "camera-correction",
    "augmented-cloning",
    "frame-stack",
    "recurrent",
    "privileged-distillation",
    "dagger",
    "behavior-cloning-kinematics",
    "dagger-kinematics",
    "idle",
    "random",
    "idm",
    "expert",
)
"""Rows of the published table: baselines, and the references that nobody trains."""

SUITES = {"smoke": "smoke", "full": "test"}
"""By budget, on which suite policies are driven."""


def table_names() -> tuple[str, ...]:
    """Rows of the published table that this installation can make."""
    known = {*registry.names("baseline"), *registry.names("driver")}
    return tuple(name for name in TABLE if name in known)


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """One run of the table.

    Attributes:
        name: Of a baseline, or of a driver.
        seed: Of the training; None where nothing is trained.
    """

    name: str
    seed: int | None

    @property
    def label(self) -> str:
        """For people."""
        return self.name if self.seed is None else f"{self.name} seed {self.seed}"

    @property
    def folder(self) -> str:
        """Name of its directories, and of its record when it is published."""
        return self.label.replace(" ", "-")


def entrants(names: Sequence[str], seeds: Sequence[int]) -> list[Entrant]:
    """The runs of a table.

    Args:
        names: Baselines and drivers; each is taken once.
        seeds: Of the trainings.

    Raises:
        UnknownNameError: One of the names is neither.
    """
    baselines, drivers = registry.names("baseline"), registry.names("driver")
    found: list[Entrant] = []
    for name in dict.fromkeys(names):
        if name in drivers:
            found.append(Entrant(name=name, seed=None))
        elif name not in baselines:
            raise UnknownNameError("baseline or driver", name, (*baselines, *drivers))
        elif registry.load("baseline", name).demand is None:
            found.append(Entrant(name=name, seed=None))
        else:
            found += [Entrant(name=name, seed=seed) for seed in dict.fromkeys(seeds)]
    return found


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything lies, and how it is made.

    Attributes:
        out: The working directory.
        budget: Name of the budget.
        device: Where networks are trained.
        workers: How many commands run at a time; each drives with its share of the processors.
        part: Options of ``evaluate`` that choose a part of the suite; empty for the published table.
    """

    out: Path
    budget: str
    device: str = "cpu"
    workers: int = 1
    part: tuple[str, ...] = ()

    def policy(self, entrant: Entrant) -> Path:
        """The submission directory of a trained entrant."""
        return self.out / "policies" / entrant.folder

    def run(self, entrant: Entrant) -> Path:
        """The run directory."""
        return self.out / "runs" / entrant.folder

    def job(self, entrant: Entrant) -> Job:
        """Collect, train, drive."""
        steps: list[Step] = []
        who = entrant.name
        if entrant.seed is not None:
            demand = registry.load("baseline", entrant.name).demand
            data = collecting(Recordings.demanded(demand, self.budget), self.out / "demonstrations")
            options = ["--data", str(data.product), "--seed", str(entrant.seed)]
            options += ["--budget", self.budget, "--device", self.device]
            policy = self.policy(entrant)
            steps += [data, training(entrant.name, policy, options)]
            who = str(policy)
        run = driving(who, self.run(entrant), ("--suite", SUITES[self.budget], *self.part))
        steps.append(replace(run, pace=("--workers", str(max(1, (os.cpu_count() or 1) // self.workers)))))
        return Job(name=entrant.label, steps=tuple(steps))
