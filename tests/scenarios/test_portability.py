"""Episodes do not depend on the machine: the same digests with other instruction sets."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import json
from drivebench import registry
from drivebench.scenario import load_scenario
episodes = [
    load_scenario(name).episode(seed, condition)
    for name in registry.names("scenario")
    for condition in load_scenario(name).conditions
    for seed in (5, 1_000_005, 2_000_005)
]
print(json.dumps({f"{e.scenario}/{e.condition}/{e.seed}": [e.world.digest, e.task_digest] for e in episodes}))
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
def test_an_old_processor_builds_the_same_episodes() -> None:
    here = _digests({})
    assert len(here) >= 24
    assert _digests(OTHER_MACHINE) == here
