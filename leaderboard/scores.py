"""The derived scores of one run: from its records alone, each number with its interval and its n."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from drivebench.evaluation.record import Run
from leaderboard.board import ALL, Board, Part
from leaderboard.outcomes import MEASURES, Outcomes, outcomes_of
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["LEAKING_SENSORS", "Group", "RunScore", "estimate_json", "score_run"]

LEAKING_SENSORS = ("yaw-rate", "last-action")
"""Sensors that carry the label of the last decision; marked wherever a policy that uses them is listed."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A run on a part of the episodes: a family, a condition, an ability, or all; computed when asked for.

    Attributes:
        board: Where the run stands.
        run: Its place there.
        part: Of the episodes.
    """

    board: Board
    run: int
    part: Part

    @property
    def measures(self) -> Mapping[str, Estimate]:
        """An estimate for each of ``MEASURES``, in percent."""
        return {name: self.measure(name) for name in MEASURES}

    @property
    def dbs(self) -> Estimate:
        """The DriveBench Score of the part."""
        return self.measure("dbs")

    @property
    def at_fault(self) -> Estimate | None:
        """At-fault collisions per 100 km; None when nothing was driven."""
        return self.board.at_fault(self.run, self.part)

    def measure(self, name: str) -> Estimate:
        """One of ``MEASURES``."""
        return self.board.scored(name, self.part).estimates[self.run]


@dataclass(frozen=True, kw_only=True)
class RunScore:
    """What a run says, derived; computed when asked for.

    Attributes:
        board: The runs that it is listed with.
        place: Of the run among them.
    """

    board: Board
    place: int

    @property
    def run(self) -> Outcomes:
        """The run."""
        return self.board.runs[self.place]

    @property
    def keys(self) -> tuple[str, ...]:
        """Episodes that the scores are over."""
        return self.board.keys

    @property
    def overall(self) -> Group:
        """All of them; its ``dbs`` is the headline."""
        return Group(board=self.board, run=self.place, part=ALL)

    @property
    def families(self) -> dict[str, Group]:
        """By family, in the suite's order."""
        return self._groups("family")

    @property
    def conditions(self) -> dict[str, Group]:
        """By condition."""
        return self._groups("condition")

    @property
    def abilities(self) -> dict[str, Group]:
        """By ability, over the episodes that test it."""
        return self._groups("ability")

    @cached_property
    def drops(self) -> dict[str, Estimate | None]:
        """By condition, what is lost under it, in percent, on seeds that were also driven nominally."""
        import pandas as pd

        from leaderboard.drops import drops

        frame = pd.DataFrame({**vars(self.board.cells), "dbs": self.board.values("dbs")[:, self.place]})
        return drops(frame, self.run.results)

    @cached_property
    def faults(self) -> dict[str, int]:
        """In how many episodes the policy failed, by status; with ``missing`` for those without record."""
        statuses = self.board.statuses(self.place)
        return {name: statuses[name] for name in sorted(statuses) if name != "driven"}

    @property
    def name(self) -> str:
        """Of the policy."""
        return self.run.name

    @property
    def leaks(self) -> tuple[str, ...]:
        """Sensors of the policy that leak the label."""
        sensed = {str(sensor.get("name")) for sensor in self.run.manifest.policy.sensors}
        return tuple(name for name in LEAKING_SENSORS if name in sensed)

    @cached_property
    def worst_family(self) -> tuple[str, float]:
        """The family with the lowest score, the first of them in a tie, and that score."""
        means = self.board.family_means[:, self.place]
        worst = int(means.argmin())
        return tuple(self.board.family_scores)[worst], float(means[worst])

    def as_json(self) -> dict[str, Any]:
        """The documented object that ``drivebench score --json`` prints for a run."""
        manifest = self.run.manifest
        return {
            "policy": {
                "name": self.name,
                "kind": manifest.policy.kind.value,
                "track": manifest.policy.track,
                "digest": manifest.policy.digest,
                "training_seed": self.run.training_seed,
                "leaking_sensors": list(self.leaks),
            },
            "suite": {**asdict(manifest.suite), "partial": manifest.selection.partial},
            "metric": {"version": manifest.metric_version, "digest": manifest.metric_digest},
            "drivebench": manifest.drivebench,
            "isolation": manifest.isolation,
            "results": self.run.results,
            "level": LEVEL,
            "episodes": len(self.keys),
            "faults": dict(self.faults),
            "latency_s": self.run.latency_s,
            "worst_family": self.worst_family[0],
            "overall": _group_json(self.overall),
            "families": {name: _group_json(group) for name, group in self.families.items()},
            "conditions": {name: _group_json(group) for name, group in self.conditions.items()},
            "abilities": {name: _group_json(group) for name, group in self.abilities.items()},
            "drops": {name: estimate_json(drop) for name, drop in self.drops.items()},
        }

    def _groups(self, kind: str) -> dict[str, Group]:
        return {
            name: Group(board=self.board, run=self.place, part=Part(kind, name))
            for name in self.board.names(kind)
        }


def _group_json(group: Group) -> dict[str, Any]:
    estimates = {**group.measures, "at_fault_per_100_km": group.at_fault}
    return {name: estimate_json(estimate) for name, estimate in estimates.items()}


def estimate_json(estimate: Estimate | None) -> dict[str, float | int | None] | None:
    """An estimate as JSON, to six digits after the point: more would be noise of the floating point."""
    if estimate is None:
        return None
    ends = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    rounded = {name: None if end is None else round(end, 6) for name, end in ends.items()}
    return {**rounded, "n": estimate.n}


def score_run(run: Run | Outcomes, keys: Sequence[str] | None = None) -> RunScore:
    """Derive the scores of a run; each is computed when it is asked for.

    Args:
        run: As :func:`drivebench.evaluation.record.load_run` or :func:`leaderboard.index.read_runs` gives it.
        keys: Episodes that the scores are over; those of the run when None. What the run lacks of them
            scores 0.

    Raises:
        RecordError: The run was measured by another version of the metric than this one derives scores by.
    """
    outcomes = run if isinstance(run, Outcomes) else outcomes_of(run)
    return RunScore(board=Board([outcomes], keys or run.manifest.episodes), place=0)
