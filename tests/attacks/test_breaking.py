"""A policy that breaks its own process loses its own episode, and nobody and nothing else is changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attack_files import attacking, attacks

from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.evaluation.verify import verify_run
from drivebench.scenario import DEV, load_scenario
from drivebench.suite import Suite, SuiteEntry
from drivebench.world.layout import EntityFloat

LIMITS = Limits(start_up_s=120.0, decision_s=3.0, memory_bytes=1 << 29)
EVERY = 5
"""One episode in so many is left alone."""


def suite(count: int) -> tuple[Suite, list[str]]:
    """A suite, and the speed at which each of its episodes begins, as its bytes."""
    entries, speeds = [], []
    for seed in range(DEV.start + 810_000, DEV.start + 810_000 + count):
        episode = load_scenario("lane-keeping-v1").episode(seed)
        entries.append(
            SuiteEntry(
                scenario="lane-keeping-v1",
                condition="nominal",
                seed=seed,
                reference_time_s=25.0,
                reference_distance_m=200.0,
                world_digest=episode.world.digest,
                task_digest=episode.task_digest,
            )
        )
        speed = episode.world.entity_float[int(EntityFloat.SPEED), episode.world.ego]
        speeds.append(np.float32(speed).tobytes().hex())
    assert len(set(speeds)) == count
    return Suite(name="small", version=1, description="For tests.", entries=tuple(entries)), speeds


def evaluated(where: Path, made: Path, isolation: str) -> Run:
    request = EvaluationRequest(
        what=str(made), suite="small", out=where, workers=1, chunk_size=1, limits=LIMITS, isolation=isolation
    )
    return evaluate(request)


def driven(record: EpisodeRecord) -> EpisodeRecord:
    """A record without the fault."""
    return replace(record, status=Status.DRIVEN, reason="")


def test_each_attack_costs_its_own_episode_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tier = choose()
    known = [attack for attack in attacks("breaking") if attack.stopped_in(tier)]
    assert len(known) > 10
    slots = [slot for slot in range(len(known) * 2) if slot % EVERY][: len(known)]
    small, speeds = suite(slots[-1] + 2)
    for module in (run_module, verify_module):
        monkeypatch.setattr(module, "load_suite", lambda name: small)
    plan = {speeds[slot]: attack.name for slot, attack in zip(slots, known, strict=True)}
    benign = evaluated(tmp_path / "benign", attacking(tmp_path / "a", "breaking", {}), tier.value)
    made = attacking(tmp_path / "b", "breaking", plan, "breaking")
    attacked = evaluated(tmp_path / "attacked", made, tier.value)
    assert not benign.failures
    by_slot = dict(zip(slots, known, strict=True))
    for slot, (before, after) in enumerate(zip(benign.episodes, attacked.episodes, strict=True)):
        if slot not in by_slot:
            assert after == before
            continue
        attack = by_slot[slot]
        assert after.status.value == attack.module.STATUS, (attack.name, after.reason)
        assert attack.module.REASON in after.reason, attack.name
        assert len(after.reason) <= 500
        assert after.reason.isprintable()
        assert after.score == 0.0
        assert after.actions.decisions == 0
    assert attacked.manifest.isolation == tier.value
    assert verify_run(tmp_path / "attacked").agrees
