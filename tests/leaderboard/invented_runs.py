"""Run directories with known numbers, written as ``drivebench evaluate`` writes them, without a simulator."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from drivebench.evaluation.manifest import Driven, Limits, PolicyCard, RunManifest, Selection, SuiteCard
from drivebench.evaluation.record import (
    ActionLog,
    ChunkTiming,
    EpisodeRecord,
    Run,
    Status,
    checksums_of,
    encode,
    load_run,
)
from drivebench.metric.events import Collision, Contact, GoalReached, Partner
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.score import METRIC_VERSION, metric_digest

FAMILIES = ("lane-keeping", "highway", "merge", "roundabout")
ABILITIES = {
    "lane-keeping-v1": ("lane-keeping",),
    "highway-v1": ("interaction",),
    "merge-v1": ("interaction",),
    "roundabout-v1": ("interaction",),
    "exit-v1": ("interaction",),
}
CONDITIONS = ("nominal", "off-course")
REFERENCE = Reference(time_s=30.0, distance_m=500.0)


@dataclass(frozen=True, kw_only=True)
class Episode:
    """What happened, in the terms of a table."""

    family: str
    condition: str = "nominal"
    seed: int = 2_000_000
    progress: float = 1.0
    crashed: bool = False
    status: Status = Status.DRIVEN
    uncomfortable_s: float = 0.0


def suite(per_cell: int = 3, families: Sequence[str] = FAMILIES) -> list[Episode]:
    """All families under both conditions, driven perfectly."""
    return [
        Episode(family=family, condition=condition, seed=2_000_000 + seed)
        for family in families
        for condition in CONDITIONS
        for seed in range(per_cell)
    ]


def failing(episodes: Sequence[Episode], every: int) -> list[Episode]:
    """The same with a crash in every so-manieth episode."""
    return [replace(episode, crashed=k % every == 0) for k, episode in enumerate(episodes)]


def measurement(episode: Episode) -> EpisodeMeasurement:
    distance_m = episode.progress * 0.95 * REFERENCE.distance_m
    if episode.crashed:
        event: Any = Collision(
            time_s=12.0,
            partner=Partner.VEHICLE,
            partner_index=3,
            contact=Contact.FRONT,
            ego_speed_mps=20.0,
            partner_speed_mps=10.0,
            straddling=False,
            braking_mps2=0.0,
            stopped_without_cause=False,
            flow_share=1.0,
            entered_lane_s=None,
            joined_road_s=None,
        )
        ending = Ending.COLLISION
    else:
        event, ending = GoalReached(time_s=29.0), Ending.GOAL
    return EpisodeMeasurement(
        ended_by=ending,
        duration_s=12.0 if episode.crashed else 30.0,
        horizon_s=60.0,
        speed_limit_mps=25.0,
        goal_m=distance_m if not episode.crashed else 500.0,
        progress_m=distance_m,
        reference_progress_m=distance_m,
        distance_m=distance_m,
        off_road_s=0.0,
        off_road_m=0.0,
        against_m=0.0,
        off_route_m=0.0,
        short_ttc_s=0.0,
        shortest_ttc_s=None,
        overspeed_m=0.0,
        uncomfortable_s=episode.uncomfortable_s,
        uncomfortable_nuplan_s=0.0,
        flow_s=0.0,
        flow_m=0.0,
        in_flow_m=0.0,
        events=(event,),
    )


def write_run(
    path: Path,
    episodes: Sequence[Episode],
    *,
    name: str = "some-policy",
    track: str = "camera",
    training_seed: int | None = None,
    selection: Selection | None = None,
    **changes: Any,
) -> Path:
    """Write a finished run.

    Args:
        path: New directory.
        episodes: What happened.
        name: Of the policy.
        track: Its track.
        training_seed: Noted as ``drivebench train`` notes it.
        selection: Noted in the manifest.
        changes: Fields of the manifest to be set.
    """
    (path / "actions").mkdir(parents=True)
    actions = np.zeros((len(episodes), 2), np.int16)
    np.save(path / "actions" / "0000.npy", actions)
    records = [
        EpisodeRecord(
            scenario=f"{episode.family}-v1",
            condition=episode.condition,
            seed=episode.seed,
            world_digest="0" * 64,
            chunk=0,
            status=episode.status,
            reason="" if episode.status is Status.DRIVEN else "ValueError: no such road",
            reference=REFERENCE,
            measurement=measurement(episode),
            actions=ActionLog(
                file="actions/0000.npy",
                start=k,
                decisions=1,
                sha256=hashlib.sha256(actions[k].tobytes()).hexdigest(),
            ),
        )
        for k, episode in enumerate(episodes)
    ]
    manifest = RunManifest(
        drivebench="0.1.0",
        policy=PolicyCard(
            kind=Driven.DRIVER if track == "privileged" else Driven.SUBMISSION,
            name=name,
            track=track,
            digest=hashlib.sha256(f"{name}{training_seed}".encode()).hexdigest(),
            training=None if training_seed is None else {"seed": training_seed},
        ),
        suite=SuiteCard(name="test", version=1, digest="a" * 64, abilities=ABILITIES),
        selection=selection or Selection(),
        metric_version=METRIC_VERSION,
        metric_digest=metric_digest(),
        engine_digest="e" * 16,
        isolation="process",
        chunk_size=len(episodes),
        limits=Limits(),
        episodes=tuple(record.key for record in records),
    )
    timing = ChunkTiming(
        chunk=0,
        episodes=len(episodes),
        decisions=150,
        wall_s=3.0,
        latency_p50_s=0.004,
        latency_p99_s=0.008,
        latency_max_s=0.009,
    )
    (path / "run.json").write_text(encode(replace(manifest, **changes)) + "\n")
    (path / "episodes.jsonl").write_text("".join(encode(record) + "\n" for record in records))
    (path / "timing.jsonl").write_text(encode(timing) + "\n")
    (path / "checksums.json").write_text(json.dumps(checksums_of(path)) + "\n")
    return path


def run_of(path: Path, episodes: Sequence[Episode], **options: Any) -> Run:
    """Write a finished run and read it."""
    return load_run(write_run(path, episodes, **options))
