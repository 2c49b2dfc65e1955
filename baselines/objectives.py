"""What is minimised: how far the network's answers are from what it is taught."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.driving_network import (
    ROUTE_SCALE,
    TABLE_SCALE,
    DrivingNetwork,
    State,
    answer_of,
    curvature_of,
)
from drivebench.demonstrations.lessons import Lesson

__all__ = ["SIDE_SENSORS", "Objective", "error_of", "regression", "side_error", "taught_answer"]

LEAST_LOG_SPREAD, MOST_LOG_SPREAD = -4.0, 2.0
"""A network that is sure of a frame cannot be surer than this, nor one that is lost more unsure."""

Objective = Callable[
    [DrivingNetwork, Mapping[str, Tensor], Lesson, State | None, Tensor | None], tuple[Tensor, Any]
]
"""``objective(network, seen, lesson, state, begins)`` is the loss to be minimised, and the state after."""


def taught_answer(lesson: Lesson) -> Tensor:
    """What the network should say, ``f4[n, T, 2]``: what the teacher did in each frame."""
    curvature = curvature_of(lesson.steering_rad)
    return torch.from_numpy(answer_of(lesson.acceleration_mps2, curvature, lesson.speed_mps))


def error_of(answer: Tensor, target: Tensor, kind: str) -> Tensor:
    """Mean squared error, mean absolute error, or the negative log-likelihood of a Gaussian.

    Args:
        answer: ``f4[n, T, 2]``; of a Gaussian ``[n, T, 4]`` with the logarithm of each spread.
        target: ``f4[n, T or more, 2]``; the last frames count where the answer has fewer.
        kind: ``l2``, ``l1`` or ``gaussian``, the ``answer`` of the network's spec.
    """
    difference = answer[..., :2] - target[:, -answer.shape[1] :].to(answer.device)
    if kind == "l1":
        return difference.abs().mean()
    error = torch.square(difference)
    if kind == "l2":
        return error.mean()
    spread = torch.clamp(answer[..., 2:], LEAST_LOG_SPREAD, MOST_LOG_SPREAD)
    return (0.5 * error * torch.exp(-2.0 * spread) + spread).mean()


def regression(
    network: DrivingNetwork,
    seen: Mapping[str, Tensor],
    lesson: Lesson,
    state: State | None,
    begins: Tensor | None,
) -> tuple[Tensor, State | None]:
    """The default objective: answer what the teacher did."""
    answer, after = network(seen, state, begins)
    return error_of(answer, taught_answer(lesson), network.spec.answer), after


SIDE_SENSORS = ("route-geometry", "kinematics")
"""What a side task asks for."""
FARTHEST = 5.0
"""Where the road is further off than this many typical sizes, it is as if at it."""


def side_error(told: Tensor, lesson: Lesson) -> Tensor:
    """Mean squared error of what a network takes for its surroundings, in typical sizes.

    Pictures that are labelled with an action alone teach slowly what is in them. H. Xu, Y. Gao, F. Yu and
    T. Darrell (CVPR 2017, arXiv:1612.01079) had a driving network segment its pictures besides. Here it says
    numbers like those of A. Sauer, N. Savinov and A. Geiger (CoRL 2018, arXiv:1806.06498): the lane, the next
    vehicles. Their controller drives by these; here they only shape what is learnt, and are not used after.

    Args:
        told: ``f4[n, T, 50]``, see :attr:`DrivingNetwork.surroundings`.
        lesson: The frames, with :data:`SIDE_SENSORS`.
    """
    route, table = (lesson.observation[name][:, -told.shape[1] :] for name in SIDE_SENSORS)
    where = np.clip(route / np.array(ROUTE_SCALE, np.float32), -FARTHEST, FARTHEST)
    who = table / np.array(TABLE_SCALE, np.float32)
    known = np.concatenate([where, who.reshape(*who.shape[:2], -1)], axis=-1)
    return torch.square(told - torch.from_numpy(known).to(told.device)).mean()
