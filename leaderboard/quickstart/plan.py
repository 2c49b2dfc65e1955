"""Which commands the quickstart consists of, for each budget."""

from dataclasses import dataclass, replace
from pathlib import Path

from leaderboard.jobs.step import Recordings, Step, collecting, driving, training

__all__ = [
    "BUDGETS",
    "CORRECTED",
    "LEARNERS",
    "LESSON_SCENARIO",
    "PLAIN",
    "REFERENCES",
    "Budget",
    "Layout",
]

PLAIN = "behavior-cloning"
CORRECTED = "camera-correction"
LEARNERS = (PLAIN, CORRECTED)
REFERENCES = ("idle", "random", "idm", "expert")
LESSON_SCENARIO = "lane-keeping-v1"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much the quickstart does.

    Attributes:
        suite: On which all policies are driven.
        lesson_suite: On which the two learners are driven once more, on lane keeping only, where ``suite``
            has too few such episodes to say anything; None where it has enough.
        lesson_episodes: How many of each condition.
        demonstrations: Drives of the expert that both learn from.
        steps: Gradient steps of both; those of the budget where None.
        workers: Processes that drive; all processors where None.
    """

    suite: str
    lesson_suite: str | None
    lesson_episodes: int
    demonstrations: int
    steps: int | None
    workers: int | None


BUDGETS = {
    "smoke": Budget(
        suite="smoke", lesson_suite="dev", lesson_episodes=20, demonstrations=24, steps=None, workers=1
    ),
    "full": Budget(
        suite="test", lesson_suite=None, lesson_episodes=0, demonstrations=160, steps=4000, workers=None
    ),
}
"""The lesson is about one family, so its learners learn one family, in minutes; ``reproduce`` trains the
published rows, which learn twelve. Runs of a hundred episodes are driven by the process that the commands run
in: each worker of each run would first import the simulator and load its kernels again."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything of a quickstart lies.

    Attributes:
        out: Its directory.
        budget: Name of its budget.
    """

    out: Path
    budget: str

    def run(self, name: str) -> Path:
        """The run of a policy on the suite."""
        return self.out / "runs" / name

    def lesson_run(self, name: str) -> Path:
        """The run of a learner that the lesson is about."""
        return (
            self.run(name) if BUDGETS[self.budget].lesson_suite is None else self.run(f"{name}-lane-keeping")
        )

    def picture(self, scenario: str, view: str) -> Path:
        """The picture of a scenario."""
        return self.out / "pictures" / f"{scenario}-{view}.png"

    def replay(self, form: str) -> Path:
        """The video (``mp4``) of both learners from the same start, or a picture (``png``) of it."""
        return self.out / "pictures" / f"replay.{form}"

    def policy(self, name: str) -> Path:
        """The submission directory of a learner."""
        return self.out / "policies" / name

    def driving(self) -> list[Step]:
        """Collect, train, evaluate."""
        budget = BUDGETS[self.budget]
        data = self._collect()
        steps = [data]
        for name in LEARNERS:
            learning: tuple[str, ...] = ("--data", str(data.product), "--budget", self.budget)
            if budget.steps is not None:
                learning += ("--set", f"steps={budget.steps}")
            steps.append(training(name, self.policy(name), learning))
        for name in (*LEARNERS, *REFERENCES):
            who = str(self.policy(name)) if name in LEARNERS else name
            steps.append(driving(who, self.run(name), ("--suite", budget.suite)))
        if budget.lesson_suite is not None:
            part = ("--scenario", LESSON_SCENARIO, "--limit", str(budget.lesson_episodes))
            options = ("--suite", budget.lesson_suite, *part)
            steps += [driving(str(self.policy(name)), self.lesson_run(name), options) for name in LEARNERS]
        if budget.workers is None:
            return steps
        pace = ("--workers", str(budget.workers))
        return [replace(step, pace=pace) if step.verb == "evaluate" else step for step in steps]

    def pictures(self, scenarios: dict[str, int]) -> list[Step]:
        """A driver's view and a view from above of each scenario.

        Args:
            scenarios: A seed by scenario id.
        """
        return [
            _show(self.picture(scenario, view), scenario, "--seed", str(seed), "--view", view)
            for scenario, seed in scenarios.items()
            for view in ("driver", "top")
        ]

    def replaying(self, scenario: str, condition: str, seed: int, shown_s: int) -> list[Step]:
        """Video and picture of both learners from the same start."""
        runs = [word for name in LEARNERS for word in ("--run", str(self.lesson_run(name)))]
        start = (scenario, "--condition", condition, "--seed", str(seed))
        return [
            _show(self.replay("mp4"), *start, *runs, "--duration", str(shown_s)),
            _show(self.replay("png"), *start, *runs),
        ]

    def _collect(self) -> Step:
        """What the learners are trained on."""
        episodes = BUDGETS[self.budget].demonstrations
        recordings = Recordings(
            scenarios=(LESSON_SCENARIO,), episodes=episodes, folder=f"{LESSON_SCENARIO}-{episodes}"
        )
        return collecting(recordings, self.out / "demonstrations")


def _show(out: Path, *options: str) -> Step:
    return Step(arguments=("show", *options, "--out", str(out)), product=out)
