"""A small network in torch that drives on what ``submission.toml`` declares; ``train.py`` has taught it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

WEIGHTS = "weights.safetensors"

# What an action in [-1, 1] means, and the vehicle (highway-env's).
ACCELERATION_RANGE_MPS2 = 5.0
STEERING_RANGE_RAD = np.pi / 4
VEHICLE_LENGTH_M = 5.0

# By what inputs are divided, so that the network sees numbers near one.
TABLE_SCALE = (1.0, 30.0, 8.0, 10.0, 10.0)
ROUTE_SCALE = (1.0, 0.2) + (0.02,) * 8
SPEED_SCALE_MPS = 10.0
SLOWEST_MPS = 3.0


class Network(nn.Module):
    """What is sensed to the acceleration ahead and to the right, both in m/s²."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(8 * 5 + 10 + 1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 2)
        )

    def forward(self, table: Tensor, route: Tensor, speed: Tensor) -> Tensor:
        """Table f4[n, 8, 5], route f4[n, 10] and speed f4[n, 1] to f4[n, 2]."""
        near = (table / torch.tensor(TABLE_SCALE)).flatten(1)
        bends = torch.clamp(route / torch.tensor(ROUTE_SCALE), -10.0, 10.0)
        answer: Tensor = self.layers(torch.cat([near, bends, speed / SPEED_SCALE_MPS], dim=1))
        return answer


class TorchPolicy:
    """Drives many episodes at once; remembers nothing, so that there is nothing to forget."""

    def __init__(self, network: Network) -> None:
        self._network = network.eval()

    def reset(self, slots: NDArray[np.int64]) -> None:
        """New episodes begin in these slots."""

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions f4[n, 2]: acceleration and steering in [-1, 1]; row i belongs to slots[i]."""
        del slots
        names = ("kinematics", "route-geometry", "speed")
        with torch.inference_mode():
            # torch.tensor copies: the order of additions depends on where in memory numbers lie
            ahead, right = self._network(*(torch.tensor(observation[name]) for name in names)).double().T
        steering_rad = steering_for(right.numpy(), observation["speed"][:, 0])
        actions = np.stack(
            [ahead.numpy() / ACCELERATION_RANGE_MPS2, steering_rad / STEERING_RANGE_RAD], axis=1
        )
        return np.asarray(np.clip(actions, -1.0, 1.0), np.float32)


def steering_for(right_mps2: NDArray[np.float64], speed_mps: NDArray[Any]) -> NDArray[np.float64]:
    """Angle of the front wheels that accelerates the vehicle to the right like this."""
    curvature_per_m = right_mps2 / np.maximum(np.abs(speed_mps), SLOWEST_MPS) ** 2
    sine = np.clip(0.5 * VEHICLE_LENGTH_M * curvature_per_m, -0.44, 0.44)
    return np.asarray(np.arctan(2.0 * np.tan(np.arcsin(sine))))


def lateral_for(steering_rad: NDArray[np.float64], speed_mps: NDArray[Any]) -> NDArray[np.float64]:
    """The inverse of :func:`steering_for`."""
    curvature_per_m = 2.0 * np.sin(np.arctan(0.5 * np.tan(steering_rad))) / VEHICLE_LENGTH_M
    return np.asarray(curvature_per_m * np.maximum(np.abs(speed_mps), SLOWEST_MPS) ** 2)


def load(directory: Path) -> TorchPolicy:
    """Called for each batch of episodes, with this directory."""
    torch.set_num_threads(1)  # one order of additions, whatever the machine
    network = Network()
    network.load_state_dict(load_file(Path(directory) / WEIGHTS))
    return TorchPolicy(network)
