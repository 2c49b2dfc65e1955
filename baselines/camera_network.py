"""A small convolutional driver: front image, speed and command in; curvature and acceleration out.

This file is a whole policy. Training imports it, and a copy of it is the ``policy.py`` of every submission
directory that the camera baselines write, so it imports nothing but torch, numpy and safetensors.

The network follows PilotNet (Bojarski et al. 2016, "End to end learning for self-driving cars",
arXiv:1604.07316): convolutions with stride, then fully connected layers. Like PilotNet it predicts the
curvature 1/r of the path and not the steering angle, because a curvature means the same at every speed and
has no singularity on a straight. It is smaller than PilotNet (120 thousand weights against 250 thousand) so
that a CPU trains it in minutes; the image is halved for the same reason, which costs little because the
camera's filtered markings keep their centre when neighbouring pixels are averaged.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

__all__ = ["SENSORS", "WEIGHTS_FILE", "CameraNetwork", "CameraPolicy", "curvature_of", "load", "steering_for"]

SENSORS = ("front", "speed", "command")
WEIGHTS_FILE = "weights.safetensors"

# What the simulator does with an action in [-1, 1] (highway-env's ContinuousAction), and its vehicle.
ACCELERATION_RANGE_MPS2 = 5.0
STEERING_RANGE_RAD = float(np.pi / 4.0)
VEHICLE_LENGTH_M = 5.0

# Rows of a 64-row front image that are kept: those below hold the road ahead, those above only the sky.
FIRST_ROW, LAST_ROW = 20, 64

# Typical sizes, by which inputs and outputs are divided so that the network sees numbers near one.
SPEED_SCALE_MPS = 10.0
CURVATURE_SCALE_PER_M = 0.02
ACCELERATION_SCALE_MPS2 = 2.0


def curvature_of(steering_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curvature of the path that the vehicle's centre follows under a constant steering angle.

    highway-env's bicycle has its reference point midway between the axles, which are one vehicle length L
    apart: the velocity points ``beta = atan(tan(steering) / 2)`` away from the heading and the heading turns
    by ``speed * sin(beta) / (L / 2)``; course = heading + beta, so the curvature is ``2 sin(beta) / L``.

    Args:
        steering_rad: Angle of the front wheels, clockwise positive, any shape.

    Returns:
        Curvature in 1/m, positive in a turn to the right.
    """
    slip_rad = np.arctan(0.5 * np.tan(steering_rad))
    return np.asarray(2.0 * np.sin(slip_rad) / VEHICLE_LENGTH_M)


def steering_for(curvature_per_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steering angle that follows a curvature: the exact inverse of :func:`curvature_of`, within the range.

    Args:
        curvature_per_m: Wanted curvature in 1/m, any shape; beyond the tightest turn it is clipped.

    Returns:
        Angle of the front wheels in rad, within ``STEERING_RANGE_RAD``.
    """
    tightest = curvature_of(np.asarray(STEERING_RANGE_RAD))
    slip_rad = np.arcsin(np.clip(curvature_per_m, -tightest, tightest) * VEHICLE_LENGTH_M / 2.0)
    return np.asarray(np.arctan(2.0 * np.tan(slip_rad)))


class CameraNetwork(nn.Module):
    """Front image, speed and command to curvature and acceleration.

    ``forward(image u8[n, 3, 64, 160], speed f4[n, 1] m/s, command f4[n, 6] one-hot)`` gives ``f4[n, 2]``:
    curvature in units of ``CURVATURE_SCALE_PER_M`` and acceleration in units of ``ACCELERATION_SCALE_MPS2``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.vision = nn.Sequential(
            nn.AvgPool2d(2),
            nn.Conv2d(3, 24, kernel_size=5, stride=2),
            nn.ReLU(),
            nn.Conv2d(24, 32, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Conv2d(32, 48, kernel_size=3),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.command = nn.Linear(6, 64, bias=False)
        # Commands that the demonstrations never give must not disturb: their columns start at zero and stay.
        nn.init.zeros_(self.command.weight)
        self.speed = nn.Linear(1, 64, bias=False)
        self.features = nn.Linear(48 * 2 * 16, 64)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, image: Tensor, speed: Tensor, command: Tensor) -> Tensor:
        """See the class."""
        pixels = image[:, :, FIRST_ROW:LAST_ROW].float() / 127.5 - 1.0
        hidden = self.features(self.vision(pixels)) + self.command(command)
        answer: Tensor = self.head(hidden + self.speed(speed / SPEED_SCALE_MPS))
        return answer


class CameraPolicy:
    """Drives a batch of episodes with a trained :class:`CameraNetwork`; remembers nothing between steps."""

    sensors = SENSORS

    def __init__(self, network: CameraNetwork) -> None:
        self.network = network.eval()

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Episodes start in these slots: nothing to forget."""

    def act(
        self,
        observation: Mapping[str, Any],
        slots: NDArray[np.int64],  # noqa: ARG002 - the protocol's name
    ) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` in [-1, 1]: acceleration and steering.

        Args:
            observation: ``front`` u8[n, 3, 64, 160], ``speed`` f4[n, 1] and ``command`` f4[n, 6].
            slots: ``i8[n]`` which episodes these are; a policy without memory need not know.
        """
        with torch.inference_mode():
            answer = self.network(*(torch.from_numpy(np.ascontiguousarray(observation[s])) for s in SENSORS))
        wanted = answer.double().numpy()
        steering_rad = steering_for(wanted[:, 0] * CURVATURE_SCALE_PER_M)
        acceleration_mps2 = wanted[:, 1] * ACCELERATION_SCALE_MPS2
        actions = np.stack(
            [acceleration_mps2 / ACCELERATION_RANGE_MPS2, steering_rad / STEERING_RANGE_RAD], axis=1
        )
        return np.asarray(np.clip(actions, -1.0, 1.0), dtype=np.float32)


def load(directory: str | Path) -> CameraPolicy:
    """The policy of a submission directory: what the evaluation calls.

    Args:
        directory: Folder that holds ``weights.safetensors``.
    """
    torch.set_num_threads(1)  # one order of additions, whatever the machine
    network = CameraNetwork()
    network.load_state_dict(load_file(Path(directory) / WEIGHTS_FILE))
    return CameraPolicy(network)
