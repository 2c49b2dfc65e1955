"""From the products of a study to what was found: seed-level differences with Student's interval."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Any

from drivebench.errors import RecordError
from leaderboard.effects.plan import Layout
from leaderboard.effects.quantity import TRAINING, Quantity, Value
from leaderboard.effects.study import Arm, Claim, Expected, Study
from leaderboard.scores import estimate_json
from leaderboard.statistics import Estimate, mean_over_seeds

__all__ = ["Finding", "StudyResult", "Verdict", "study_result"]


class Verdict(StrEnum):
    """What came of a claim."""

    SEEN = "seen"
    OPPOSITE = "the opposite"
    NOT_SEEN = "not seen"
    NEAR = "near equal"
    DIFFERENT = "not near"
    OPEN = "open"
    MISSING = "not measured"


GOOD = (Verdict.SEEN, Verdict.NEAR)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found about a claim.

    Attributes:
        claim: The claim.
        verdict: What came of it.
        difference: First less second, over training seeds; None where something is missing.
        means: Of both, over training seeds; None likewise.
        episodes: That each policy was measured on.
        basis: Where these are from.
        why: What is missing; empty where nothing is.
    """

    claim: Claim
    verdict: Verdict
    difference: Estimate | None = None
    means: tuple[float, float] | None = None
    episodes: int = 0
    basis: str = ""
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether what was expected was seen."""
        return self.verdict in GOOD

    def as_json(self) -> dict[str, Any]:
        """The documented object of ``drivebench effects --json``."""
        return {
            "quantity": self.claim.quantity,
            "first": self.claim.first,
            "second": self.claim.second,
            "expected": self.claim.expected.value,
            "margin": self.claim.margin,
            "verdict": self.verdict.value,
            "difference": estimate_json(self.difference),
            "means": None if self.means is None else list(self.means),
            "episodes": self.episodes,
            "basis": self.basis,
            "why": self.why,
        }


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """What was found in a study.

    Attributes:
        study: The study.
        seeds: Training seeds of each arm.
        findings: One for each claim.
        labelled: By arm, frames that the expert has labelled, mean over seeds; None where nothing is
            trained, or a training is missing.
        values: By quantity and arm, one for each seed; None where it is missing.
    """

    study: Study
    seeds: Sequence[int]
    findings: tuple[Finding, ...]
    labelled: Mapping[str, float | None]
    values: Mapping[str, Mapping[str, Sequence[float | None]]]

    def as_json(self) -> dict[str, Any]:
        """The documented object of ``drivebench effects --json``."""
        return {
            "study": self.study.name,
            "question": self.study.question,
            "seeds": list(self.seeds),
            "labelled_frames": dict(self.labelled),
            "values": {name: {arm: list(v) for arm, v in arms.items()} for name, arms in self.values.items()},
            "claims": [finding.as_json() for finding in self.findings],
        }


def study_result(layout: Layout, study: Study) -> StudyResult:
    """Read what the commands of a study have left; what failed has left nothing.

    Args:
        layout: Where it lies.
        study: The study.
    """
    measured = {
        name: {arm.name: [_value(layout, arm, seed, quantity) for seed in layout.seeds] for arm in study.arms}
        for name, quantity in study.quantities.items()
    }
    return StudyResult(
        study=study,
        seeds=tuple(layout.seeds),
        findings=tuple(_finding(claim, measured[claim.quantity], layout.seeds) for claim in study.claims),
        labelled={arm.name: _labelled(layout, arm) for arm in study.arms},
        values={
            name: {arm: [None if v is None else v.number for v in values] for arm, values in arms.items()}
            for name, arms in measured.items()
        },
    )


def _value(layout: Layout, arm: Arm, seed: int, quantity: Quantity) -> Value | None:
    """What was measured of a policy; None where the training or the measurement failed."""
    who, folder = layout.who(arm, seed), layout.folder(arm, seed)
    step = quantity.step(who, folder)
    there = (Path(who) / TRAINING).exists() if step is None else step.finished
    return quantity.value(who, folder) if there else None


def _finding(claim: Claim, measured: Mapping[str, Sequence[Value | None]], seeds: Sequence[int]) -> Finding:
    first = measured[claim.first]
    second: Sequence[Value | None]
    if isinstance(claim.second, str):
        second = measured[claim.second]
    else:
        second = [each and replace(each, number=claim.second) for each in first]
    bases = {(each.basis, each.episodes) for each in (*first, *second) if each is not None}
    if len(bases) > 1:
        raise RecordError(
            f"{claim.first} and {claim.second} were measured on different episodes: "
            f"{'; '.join(sorted(f'{count} of {basis}' for basis, count in bases))}. Measure again in another "
            "--out."
        )
    missing = [
        str(seed)
        for seed, one, other in zip(seeds, first, second, strict=True)
        if one is None or other is None or one.number is None or other.number is None
    ]
    if missing:
        return Finding(
            claim=claim, verdict=Verdict.MISSING, why=f"nothing for training seed {', '.join(missing)}"
        )
    pairs = [
        (one.number, other.number)
        for one, other in zip(first, second, strict=True)
        if one is not None and other is not None and one.number is not None and other.number is not None
    ]
    difference = mean_over_seeds([one - other for one, other in pairs])
    ((basis, episodes),) = bases
    return Finding(
        claim=claim,
        verdict=verdict_on(claim, difference),
        difference=difference,
        means=(fmean(one for one, _ in pairs), fmean(other for _, other in pairs)),
        episodes=episodes,
        basis=basis,
    )


def verdict_on(claim: Claim, difference: Estimate) -> Verdict:
    """What an interval says about a claim.

    Args:
        claim: The claim.
        difference: First less second, over training seeds.
    """
    low, high = difference.low, difference.high
    if low is None or high is None:
        return Verdict.OPEN
    if claim.expected is Expected.ABOVE:
        return Verdict.SEEN if low > 0.0 else Verdict.OPPOSITE if high < 0.0 else Verdict.NOT_SEEN
    if -claim.margin < low and high < claim.margin:
        return Verdict.NEAR
    return Verdict.DIFFERENT if low > claim.margin or high < -claim.margin else Verdict.OPEN


def _labelled(layout: Layout, arm: Arm) -> float | None:
    """Frames with a label of the expert: demonstrations, and the learner's own drives."""
    files = [Path(layout.who(arm, seed)) / TRAINING for seed in layout.seeds]
    if not all(file.exists() for file in files):
        return None
    contents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return fmean(
        content["demonstrations"]["frames"] + sum(content.get("labelled_on_own_drives", {}).values())
        for content in contents
    )
