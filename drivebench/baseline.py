"""What a baseline is: a name, a paper, and a function that trains a submission directory.

A baseline is one module with a ``BASELINE`` object and one entry point in the group ``drivebench.baselines``.
``drivebench train NAME`` finds it there. Training reads demonstrations, and drives on training seeds where
its method asks for that; it cannot see the development or test episodes, because a request names none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drivebench import registry
from drivebench.demonstrations.demand import Demand
from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["BUDGETS", "DEVICES", "Baseline", "TrainReport", "TrainRequest", "load_baseline"]

BUDGETS = ("smoke", "full")
"""``smoke`` shows that everything works within a minute; ``full`` is what the published table uses."""

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What a user asks of a training run.

    Attributes:
        out: Where the submission directory shall appear; nothing may exist there yet.
        data: Folder of demonstrations; None only for baselines that learn from none.
        subset: Names of its subsets (:mod:`drivebench.demonstrations.subsets`); what is in all of them is
            learnt from.
        seed: Of the initial weights and of the order of the frames.
        budget: One of ``BUDGETS``.
        device: One of ``DEVICES``.
        settings: By name, what is to differ from the budget's settings, as text (``--set steps=2000``).
        tensorboard: Folder for TensorBoard's event files; nothing is written there when left out.
    """

    out: Path
    data: Path | None
    subset: tuple[str, ...] = ()
    seed: int = 0
    budget: str = "full"
    device: str = "cpu"
    settings: Mapping[str, str] = field(default_factory=dict)
    tensorboard: Path | None = None

    def __post_init__(self) -> None:
        if self.budget not in BUDGETS:
            raise UnknownNameError("budget", self.budget, BUDGETS)
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES)
        if not 0 <= self.seed < 2**31:
            raise ConfigurationError(f"training seed {self.seed}; expected an integer from 0 to 2^31 - 1")

    @property
    def demonstrations(self) -> Path:
        """The folder of demonstrations, for a baseline that cannot do without.

        Raises:
            ConfigurationError: The request names none.
        """
        if self.data is None:
            raise ConfigurationError(
                "no demonstrations to learn from; expected a folder that `drivebench collect` wrote, as data"
            )
        return self.data


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What came of a training run.

    Attributes:
        submission: The directory that was written.
        metrics: Open-loop figures on held-out expert frames by name, such as ``steering_r2``; empty when
            nothing was learnt.
        speed: ``samples_per_s`` and ``waiting``, the share of the time that was spent waiting for data, of
            the last phase; empty when nothing was learnt.
    """

    submission: Path
    metrics: Mapping[str, float]
    speed: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A method that the field teaches, in one readable file.

    Attributes:
        name: Name of its entry point, such as ``behavior-cloning``.
        title: A few words for a table.
        paper: The publication that it follows.
        demand: What it is trained on by default; None when it learns from no demonstrations.
        train: Trains and writes the submission directory.
    """

    name: str
    title: str
    paper: str
    demand: Demand | None
    train: Callable[[TrainRequest], TrainReport]


def load_baseline(name: str) -> Baseline:
    """The registered baseline of a name.

    Raises:
        UnknownNameError: No such baseline; the message suggests the nearest name.
        ConfigurationError: The entry point names something else than a baseline of that name.
    """
    baseline = registry.load("baseline", name)
    if not isinstance(baseline, Baseline) or baseline.name != name:
        raise ConfigurationError(
            f"the entry point {name!r} of group drivebench.baselines is {baseline!r}; expected a Baseline "
            "with that name"
        )
    return baseline
