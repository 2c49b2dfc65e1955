"""What is minimised: each kind of error is the textbook's, and leads to what it should lead to."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.objectives import error_of


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
