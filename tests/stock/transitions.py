"""Trains stable-baselines3's DQN on stock highway-env and on ours; prints digests of what it saw, as JSON.

Run as a program in the oracle's environment; see ``test_learners.py``. Settings are those of highway-env's
documentation for ``highway-fast-v0``, with fewer steps before learning starts.
"""

import hashlib
import json
import sys
import warnings
from typing import Any

import conftest  # noqa: F401 (registers the stock ids)
import gymnasium
import torch
from stable_baselines3 import DQN

from scenarios.stock.upstream import register_stock_ids

TRANSITIONS = 1000


def transitions(env_id: str) -> dict[str, str]:
    """Digests of the first transitions that DQN sees, by part, and of the weights that it learns."""
    model = DQN(
        "MlpPolicy",
        gymnasium.make(env_id),
        policy_kwargs={"net_arch": [64, 64]},
        learning_rate=5e-4,
        buffer_size=TRANSITIONS,
        learning_starts=200,
        batch_size=32,
        gamma=0.8,
        train_freq=4,
        target_update_interval=50,
        exploration_fraction=0.7,
        seed=0,
        device="cpu",
    )
    model.learn(TRANSITIONS)
    buffer: Any = model.replay_buffer
    parts = {
        name: getattr(buffer, name)[:TRANSITIONS]
        for name in ("observations", "actions", "rewards", "dones", "next_observations", "timeouts")
    }
    weights = b"".join(value.numpy().tobytes() for value in model.policy.state_dict().values())
    digests = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in parts.items()}
    return {
        **digests,
        "episodes": str(int(parts["dones"].sum())),
        "weights": hashlib.sha256(weights).hexdigest(),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    register_stock_ids()
    found = [transitions(env_id) for env_id in ("highway-fast-v0", "drivebench/stock-highway-fast-v0")]
    sys.stdout.write("\n" + json.dumps(found) + "\n")
