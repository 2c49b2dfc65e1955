"""What is minimised: each kind of error is the textbook's, and leads to what it should lead to."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.driving_network import DrivingNetwork, Spec
from baselines.objectives import SIDE_SENSORS, error_of, side_error
from drivebench.demonstrations.lessons import Lesson


def some(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_errors_are_those_of_torch() -> None:
    answer, target = some(5, 3, 4, seed=0), some(5, 3, 2, seed=1)
    value, spread = answer[..., :2], answer[..., 2:]
    assert error_of(value, target, "l2") == pytest.approx(float(functional.mse_loss(value, target)))
    assert error_of(value, target, "l1") == pytest.approx(float(functional.l1_loss(value, target)))
    likelihood = functional.gaussian_nll_loss(value, target, torch.exp(2.0 * spread))
    assert error_of(answer, target, "gaussian") == pytest.approx(float(likelihood))


@pytest.mark.parametrize("kind", ["l2", "l1"])
def test_the_last_frames_are_told_where_there_is_one_answer_for_a_stack(kind: str) -> None:
    answer, target = some(5, 1, 2, seed=0), some(5, 3, 2, seed=1)
    assert error_of(answer, target, kind) == error_of(answer, target[:, -1:], kind)


@pytest.mark.parametrize(("kind", "best"), [("l2", 2.0), ("l1", 0.0), ("gaussian", 2.0)])
def test_of_labels_that_one_picture_does_not_tell_apart(kind: str, best: float) -> None:
    """Four of five say 0, one says 10: who answers with the mean does what nobody has shown."""
    target = torch.tensor([0.0, 0.0, 0.0, 0.0, 10.0]).reshape(5, 1, 1).expand(5, 1, 2)
    answer = torch.full((4 if kind == "gaussian" else 2,), 1.0, requires_grad=True)
    optimiser = torch.optim.Adam([answer], lr=0.02)
    for _ in range(1500):
        optimiser.zero_grad()
        error_of(answer.expand(5, 1, -1), target, kind).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert answer.tolist()[:2] == pytest.approx([best, best], abs=0.1)


def lesson(n: int, length: int) -> Lesson:
    """The road bends to the right beside a car 30 m ahead; there is nobody else."""
    route = np.zeros((n, length, 10), np.float32)
    route[..., :3] = 0.5, -0.1, 0.01
    table = np.zeros((n, length, 8, 5), np.float32)
    table[..., 0, :] = 1.0, 30.0, 4.0, -10.0, 0.0
    one, whole = np.zeros((n, length)), np.zeros((n, length), np.int64)
    return Lesson(
        observation={"route-geometry": route, "kinematics": table}, acceleration_mps2=one, steering_rad=one,
        speed_mps=one, command=whole, frame=whole, view=whole[:, 0], pose=np.zeros((n, length, 2)),
    )  # fmt: skip


def test_a_side_task_asks_for_the_road_and_the_nearest_vehicles() -> None:
    known = torch.zeros(3, 1, 50)
    known[..., :3] = torch.tensor([0.5, -0.5, 0.5])  # in metres, 0.2 rad, 1/50 m
    known[..., 10:15] = torch.tensor([1.0, 1.0, 0.5, -1.0, 0.0])  # there, in 30 m, 8 m, 10 m/s
    assert side_error(known, lesson(3, 1)) == pytest.approx(0.0, abs=1e-9)
    assert side_error(known, lesson(3, 4)) == pytest.approx(0.0, abs=1e-9)  # the last of a stack
    known[:, :, 2] += 1.0
    assert side_error(known, lesson(3, 1)) == pytest.approx(1.0 / 50.0)


def test_a_route_far_away_is_no_further_than_five_sizes() -> None:
    far = lesson(2, 1)
    far.observation["route-geometry"][..., 0] = 400.0
    known = torch.zeros(2, 1, 50)
    known[..., :3] = torch.tensor([5.0, -0.5, 0.5])
    known[..., 10:15] = torch.tensor([1.0, 1.0, 0.5, -1.0, 0.0])
    assert side_error(known, far) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("parts", [{}, {"memory": "stack", "frames": 2}, {"memory": "gru"}])
def test_a_side_task_teaches_what_sees(parts: dict[str, object]) -> None:
    torch.manual_seed(0)
    network = DrivingNetwork(Spec(mirrors=True, side_task=True, **parts)).train()  # type: ignore[arg-type]
    length = 2
    seen = {
        "front": some(3, length, 3, 22, 80, seed=0),
        "mirror-left": some(3, length, 3, 16, 24, seed=1),
        "mirror-right": some(3, length, 3, 16, 24, seed=2),
        "speed": some(3, length, 1, seed=3),
        "command": torch.eye(6)[[0, 1, 2]][:, None].expand(3, length, 6),
    }
    network(seen)
    network({name: value[:1] for name, value in seen.items()})  # another call of the same objective
    assert network.surroundings is not None
    assert len(network.surroundings) == 3
    side_error(network.surroundings, lesson(3, length)).backward()  # type: ignore[no-untyped-call]
    taught = {name for name, weight in network.named_parameters() if weight.grad is not None}
    assert {"side.weight", "front.layers.0.weight", "mirror.layers.0.weight"} <= taught
    assert not any(name.startswith("heads") for name in taught)
    assert set(SIDE_SENSORS) == set(lesson(1, 1).observation)
