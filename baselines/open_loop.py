"""Open loop: how well a network explains the expert's actions on frames that it has not learnt from.

This is what a training curve shows, and it says little about driving: the frames are the expert's, not those
that the network's own errors lead to. Held-out frames are of other drives, on the same training roads.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.camera_network import (
    ACCELERATION_SCALE_MPS2,
    CURVATURE_SCALE_PER_M,
    CameraNetwork,
    steering_for,
)
from baselines.fitting import inputs
from drivebench.demonstrations import Demonstration, FrameBatches
from drivebench.sensors import FRONT

__all__ = ["open_loop", "r_squared"]

MOST_FRAMES = 4000


def r_squared(truth: NDArray[np.float64], answer: NDArray[np.float64]) -> float:
    """Share of the variance that is explained: 1 is perfect, 0 is no better than the mean.

    Args:
        truth: ``f8[n]``.
        answer: ``f8[n]``.

    Returns:
        The coefficient of determination; NaN when the truth is constant.
    """
    residual, spread = np.square(truth - answer).mean(), truth.var()
    return float(1.0 - residual / spread) if spread > 0.0 else float("nan")


def open_loop(network: CameraNetwork, episodes: Sequence[Demonstration]) -> dict[str, float]:
    """Compare the network with the expert, frame by frame, from the front camera.

    Args:
        network: A trained network.
        episodes: Episodes that it has not learnt from; of more than 4,000 frames, evenly spaced ones.

    Returns:
        ``steering_r2`` and ``acceleration_r2`` (shares of variance), ``steering_mae_rad`` and
        ``acceleration_mae_mps2`` (mean absolute errors), ``frames``.
    """
    truth, answer = [], []
    with torch.inference_mode():
        for batch in FrameBatches(episodes, cameras=(FRONT,)).in_order(64, at_most=MOST_FRAMES):
            truth.append(np.stack([batch.steering_rad, batch.acceleration_mps2], axis=1))
            answer.append(network(*inputs(batch, "cpu")).double().numpy())
    wanted, given = np.concatenate(truth), np.concatenate(answer)
    given = np.stack(
        [steering_for(given[:, 0] * CURVATURE_SCALE_PER_M), given[:, 1] * ACCELERATION_SCALE_MPS2], axis=1
    )
    error = np.abs(wanted - given).mean(axis=0)
    return {
        "steering_r2": r_squared(wanted[:, 0], given[:, 0]),
        "acceleration_r2": r_squared(wanted[:, 1], given[:, 1]),
        "steering_mae_rad": float(error[0]),
        "acceleration_mae_mps2": float(error[1]),
        "frames": float(len(wanted)),
    }
