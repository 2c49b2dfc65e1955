"""One command of a longer piece of work, and how to see that it has finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Recordings", "Step", "collecting", "driving", "training"]


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """Which demonstrations are to be collected.

    The leaderboard may not import the simulator, which :mod:`drivebench.demonstrations` needs; this says as
    much as a ``Demand`` of it does for one budget.

    Attributes:
        scenarios: Ids of the scenarios.
        episodes: Of each scenario.
        folder: Name of the folder that they go to.
        condition: Condition of all of them.
        driver: Name of the driver that is recorded.
        first_seed: Seeds count up from here.
    """

    scenarios: tuple[str, ...]
    episodes: int
    folder: str
    condition: str = "nominal"
    driver: str = "expert"
    first_seed: int = 0

    @classmethod
    def demanded(cls, demand: Any, budget: str) -> "Recordings":
        """What a baseline is trained on by default.

        Args:
            demand: A ``drivebench.demonstrations.demand.Demand``.
            budget: Which number of episodes.
        """
        return cls(
            scenarios=demand.scenarios,
            episodes=demand.episodes[budget],
            folder=demand.name(budget),
            condition=demand.condition,
            driver=demand.driver,
            first_seed=demand.first_seed,
        )


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command and what it leaves.

    Attributes:
        arguments: After ``drivebench``.
        product: File or directory that is there when the command has finished.
        proof: File in ``product`` that is written last; empty where the product appears whole, all at once.
        resume: Further arguments to go on with a product that is there but not finished.
        pace: Further arguments that change how fast the command is, and nothing that it leaves.
        prints: Whether the product is a file with what the command prints on standard output.
        kind: Steps of one kind take about as long as each other.
    """

    arguments: tuple[str, ...]
    product: Path
    proof: str = ""
    resume: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()
    prints: bool = False
    kind: str = ""

    @property
    def finished(self) -> bool:
        """Whether the product is there and whole."""
        return (self.product / self.proof if self.proof else self.product).exists()

    @property
    def started(self) -> bool:
        """Whether there is something to go on with."""
        return bool(self.resume) and (self.product / "run.json").exists()

    @property
    def verb(self) -> str:
        """Name of the command."""
        return self.arguments[0]

    @property
    def command(self) -> str:
        """As typed in a shell."""
        return " ".join(("drivebench", *self.arguments))

    @property
    def to_run(self) -> tuple[str, ...]:
        """Arguments of the command as it is to be started now."""
        return (*self.arguments, *(self.resume if self.started else ()), *self.pace)


def collecting(recordings: Recordings, root: Path) -> Step:
    """Demonstrations that somebody needs.

    Args:
        recordings: Which.
        root: Folder of folders of demonstrations; the step leaves one in it.
    """
    folder = root / recordings.folder
    options = [word for scenario in recordings.scenarios for word in ("--scenario", scenario)]
    options += ["--condition", recordings.condition, "--expert", recordings.driver]
    options += ["--episodes", str(recordings.episodes), "--seed-start", str(recordings.first_seed)]
    return Step(arguments=("collect", *options, "--out", str(folder)), product=folder, kind="collect")


def training(name: str, out: Path, options: Sequence[str]) -> Step:
    """A baseline's training. An interrupted one goes on when the same command is given again.

    Args:
        name: Of the baseline.
        out: The submission directory.
        options: Data, seed, budget and whatever else.
    """
    arguments = ("train", name, *options, "--out", str(out))
    return Step(arguments=arguments, product=out, proof="submission.toml", kind=f"train {name}")


def driving(who: str, run: Path, options: Sequence[str]) -> Step:
    """A run over a suite.

    Args:
        who: A submission directory, or the name of a reference.
        run: The run directory.
        options: Suite and selection.
    """
    return Step(
        arguments=("evaluate", who, *options, "--out", str(run)),
        product=run,
        proof="checksums.json",
        resume=("--resume",),
        kind=" ".join(("evaluate", *options)),
    )
