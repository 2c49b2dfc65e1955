"""A run held against the published one of the same baseline and training seed: the same, or by how much not.

Three answers are possible for runs of the same episodes, in this order.

``identical``: every action and every measurement of every common episode is the same.

``reproduced``: the interval of the difference on the common episodes, pair by pair, holds 0. It is that of
:mod:`leaderboard.statistics`, of differences between -100 and 100. (Whether one score lies within the
interval of the other says less: both have met the same hard episodes.)

``different by +x [a, b]`` otherwise. That is about two *policies*: it does not say yet that a method is not
what it was, because trained weights depend in their last bits on the processor and on the version of torch,
and a training that has departed from another in its last bits ends as another training seed would. So the new
score is also held against what one more training seed is expected to have, given those that are published
(:func:`leaderboard.statistics.next_seed`): only what lies outside of that is ``beyond training seeds``, and
only that makes ``drivebench reproduce`` exit with 1.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.run_files import PACKED
from leaderboard.board import Board
from leaderboard.comparable import differs
from leaderboard.index import read_runs
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.reproduce.plan import Entrant
from leaderboard.scores import estimate_json, score_run
from leaderboard.statistics import Estimate, generator, mean_over_families, next_seed

__all__ = ["PUBLISHED", "Comparison", "Verdict", "compare", "published_runs"]

PUBLISHED = Path(__file__).parents[1] / "records"
"""The records of the repository; an installed package has none."""


class Verdict(StrEnum):
    """What came of a run that was made again."""

    IDENTICAL = "identical"
    REPRODUCED = "reproduced"
    DIFFERENT = "different"
    BEYOND = "different beyond training seeds"
    NOT_PUBLISHED = "not published"
    NOT_COMPARABLE = "not comparable"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One line of the table.

    Attributes:
        entrant: Baseline and training seed.
        verdict: The answer.
        new: The score of the new run; None when it failed.
        published: The score of the published run, if there is one to be compared with.
        difference: New less published, on the common episodes.
        why: Further words on the verdict; empty when there is nothing to add.
    """

    entrant: Entrant
    verdict: Verdict
    new: Estimate | None = None
    published: Estimate | None = None
    difference: Estimate | None = None
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the published table."""
        return self.verdict not in (Verdict.FAILED, Verdict.BEYOND)

    def as_json(self) -> dict[str, Any]:
        """The documented object of ``drivebench reproduce --json``."""
        return {
            "baseline": self.entrant.name,
            "seed": self.entrant.seed,
            "verdict": self.verdict.value,
            "why": self.why,
            "new": estimate_json(self.new),
            "published": estimate_json(self.published),
            "difference": estimate_json(self.difference),
        }


def published_runs(names: Iterable[str], folder: Path) -> dict[str, list[Outcomes]]:
    """All published runs of some policies.

    Args:
        names: Of the policies.
        folder: Of records of one suite.

    Returns:
        By name; those of each by training seed.
    """
    found: dict[str, list[Outcomes]] = {name: [] for name in names}
    paths = {path for name in found for path in folder.glob(f"{name}*{PACKED}")}
    for run in read_runs(sorted(paths), "read the published runs"):
        if run.name in found:
            found[run.name].append(run)
    return found


def compare(entrant: Entrant, run: Run, published: Sequence[Outcomes]) -> Comparison:
    """Hold a run against the published one.

    Args:
        entrant: What was run.
        run: The new run.
        published: Runs of the same policy on the same suite.
    """
    driven = outcomes_of(run)
    new = score_run(driven).overall.dbs
    same = [each for each in published if each.training_seed == entrant.seed]
    if not same:
        return Comparison(entrant=entrant, verdict=Verdict.NOT_PUBLISHED, new=new)
    other = same[0]
    reason = _not_comparable(driven, other)
    if reason:
        return Comparison(entrant=entrant, verdict=Verdict.NOT_COMPARABLE, new=new, why=reason)
    known = set(other.manifest.episodes)
    keys = [key for key in run.manifest.episodes if key in known]
    was, now = score_run(other, keys).overall, score_run(driven, keys).overall
    found: dict[str, Any] = {"entrant": entrant, "new": now.dbs, "published": was.dbs}
    found["difference"] = difference = _difference(driven, other, keys)
    if _same(run, other, keys):
        return Comparison(verdict=Verdict.IDENTICAL, **found)
    if _holds(difference, 0.0):
        return Comparison(verdict=Verdict.REPRODUCED, **found)
    trained = [each for each in published if each.training_seed is not None]
    span = next_seed([score_run(each, keys).overall.dbs.value for each in trained])
    if span is None:
        return Comparison(verdict=Verdict.BEYOND, **found)
    said = f"one more training seed: {max(0.0, span[0]):.1f} to {min(100.0, span[1]):.1f}"
    verdict = Verdict.DIFFERENT if span[0] <= now.dbs.value <= span[1] else Verdict.BEYOND
    return Comparison(verdict=verdict, why=said, **found)


def _training(run: Outcomes, name: str) -> object:
    return (run.manifest.policy.training or {}).get(name)


_OF_A_TRAINING: tuple[tuple[str, Callable[[Outcomes], object]], ...] = (
    ("the budget", lambda run: _training(run, "budget")),
    ("the demonstrations", lambda run: _training(run, "demonstrations")),
    ("the settings", lambda run: _training(run, "config")),
)


def _not_comparable(run: Outcomes, other: Outcomes) -> str:
    """What differs that must not: suite, engine, metric, or what was asked of the training."""
    what = differs(run, other)
    if what is not None:
        return f"the {what} is another one than when {other.path.name} was published"
    for name, of in _OF_A_TRAINING:
        if of(run) != of(other):
            return f"{name} of the training: {_brief(of(run))}, published {_brief(of(other))}"
    return ""


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _same(run: Run, other: Outcomes, keys: Sequence[str]) -> bool:
    """Whether actions and measurements of all common episodes are the same; reads where results differ."""
    if run.results == other.results:
        return True
    was = {record.key: record for record in load_run(other.path).episodes}
    now = {record.key: record for record in run.episodes}
    return all(
        now[key].actions.sha256 == was[key].actions.sha256
        and now[key].measurement == was[key].measurement
        and now[key].status == was[key].status
        for key in keys
    )


def _difference(run: Outcomes, other: Outcomes, keys: Sequence[str]) -> Estimate:
    """New less published, pair by pair: the unweighted mean over families of the mean differences."""
    now, was = (Board([each], keys).by_family("dbs") for each in (run, other))
    (estimate,) = mean_over_families(
        {name: now[name] - was[name] for name in now},
        lowest=-100.0,
        highest=100.0,
        rng=generator(run.results, other.results, "difference"),
    )
    return estimate


def _holds(estimate: Estimate, value: float) -> bool:
    """Whether a value lies within an interval; where there is none, anything does."""
    if estimate.low is None or estimate.high is None:
        return True
    return estimate.low <= value <= estimate.high
