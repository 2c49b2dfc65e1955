"""What makes lane keeping a test of recovery: nominal driving does not teach what brings a car back.

One network is fitted twice to the expert's steering, with the same number of pictures to learn from: to
nominal episodes, and to episodes half of which start off course. Each is asked on seeds that it was not
fitted to, and judged by the share of the variance of the expert's steering that it explains (R²): on nominal
episodes, and in the first two seconds after a start off course. Measured figures stand beside the bounds.
"""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.frames import FrameBatches
from drivebench.demonstrations.record import Demonstration
from drivebench.sensors import FRONT

FITTED, ASKED = 80, 24
"""Episodes of each condition."""
BACK = 10
"""Decisions after a start off course in which the car comes back: two seconds."""
EVERY = 5
"""Of the frames of an episode, so many are taken once."""
ROWS = slice(12, 64)

pytestmark = pytest.mark.slow  # 168 episodes are recorded, their pictures rendered, two networks fitted

Frames = tuple[torch.Tensor, NDArray[np.float64]]


def frames_of(episodes: tuple[Demonstration, ...], chosen: NDArray[np.int64]) -> Frames:
    """Of these frames of each episode: pictures of half the size, and the expert's steering.

    ``f4[n, 1, 26, 80]``, and ``f8[n]`` in rad.
    """
    batches = FrameBatches(episodes, cameras=[FRONT])
    first = np.cumsum([0, *(episode.frames for episode in episodes[:-1])])
    rows = (first[:, None] + chosen).ravel()
    high, wide = (ROWS.stop - ROWS.start) // 2, FRONT.width // 2
    pictures = np.empty((len(rows), 1, high, wide), np.float32)
    steering = np.empty(len(rows))
    for begin in range(0, len(rows), 500):
        now = slice(begin, begin + 500)
        batch = batches.batch(rows[now], np.zeros(len(rows[now]), np.int64))
        blocks = batch.image[:, :, ROWS].reshape(-1, 3, high, 2, wide, 2)
        pictures[now, 0] = blocks.mean(axis=(1, 3, 5))
        steering[now] = batch.steering_rad
    return torch.as_tensor((pictures - 128.0) / 64.0), steering


def explained(network: torch.nn.Module, frames: Frames) -> float:
    with torch.no_grad():
        said = network(frames[0]).numpy().ravel()
    return float(1.0 - ((frames[1] - said) ** 2).mean() / frames[1].var())


def fitted(frames: Frames, *, steps: int = 500, batch: int = 64) -> torch.nn.Module:
    """Least squares by Adam with a falling rate; rad, scaled to a variance of about one."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 16, 5, 2, 2), torch.nn.ReLU()),
        *(torch.nn.Conv2d(16, 24, 5, 2, 2), torch.nn.ReLU()),
        *(torch.nn.Conv2d(24, 32, 3, 2, 1), torch.nn.ReLU(), torch.nn.Flatten()),
        *(torch.nn.Linear(32 * 4 * 10, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)),
    )
    scale = float(frames[1].std())
    wanted = torch.as_tensor(frames[1] / scale, dtype=torch.float32)[:, None]
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(len(wanted), (batch,))
        loss = torch.nn.functional.mse_loss(network(frames[0][rows]), wanted[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        last = network[-1]
        assert isinstance(last, torch.nn.Linear)
        last.weight *= scale
        last.bias *= scale
    return network.eval()


def test_recovery_is_learnt_from_starts_off_course_alone() -> None:
    half = FITTED // 2
    nominal = collect(["lane-keeping-v1"], episodes=FITTED + ASKED).episodes
    beside = collect(
        ["lane-keeping-v1"], episodes=half + ASKED, first_seed=half, condition="off-course"
    ).episodes
    spread, back = np.arange(0, 125, EVERY), np.arange(BACK)
    asked = frames_of(nominal[FITTED:], spread), frames_of(beside[half:], back)
    plain = frames_of(nominal[:FITTED], spread)
    off = frames_of(beside[:half], np.arange(len(spread)))
    on = slice(half * len(spread))  # the first half of the nominal episodes
    mixed = torch.cat([plain[0][on], off[0]]), np.concatenate([plain[1][on], off[1]])
    said = [[explained(network, frames) for frames in asked] for network in (fitted(plain), fitted(mixed))]
    (by_plain, by_plain_beside), (by_mixed, by_mixed_beside) = said
    assert min(by_plain, by_mixed) >= 0.95  # 0.998 and 0.990 measured
    assert by_plain_beside <= 0.3  # 0.07 measured
    assert by_mixed_beside >= 0.5  # 0.63 measured
