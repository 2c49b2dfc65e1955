"""Regulated roads and open traffic: against stock highway-env's intersections, and by themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scenarios.stock.parity import ORACLE_ENVIRONMENT

HERE = Path(__file__).parent
KINEMATIC = {
    "action": {
        "type": "ContinuousAction",
        "steering_range": [-1.0, 1.0],
        "longitudinal": True,
        "lateral": True,
        "dynamical": False,
        "target_speeds": [0, 4.5, 9],
    }
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "v0": ("intersection-v0", {}),
    "v1": ("intersection-v1", {}),
    "v1, kinematic": ("intersection-v1", KINEMATIC),
    "v2": ("intersection-v2", {}),
    "multi-agent-v1": ("intersection-multi-agent-v1", {}),
    "multi-agent-v2": ("intersection-multi-agent-v2", {}),
    "v0, linear": ("intersection-v0", {"other_vehicles_type": "highway_env.vehicle.behavior.LinearVehicle"}),
    "v2, aggressive": (
        "intersection-v2",
        {"other_vehicles_type": "highway_env.vehicle.behavior.AggressiveVehicle", "spawn_probability": 1.0},
    ),
}


def compare(env_id: str, config: dict[str, Any], *, seeds: int, decisions: int) -> list[dict[str, Any]]:
    """Episodes of both, driven in a process of their own."""
    result = subprocess.run(
        [
            sys.executable,
            HERE / "stock_crossing.py",
            *("--id", env_id, "--config", json.dumps(config)),
            *("--seeds", str(seeds), "--decisions", str(decisions)),
        ],
        env={**os.environ, **ORACLE_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intersections_are_stocks_bit_for_bit(name: str) -> None:
    env_id, config = CASES[name]
    found = compare(env_id, config, seeds=2, decisions=13)
    assert [episode["differs"] for episode in found] == ["", ""]
    for count in ("entered", "changes"):
        assert sum(episode[count] for episode in found) > 0, count
