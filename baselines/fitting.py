"""The optimiser's loop that the baselines share, and what makes it give the same weights each time."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from baselines.camera_network import CameraNetwork
from drivebench import progress
from drivebench.demonstrations import Batch

__all__ = ["fit", "reproducible"]

WARM_UP = 0.05
"""Share of the steps over which the learning rate rises; then it falls to zero along a cosine."""

LOSS_EVERY = 50


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Inside, the same seed gives the same weights, bit for bit, on one machine.

    One thread, because with more the order of additions depends on their timing; only operations that are
    deterministic (torch raises at others). The state of torch outside is not touched.

    Args:
        seed: Of torch's random numbers, which the initial weights are drawn from.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic with it
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


def fit(
    network: CameraNetwork,
    batches: Iterator[Batch],
    loss: Callable[[Tensor, Batch], Tensor],
    *,
    name: str,
    steps: int,
    learning_rate: float,
    weight_decay: float,
    device: str,
) -> list[float]:
    """Minimise a loss by AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), one batch a step.

    The weights after the last step are the result: no checkpoint is chosen, so nothing is selected on data.

    Args:
        network: Is trained in place.
        batches: At least ``steps`` of them.
        loss: ``loss(answer f4[n, 2], batch)`` is the scalar to be minimised.
        name: For the progress bar.
        steps: How many batches to learn from.
        learning_rate: The highest of the schedule.
        weight_decay: AdamW's.
        device: ``cpu`` or ``cuda``.

    Returns:
        The mean loss of each stretch of 50 steps.
    """
    network.to(device).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=learning_rate, total_steps=steps, pct_start=WARM_UP, cycle_momentum=False
    )
    losses: list[float] = []
    with progress.track(f"train {name}", steps, "steps") as advance:
        for batch, _ in zip(batches, range(steps), strict=False):
            value = loss(network(*inputs(batch, device)), batch)
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(value.item())
            advance(1)
    network.to("cpu").eval()
    return [sum(part) / len(part) for part in _stretches(losses)]


def inputs(batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """What the network is called with: image, speed and command of a batch."""
    arrays = (batch.image, batch.speed, batch.command)
    image, speed, command = (torch.from_numpy(array).to(device) for array in arrays)
    return image, speed, command


def _stretches(losses: list[float]) -> list[list[float]]:
    return [losses[i : i + LOSS_EVERY] for i in range(0, len(losses), LOSS_EVERY)]
