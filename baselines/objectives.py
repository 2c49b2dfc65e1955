"""What is minimised: how far the network's answers are from what it is taught."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from baselines.driving_network import DrivingNetwork, State, answer_of, curvature_of
from drivebench.demonstrations.lessons import Lesson

__all__ = ["Objective", "error_of", "regression", "taught_answer"]

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
