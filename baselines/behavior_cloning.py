"""Behaviour cloning from the front camera: copy what the expert did, as regression.

Reference
    D. A. Pomerleau, "ALVINN: an autonomous land vehicle in a neural network", NIPS 1988 (published 1989);
    the network after M. Bojarski et al., "End to end learning for self-driving cars", arXiv:1604.07316, 2016.

What it teaches
    The network explains the expert's steering on held-out frames almost perfectly (R² above 0.95) and still
    leaves the road: the expert never strayed, so no frame shows how to come back from where a start off
    course or the car's own errors put it (Ross, Gordon and Bagnell, AISTATS 2011, arXiv:1011.0686). Compare
    ``camera_correction.py``, which differs from this file in the cameras and the label, and in nothing else.

Deviations from the references
    The network also predicts the acceleration, and is given the speed; ALVINN and PilotNet steer only.
    Frames are not selected: Bojarski et al. add frames of curves, here all roads wind. No image augmentation.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from baselines.camera_network import (
    ACCELERATION_SCALE_MPS2,
    CURVATURE_SCALE_PER_M,
    CameraNetwork,
    curvature_of,
)
from baselines.fitting import fit, reproducible
from baselines.open_loop import open_loop
from baselines.submission import write_submission
from drivebench.baseline import Baseline, TrainReport, TrainRequest
from drivebench.demonstrations import Batch, Demand, FrameBatches, read, to_learn_from
from drivebench.sensors import FRONT


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the training.

    Attributes:
        steps: Gradient steps.
        batch_size: Images a step.
        learning_rate: The highest of the schedule.
        weight_decay: AdamW's.
    """

    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4


def smoke() -> Config:
    """Enough to see that it learns: seconds."""
    return Config(steps=300)


def full() -> Config:
    """What the published table is made with: minutes on one core."""
    return Config(steps=4000)


def targets(batch: Batch) -> Tensor:
    """What the network should answer: the expert's curvature and acceleration, ``f4[n, 2]``, scaled."""
    curvature = curvature_of(batch.steering_rad) / CURVATURE_SCALE_PER_M
    acceleration = batch.acceleration_mps2 / ACCELERATION_SCALE_MPS2
    return torch.from_numpy(np.stack([curvature, acceleration], axis=1).astype(np.float32))


def loss(answer: Tensor, batch: Batch) -> Tensor:
    """Mean squared error of both outputs."""
    return torch.mean(torch.square(answer - targets(batch).to(answer.device)))


def train(request: TrainRequest) -> TrainReport:
    """Learn from the training part of the demonstrations, measure on the held-out part, write it down."""
    config = {"smoke": smoke, "full": full}[request.budget]()
    demonstrations = read(request.demonstrations)
    training, held_out = to_learn_from(demonstrations, request.subset)
    frames = FrameBatches(training.episodes, cameras=(FRONT,))
    with reproducible(request.seed):
        network = CameraNetwork()
        with frames.shuffled(config.batch_size, rng=np.random.default_rng(request.seed)) as batches:
            losses = fit(
                network,
                batches,
                loss,
                name=BASELINE.name,
                steps=config.steps,
                learning_rate=config.learning_rate,
                weight_decay=config.weight_decay,
                device=request.device,
            )
        metrics = open_loop(network, held_out.episodes)
    write_submission(
        request, BASELINE, network=network, demonstrations=demonstrations, config=asdict(config),
        losses=losses, metrics=metrics,
    )  # fmt: skip
    return TrainReport(submission=request.out, metrics=metrics)


BASELINE = Baseline(
    name="behavior-cloning",
    title="Behaviour cloning, front camera",
    paper="https://arxiv.org/abs/1604.07316",
    demand=Demand(scenarios=("lane-keeping-v1",), episodes={"smoke": 24, "full": 160}),
    train=train,
)
