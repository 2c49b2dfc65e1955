"""Which commands a study consists of, and where their products lie."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from leaderboard.effects.study import Arm, Study
from leaderboard.jobs.crew import Job
from leaderboard.jobs.step import Step, collecting, training

__all__ = ["Layout"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything lies, and how it is made.

    Policies that several studies have in common are trained once.

    Attributes:
        out: The working directory.
        seeds: Training seeds.
        device: Where networks are trained.
        workers: How many commands run at a time; each drives with its share of the processors.
    """

    out: Path
    seeds: Sequence[int]
    device: str = "cpu"
    workers: int = 1

    def who(self, arm: Arm, seed: int) -> str:
        """A submission directory, or the name of a reference."""
        return arm.baseline if arm.data is None else str(self.out / "policies" / self._name(arm, seed))

    def folder(self, arm: Arm, seed: int) -> Path:
        """For what is measured of a policy."""
        return self.out / "measured" / self._name(arm, seed)

    def job_name(self, study: Study, arm: Arm, seed: int) -> str:
        """For people."""
        return f"{study.name}: {arm.name} seed {seed}"

    def jobs(self, study: Study) -> list[Job]:
        """One for each arm and seed; all arms of a seed before the next seed."""
        return [
            Job(name=self.job_name(study, arm, seed), steps=tuple(self._steps(study, arm, seed)))
            for seed in self.seeds
            for arm in study.arms
        ]

    def _name(self, arm: Arm, seed: int) -> str:
        return arm.folder if arm.data is None else f"{arm.folder}-seed-{seed}"

    def _steps(self, study: Study, arm: Arm, seed: int) -> Iterator[Step]:
        who = self.who(arm, seed)
        if arm.data is not None:
            data = collecting(arm.data, self.out / "demonstrations")
            options = ["--data", str(data.product), "--seed", str(seed), "--budget", "full"]
            options += ["--device", self.device]
            options += [word for setting in arm.settings for word in ("--set", setting)]
            yield data
            yield training(arm.baseline, Path(who), options)
        for quantity in study.quantities.values():
            step = quantity.step(who, self.folder(arm, seed))
            if step is not None and step.verb == "evaluate":
                share = max(1, (os.cpu_count() or 1) // self.workers)
                step = replace(step, pace=("--workers", str(share)))
            if step is not None:
                yield step
