"""The derived scores of one run: from its records alone, each number with its interval and its n."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivebench.abilities import Ability, abilities_tested
from drivebench.errors import RecordError
from drivebench.evaluation.manifest import Driven
from drivebench.evaluation.record import Run
from drivebench.metric.score import METRIC_VERSION, metric_digest
from leaderboard.drops import drops
from leaderboard.episodes import MEASURES, episode_frame
from leaderboard.statistics import LEVEL, Estimate, event_rate, generator, mean_over_families

__all__ = ["LEAKING_SENSORS", "Group", "RunScore", "estimate_json", "overall", "score_run"]

LEAKING_SENSORS = ("yaw-rate", "last-action")
"""Sensors that carry the label of the last decision; marked wherever a policy that uses them is listed."""

KM_M = 1000.0
_ALL = "overall"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A part of the episodes: a family, a condition, an ability, or all.

    Attributes:
        measures: An estimate for each of ``MEASURES``, in percent.
        at_fault: At-fault collisions per 100 km; None when nothing was driven.
    """

    measures: Mapping[str, Estimate]
    at_fault: Estimate | None

    @property
    def dbs(self) -> Estimate:
        """The DriveBench Score of the part."""
        return self.measures["dbs"]


@dataclass(frozen=True, kw_only=True)
class RunScore:
    """What a run says, derived.

    Attributes:
        run: The run.
        keys: Episodes that the scores are over.
        overall: All of them; its ``dbs`` is the headline.
        families: By family, in the suite's order.
        conditions: By condition.
        abilities: By ability, over the episodes that test it.
        drops: By condition, what is lost under it, in percent, on seeds that were also driven nominally.
        faults: How many episodes the policy failed in, by status; with ``missing`` for those without record.
        latency_s: Median over chunks of the median time to answer one batch; None for a reference driver, and
            for a policy that never answered.
    """

    run: Run
    keys: tuple[str, ...]
    overall: Group
    families: dict[str, Group]
    conditions: dict[str, Group]
    abilities: dict[str, Group]
    drops: dict[str, Estimate | None]
    faults: Mapping[str, int]
    latency_s: float | None

    @property
    def name(self) -> str:
        """Of the policy."""
        return self.run.manifest.policy.name

    @property
    def training_seed(self) -> int | None:
        """Of the policy, if it was trained by ``drivebench train``."""
        training = self.run.manifest.policy.training or {}
        seed = training.get("seed")
        return seed if isinstance(seed, int) else None

    @property
    def training_settings(self) -> dict[str, Any]:
        """What two trainings of one method that differ in their seed alone have in common."""
        training = self.run.manifest.policy.training or {}
        return {name: training.get(name) for name in ("baseline", "budget", "config", "demonstrations")}

    @property
    def leaks(self) -> tuple[str, ...]:
        """Sensors of the policy that leak the label."""
        sensed = {str(sensor.get("name")) for sensor in self.run.manifest.policy.sensors}
        return tuple(name for name in LEAKING_SENSORS if name in sensed)

    @property
    def worst_family(self) -> str:
        """Name of the family with the lowest score; the first of them in a tie."""
        return min(self.families, key=lambda name: self.families[name].dbs.value)

    def as_json(self) -> dict[str, Any]:
        """The documented object that ``drivebench score --json`` prints for a run."""
        manifest = self.run.manifest
        return {
            "policy": {
                "name": self.name,
                "kind": manifest.policy.kind.value,
                "track": manifest.policy.track,
                "digest": manifest.policy.digest,
                "training_seed": self.training_seed,
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
            "latency_s": self.latency_s,
            "worst_family": self.worst_family,
            "overall": _group_json(self.overall),
            "families": {name: _group_json(group) for name, group in self.families.items()},
            "conditions": {name: _group_json(group) for name, group in self.conditions.items()},
            "abilities": {name: _group_json(group) for name, group in self.abilities.items()},
            "drops": {name: estimate_json(drop) for name, drop in self.drops.items()},
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


def score_run(run: Run, keys: Sequence[str] | None = None) -> RunScore:
    """Derive the scores of a run.

    Args:
        run: As :func:`drivebench.evaluation.record.load_run` gives it.
        keys: Episodes of the table that the run shall be listed in; those of the run when None. What the run
            lacks of them scores 0.

    Raises:
        RecordError: The run was measured by another version of the metric than this one derives scores by.
    """
    _check_metric(run)
    wanted = tuple(keys if keys is not None else run.manifest.episodes)
    frame = episode_frame(run, wanted)

    def group(name: str, part: pd.DataFrame) -> Group:
        return _group(part, run.results, name)

    abilities = {
        ability: group(f"ability {ability}", frame[tested])
        for ability, tested in _tested(frame, run.manifest.suite.abilities).items()
    }
    statuses = Counter(str(status) for status in frame["status"])
    return RunScore(
        run=run,
        keys=wanted,
        overall=group(_ALL, frame),
        families=_by(frame, "family", group),
        conditions=_by(frame, "condition", group),
        abilities=abilities,
        drops=drops(frame, run.results),
        faults={name: statuses[name] for name in sorted(statuses) if name != "driven"},
        latency_s=_latency_s(run),
    )


def overall(run: Run, keys: Sequence[str] | None = None) -> Group:
    """The headline of a run alone: what ``score_run(run, keys).overall`` is, in a fraction of the time.

    Args:
        run: As :func:`drivebench.evaluation.record.load_run` gives it.
        keys: Episodes that it is over; those of the run when None. What the run lacks of them scores 0.

    Raises:
        RecordError: The run was measured by another version of the metric.
    """
    _check_metric(run)
    wanted = tuple(keys if keys is not None else run.manifest.episodes)
    return _group(episode_frame(run, wanted), run.results, _ALL)


def _check_metric(run: Run) -> None:
    if run.manifest.metric_digest != metric_digest():
        raise RecordError(
            f"{run.path} was measured by version {run.manifest.metric_version} of the metric with the digest "
            f"{run.manifest.metric_digest[:16]}…; this drivebench scores by version {METRIC_VERSION} with "
            f"{metric_digest()[:16]}…. Score it with drivebench {run.manifest.drivebench}, or evaluate again."
        )


def _latency_s(run: Run) -> float | None:
    answered = [chunk.latency_p50_s for chunk in run.timing if chunk.decisions]
    if run.manifest.policy.kind is Driven.DRIVER or not answered:
        return None
    return float(np.median(answered))


def _by(frame: pd.DataFrame, column: str, group: Callable[[str, pd.DataFrame], Group]) -> dict[str, Group]:
    return {str(name): group(f"{column} {name}", part) for name, part in frame.groupby(column, sort=False)}


def _group(frame: pd.DataFrame, digest: str, name: str) -> Group:
    values = {
        str(family): part[list(MEASURES)].to_numpy(dtype=np.float64)
        for family, part in frame.groupby("family", sort=False)
    }
    estimates = mean_over_families(values, lowest=0.0, highest=100.0, rng=generator(digest, name))
    driven_m = float(frame["distance_m"].sum())
    at_fault = None
    if driven_m > 0.0:
        at_fault = event_rate(int(frame["at_fault"].sum()), driven_m / (100.0 * KM_M), len(frame))
    return Group(measures=dict(zip(MEASURES, estimates, strict=True)), at_fault=at_fault)


def _tested(frame: pd.DataFrame, abilities: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.bool_]]:
    """By ability, which episodes test it; in the order of :class:`drivebench.abilities.Ability`."""
    by_episode = [
        abilities_tested(abilities[scenario], condition)
        for scenario, condition in zip(frame["scenario"], frame["condition"], strict=True)
    ]
    masks = {each.value: np.array([each.value in tested for tested in by_episode]) for each in Ability}
    return {ability: mask for ability, mask in masks.items() if mask.any()}
