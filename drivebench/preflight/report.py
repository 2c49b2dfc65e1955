"""What a check found, and the one object that ``drivebench check --json`` prints."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from drivebench.evaluation.manifest import Limits, PolicyCard
from drivebench.submission_codes import Code

__all__ = ["SCHEMA", "Finding", "Report", "Trial"]

SCHEMA = 1
"""Of the object that ``--json`` prints; raised whenever a field changes its meaning or goes."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that was found.

    Attributes:
        code: What kind of thing.
        problem: What exactly, for people.
    """

    code: Code
    problem: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a short drive.

    Attributes:
        findings: What went wrong.
        episodes: That were begun.
        decisions: Batches that were answered in the first drive.
        start_up_s: To import, load, and begin; None if it did not.
        latency_p50_s: Of an answer for a batch; None where there was none.
        latency_max_s: The slowest.
        memory_bytes: The most that the policy's process had in memory, as far as was seen.
        repeated: Whether the drive was shown again, and answered the same; None if it came to none.
        reordered: The same with episodes in other slots, after others.
        log_tail: The end of what the policy printed, where it failed.
    """

    findings: tuple[Finding, ...] = ()
    episodes: int = 0
    decisions: int = 0
    start_up_s: float | None = None
    latency_p50_s: float | None = None
    latency_max_s: float | None = None
    memory_bytes: int = 0
    repeated: bool | None = None
    reordered: bool | None = None
    log_tail: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found.

    Attributes:
        path: Of the submission, as it was given.
        findings: In the order in which they were found.
        card: What a run would record of it; None where it cannot be read.
        isolation: Tier in force in the trial; None where nothing was run.
        limits: What it would be allowed.
        trial: The short drive; None where it came to none.
        seconds: That the check took.
    """

    path: str
    findings: Sequence[Finding]
    card: PolicyCard | None
    isolation: str | None
    limits: Limits
    trial: Trial | None
    seconds: float = field(compare=False)

    @property
    def accepted(self) -> bool:
        """Whether it would be evaluated, and driven without a fault as far as this can be told."""
        return all(finding.code.warning for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints; ``docs/submit.md`` describes it."""
        card, trial = self.card, self.trial
        return {
            "schema": SCHEMA,
            "submission": self.path,
            "verdict": "accepted" if self.accepted else "refused",
            "findings": [
                {
                    "code": finding.code.value,
                    "severity": "warning" if finding.code.warning else "error",
                    "meaning": finding.code.meaning,
                    "problem": finding.problem,
                    "remedy": finding.code.remedy,
                }
                for finding in self.findings
            ],
            "policy": None
            if card is None
            else {
                "name": card.name,
                "form": card.form,
                "track": card.track,
                "sensors": [sensor["name"] for sensor in card.sensors],
                "digest": card.digest,
            },
            "isolation": self.isolation,
            "limits": {
                "start_up_s": self.limits.start_up_s,
                "decision_s": self.limits.decision_s,
                "memory_bytes": self.limits.memory_bytes,
            },
            "trial": None
            if trial is None
            else {
                "episodes": trial.episodes,
                "decisions": trial.decisions,
                "start_up_s": trial.start_up_s,
                "latency_p50_s": trial.latency_p50_s,
                "latency_max_s": trial.latency_max_s,
                "memory_bytes": trial.memory_bytes,
                "repeated": trial.repeated,
                "reordered": trial.reordered,
                "log_tail": trial.log_tail,
            },
            "seconds": self.seconds,
        }
