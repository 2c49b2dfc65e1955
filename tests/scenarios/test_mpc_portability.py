"""Solutions do not depend on the machine: on another instruction set they are the same bits."""

import os
import subprocess
import sys

import pytest
from test_portability import OTHER_MACHINE

CODE = """
import hashlib
import numpy as np
from drivebench.world.threads import share_out
from scenarios.mpc.solver import COST, solve_shares
from scenarios.mpc.stage import Weights
from scenarios.reference_path import ReferencePath

generator = np.random.default_rng(0)
problems, decisions, others = 6, 25, 4
along = np.arange(0.0, 120.0, 2.0)
points = np.stack([along, 0.002 * along * along], axis=1)
path = ReferencePath.through(points, along, speed_limit_mps=14.0)
corridor = np.tile([-6.0, 2.0], (len(path.knots), 1))
states = np.zeros((problems, decisions + 1, 6))
states[:, 0, :4] = generator.uniform((0.0, -3.0, -0.5, 0.0), (5.0, 3.0, 0.5, 15.0), size=(problems, 4))
traffic = np.zeros((problems, decisions + 1, others, 7))
traffic[..., 4] = generator.uniform(2.0, 10.0, size=(problems, 1, others))
start = generator.uniform(10.0, 60.0, size=(problems, 1, others))
traffic[..., 0] = start + traffic[..., 4] * 0.2 * np.arange(decisions + 1)[None, :, None]
traffic[..., 1] = generator.uniform(-4.0, 6.0, size=(problems, 1, others))
traffic[..., 2], traffic[..., 5], traffic[..., 6] = 1.0, 2.5, 1.0
controls = np.zeros((problems, decisions, 2))
gains, told = np.zeros((problems, decisions, 2, 6)), np.zeros((problems, 4))
whole = np.zeros(problems, np.int64)
bounds = np.array([[-5.0, -0.7], [2.0, 0.7]])
share_out(solve_shares, problems, (
    np.arange(problems), 8, path.knots[None, None], corridor[None, None],
    np.full((1, 1), len(path.knots)), whole, np.zeros((problems, decisions + 1), np.int64),
    np.zeros((problems, 1), np.int64), whole + decisions, np.full(problems, 0.01),
    np.tile([2.5, 1.0], (problems, 1)), traffic, whole + others, Weights().as_array(), bounds, states,
    controls, gains, np.zeros((problems, decisions, 2, 2)), told,
))
assert np.isfinite(states).all() and (told[:, COST] > 0.0).all() and told[:, 3].max() >= 3.0
print(hashlib.sha256(states.tobytes() + controls.tobytes() + gains.tobytes() + told.tobytes()).hexdigest())
"""


def _digest(settings: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
def test_an_old_processor_finds_the_same_trajectories() -> None:
    assert _digest(OTHER_MACHINE) == _digest({})
