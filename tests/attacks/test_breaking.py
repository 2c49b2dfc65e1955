"""A policy that breaks its own process loses its own episode, and nobody and nothing else is changed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attack_files import Attack, attacking, attacks

from drivebench.evaluation import run as run_module
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import try_tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.evaluation.rollout import PolicyFaultError
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.scenario import DEV, load_scenario
from drivebench.submission import read_submission
from drivebench.suite import Suite, SuiteEntry
from drivebench.world.layout import EntityFloat

LIMITS = Limits(start_up_s=120.0, decision_s=2.0, memory_bytes=1 << 29)
PATIENT = replace(LIMITS, decision_s=20.0)
"""For gVisor, which is slower: what an attack runs into is to be its own limit, not this one."""
IN_A_RUN = {
    "beyond_all_numbers", "endless_loop", "giant_reply", "kill_the_parent", "memory_bomb", "not_a_number",
    "out_of_range", "poisoned_error",
}  # fmt: skip
"""One of each kind of end; the others are seen to end the same way where no episode has to be built."""
LEFT_ALONE = (0, 4, 9)
QUICK = [tier for tier in Tier if tier is not Tier.GVISOR]
"""gVisor takes seconds to start again after each attack."""


def strongest(tiers: Sequence[Tier]) -> Tier:
    return next(tier for tier in reversed(tiers) if not try_tier(tier).problem)


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


def evaluated(where: Path, made: Path, tier: Tier) -> Run:
    request = EvaluationRequest(
        what=str(made),
        suite="small",
        out=where,
        workers=1,
        chunk_size=1,
        limits=PATIENT if tier is Tier.GVISOR else LIMITS,
        isolation=tier.value,
    )
    return evaluate(request)


@pytest.mark.parametrize("tiers", [QUICK, pytest.param([Tier.GVISOR], marks=pytest.mark.slow)])
def test_each_attack_costs_its_own_episode_and_nothing_else(
    tiers: Sequence[Tier], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Tier.GVISOR in tiers and try_tier(Tier.GVISOR).problem:
        pytest.skip(f"tier gvisor is not in force here: {try_tier(Tier.GVISOR).problem}")
    tier = strongest(tiers)
    known = [attack for attack in attacks("breaking") if attack.name in IN_A_RUN and attack.stopped_in(tier)]
    small, speeds = suite(len(known) + len(LEFT_ALONE))
    by_slot = dict(zip((slot for slot in range(len(speeds)) if slot not in LEFT_ALONE), known, strict=False))
    plan = {speeds[slot]: attack.name for slot, attack in by_slot.items()}
    monkeypatch.setattr(run_module, "load_suite", lambda name: small)
    made = attacking(tmp_path / "b", "breaking", plan, "breaking")
    attacked = evaluated(tmp_path / "attacked", made, tier)
    left_alone = [slot for slot in range(len(speeds)) if slot not in by_slot]
    small = replace(small, entries=tuple(small.entries[slot] for slot in left_alone))
    benign = evaluated(tmp_path / "benign", attacking(tmp_path / "a", "breaking", {}), tier)
    assert [told(attacked.episodes[slot]) for slot in left_alone] == [
        told(record) for record in benign.episodes
    ]
    assert not benign.failures
    for slot, attack in by_slot.items():
        record = attacked.episodes[slot]
        assert_ended(attack, record.status, record.reason)
        assert record.score == 0.0
        assert record.actions.decisions == 0
    assert attacked.manifest.isolation == tier.value


def told(record: EpisodeRecord) -> EpisodeRecord:
    """A record without its place in the run."""
    return replace(record, chunk=0, actions=replace(record.actions, file=""))


def assert_ended(attack: Attack, status: Status, reason: str) -> None:
    assert status.value == attack.module.STATUS, (attack.name, reason)
    assert attack.module.REASON in reason, attack.name
    assert len(reason) <= 500
    assert reason.isprintable()


@pytest.mark.parametrize(
    "attack",
    [attack for attack in attacks("breaking") if attack.name not in IN_A_RUN],
    ids=lambda attack: attack.name,
)
def test_each_attack_ends_its_process_and_has_a_name(attack: Attack, tmp_path: Path) -> None:
    tier = strongest(QUICK)
    if not attack.stopped_in(tier):
        pytest.skip(f"tier {attack.stopped_from} stops it, which is not in force here")
    speed = np.zeros(1, np.float32)
    made = attacking(tmp_path / "a", "breaking", {speed.tobytes().hex(): attack.name}, "breaking")
    layout = Layout.of({"speed": ("<f4", (1, 1))}, [])
    with PolicyProcess(read_submission(made), layout, 1, LIMITS, tier) as process:
        process.load(seed=1)
        with pytest.raises(PolicyFaultError) as caught:
            process.act({})
    assert_ended(attack, caught.value.status, caught.value.reason)
