"""A study as a record: arms that differ in one thing, what is measured of each, and what is expected."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from drivebench.errors import ConfigurationError
from leaderboard.effects.quantity import Quantity
from leaderboard.jobs.step import Recordings

__all__ = ["Arm", "Claim", "Expected", "Study", "expert_on"]


def expert_on(scenario: str, episodes: int) -> Recordings:
    """Nominal demonstrations of the expert on one scenario, from the first training seed."""
    return Recordings(
        scenarios=(scenario,), episodes=episodes, folder=f"{scenario}-nominal-expert-0-{episodes}"
    )


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to make a policy.

    Attributes:
        name: Within the study.
        baseline: Which method; with ``data=None``, a reference that nobody trains.
        data: What it learns from.
        settings: What differs from the method's ``full`` settings, as ``NAME=VALUE``.
    """

    name: str
    baseline: str
    data: Recordings | None = None
    settings: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """A name that is the same for arms of several studies that are made in the same way."""
        if self.data is None:
            return self.baseline
        made = "\0".join((self.baseline, self.data.folder, *sorted(self.settings)))
        return f"{self.baseline}-{hashlib.sha256(made.encode()).hexdigest()[:8]}"


class Expected(StrEnum):
    """What is expected of a difference over training seeds."""

    ABOVE = "above"
    NEAR = "near"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What should be seen.

    Attributes:
        quantity: Key in the study's quantities.
        first: Name of an arm.
        second: Name of the arm that it is compared with, or a number.
        expected: ``ABOVE``: the first is higher. ``NEAR``: they differ by less than ``margin``.
        margin: In the quantity's unit; how large a difference would still be nothing to speak of.
    """

    quantity: str
    first: str
    second: str | float
    expected: Expected = Expected.ABOVE
    margin: float = 0.0

    def __post_init__(self) -> None:
        if (self.expected is Expected.NEAR) != (self.margin > 0.0):
            raise ConfigurationError(
                f"{self.first} {self.expected} {self.second} with a margin of {self.margin}; expected a "
                "margin above 0 for 'near', and none otherwise"
            )


@dataclass(frozen=True, kw_only=True)
class Study:
    """One question.

    Attributes:
        name: Of the study, as the command takes it.
        question: One or two sentences.
        arms: Two or more.
        quantities: By key.
        claims: What should be seen.
    """

    name: str
    question: str
    arms: tuple[Arm, ...]
    quantities: dict[str, Quantity]
    claims: tuple[Claim, ...]

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        for claim in self.claims:
            compared = [claim.first] + ([claim.second] if isinstance(claim.second, str) else [])
            unknown = [*(set(compared) - set(names)), *({claim.quantity} - set(self.quantities))]
            if unknown:
                raise ConfigurationError(
                    f"the study {self.name!r} claims something of {', '.join(unknown)}; expected its arms "
                    f"{', '.join(names)} and quantities {', '.join(self.quantities)}"
                )
        if len(set(names)) < len(names):
            raise ConfigurationError(f"the study {self.name!r} has two arms of one name: {', '.join(names)}")

    def arm(self, name: str) -> Arm:
        """The arm of a name."""
        return next(arm for arm in self.arms if arm.name == name)
