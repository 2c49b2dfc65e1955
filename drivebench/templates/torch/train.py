"""Teaches the network of ``policy.py`` what a driver did in the same states: behaviour cloning.

drivebench collect --scenario lane-keeping-v1 --episodes 12 --condition off-course --condition nominal \
    --expert noisy --out demonstrations
python train.py demonstrations

The driver ``noisy`` is the expert with noise: states beside the route are among its demonstrations.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from policy import (
    ACCELERATION_RANGE_MPS2,
    STEERING_RANGE_RAD,
    WEIGHTS,
    Network,
    lateral_for,
)
from safetensors.torch import save_file

from drivebench.demonstrations import read
from drivebench.demonstrations.sensed import sensed
from drivebench.sensors import load_sensor
from drivebench.world import dequantise

STEPS, BATCH, LEARNING_RATE = 1500, 256, 3e-3


def train(demonstrations: Path, out: Path) -> float:
    """Learn from a folder that ``drivebench collect`` wrote, and write the weights.

    Returns:
        The loss of the last tenth of the steps.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)  # it is a small network
    episodes = read(demonstrations).episodes
    names = ("kinematics", "route-geometry", "speed")
    observed = sensed(episodes, [load_sensor(name) for name in names])
    inputs = [torch.tensor(observed[name]) for name in names]
    actions = dequantise(np.concatenate([episode.taught for episode in episodes]))
    right_mps2 = lateral_for(actions[:, 1] * STEERING_RANGE_RAD, observed["speed"][:, 0])
    answers = torch.tensor(np.stack([actions[:, 0] * ACCELERATION_RANGE_MPS2, right_mps2], axis=1)).float()
    network = Network()
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    losses = []
    for _ in range(STEPS):
        rows = torch.randint(len(answers), (BATCH,))
        loss = torch.nn.functional.smooth_l1_loss(network(*(each[rows] for each in inputs)), answers[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    save_file(network.state_dict(), out)
    return float(np.mean(losses[-STEPS // 10 :]))


if __name__ == "__main__":
    last = train(Path(sys.argv[1]), Path(__file__).with_name(WEIGHTS))
    print(f"{WEIGHTS}: loss {last:.4f}")  # noqa: T201
