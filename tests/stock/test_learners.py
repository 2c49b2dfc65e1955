"""stable-baselines3 trains on ours unchanged, and sees what it sees on highway-env's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from scenarios.stock.parity import ORACLE_ENVIRONMENT


def _trained() -> PPO:
    torch.set_num_threads(1)
    environment = gymnasium.make("drivebench/stock-highway-fast-v0")
    model = PPO("MlpPolicy", environment, n_steps=64, batch_size=64, n_epochs=4, seed=0, device="cpu")
    return model.learn(256)


def test_ppo_trains_and_a_seed_fixes_what_it_learns() -> None:
    first, second = _trained(), _trained()
    untrained = PPO("MlpPolicy", gymnasium.make("drivebench/stock-highway-fast-v0"), seed=0, device="cpu")
    weights = [
        np.concatenate([value.numpy().ravel() for value in model.policy.state_dict().values()])
        for model in (first, second, untrained)
    ]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.isfinite(weights[0]).all()
    assert np.abs(weights[0] - weights[2]).max() > 1e-3, "it has learned something"
    assert len(first.ep_info_buffer or ()) > 5
    action, _ = first.predict(gymnasium.make("drivebench/stock-highway-fast-v0").reset(seed=1)[0])
    assert 0 <= int(action) < 5


@pytest.mark.slow
def test_dqn_sees_the_same_transitions_on_stock_and_on_ours() -> None:
    script = Path(__file__).with_name("transitions.py")
    result = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, **ORACLE_ENVIRONMENT, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    stock, ours = json.loads(result.stdout.splitlines()[-1])
    assert int(ours["episodes"]) > 20
    assert ours == stock
