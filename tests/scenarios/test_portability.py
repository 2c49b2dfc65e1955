"""Episodes, and what the expert does in them, do not depend on the machine: other instruction sets agree."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import hashlib, json
from drivebench import registry
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.conditions import UNSEEN_ROAD
from drivebench.scenario import load_scenario
from scenarios.expert import Expert
episodes = [
    load_scenario(name).episode(seed, condition)
    for name in registry.names("scenario")
    for condition in load_scenario(name).conditions
    for seed in ((1_000_005, 2_000_005) if condition == UNSEEN_ROAD else (5, 2_000_005))
]
different = {episode.world.digest: episode for episode in episodes}  # weather is nothing to the expert
rollouts = roll_out(list(different.values()), [None] * len(different), DriverPilot(Expert()))
driven = {r.episode.world.digest: hashlib.sha256(r.actions.tobytes()).hexdigest() for r in rollouts}
print(json.dumps({
    f"{e.scenario}/{e.condition}/{e.seed}": [e.world.digest, e.task_digest, driven[e.world.digest]]
    for e in episodes
}))
"""

OTHER_MACHINE = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


def _digests(settings: dict[str, str]) -> dict[str, list[str]]:
    result = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    digests: dict[str, list[str]] = json.loads(result.stdout)
    return digests


@pytest.mark.slow
def test_an_old_processor_builds_and_drives_the_same_episodes() -> None:
    here = _digests({})
    assert len(here) >= 24
    assert _digests(OTHER_MACHINE) == here
