"""What makes car following a test of memory: one picture does not tell whether the gap closes.

The expert's demonstrations are asked how fast the ego comes nearer to its leader. Regressors answer, and are
judged on seeds that they were not fitted to by the share of the variance that they explain (R²). Measured
figures stand beside the bounds.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.frames import FrameBatches
from drivebench.sensors import FRONT
from scenarios.car_following import EGO, LEADER

EPISODES, HELD_OUT = 150, 40
SECOND = 5
"""Decisions in a second: a window of a second has one frame more."""
LENGTH_M, WIDTH_M = 5.0, 2.0
FOCAL_PX = 0.5 * FRONT.width / np.tan(np.radians(0.5 * FRONT.horizontal_fov_deg))
ROWS, COLUMNS = slice(16, 48), slice(40, 120)
"""Of the picture, where a leader is that is 3 to 25 m away."""

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """For each frame with a second before it: what was to be seen in that second, the latest first.

    gap_m, speed_mps: [E, T, 6]; closing_mps: [E, T]; pictures: u1[E, T + 5, 32, 80] of all frames.
    """

    gap_m: F8
    speed_mps: F8
    closing_mps: F8
    pictures: NDArray[np.uint8]


def windows_of(values: F8) -> F8:
    """[E, T + 5] to [E, T, 6], the latest first."""
    last = values.shape[1] - SECOND
    return np.stack([values[:, SECOND - back : SECOND - back + last] for back in range(SECOND + 1)], axis=-1)


pytestmark = pytest.mark.slow  # 150 episodes are recorded and rendered first


@pytest.fixture(scope="module")
def recorded() -> Windows:
    episodes = collect(["car-following-v1"], episodes=EPISODES).episodes
    assert len({episode.frames for episode in episodes}) == 1, "an episode of the expert ended early"
    states = np.stack([episode.trajectories for episode in episodes])
    away = states[:, :, LEADER, :2] - states[:, :, EGO, :2]
    gap = np.sqrt((away * away).sum(axis=-1)) - LENGTH_M
    speed, leader = states[:, :, EGO, 3], states[:, :, LEADER, 3]
    frames = FrameBatches(episodes, cameras=[FRONT])
    pictures = np.empty((len(frames), ROWS.stop - ROWS.start, COLUMNS.stop - COLUMNS.start), np.uint8)
    for first in range(0, len(frames), 1000):
        chosen = np.arange(first, min(first + 1000, len(frames)))
        image = frames.batch(chosen, np.zeros_like(chosen)).image
        pictures[chosen] = image[:, :, ROWS, COLUMNS].mean(axis=1).astype(np.uint8)
    return Windows(
        gap_m=windows_of(gap),
        speed_mps=windows_of(speed),
        closing_mps=(speed - leader)[:, SECOND:],
        pictures=pictures.reshape(*gap.shape, *pictures.shape[1:]),
    )


def quantised(gap_m: F8) -> F8:
    """The gap as whole pixels of the leader's width tell it."""
    width_px = np.rint(FOCAL_PX * WIDTH_M / (gap_m + 0.5 * LENGTH_M - FRONT.x_m))
    return np.asarray(FOCAL_PX * WIDTH_M / width_px)


def explained(truth: F8, said: F8) -> float:
    return float(1.0 - ((truth - said) ** 2).mean() / truth.var())


def fit(
    network: torch.nn.Module, inputs: torch.Tensor, target: F8, *, epochs: int, batch: int
) -> torch.nn.Module:
    """Least squares by Adam with a falling rate."""
    wanted = torch.as_tensor(target, dtype=torch.float32)[:, None]
    steps = epochs * (len(inputs) // batch)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for first in range(0, len(inputs) - batch + 1, batch):
            rows = order[first : first + batch]
            loss = torch.nn.functional.mse_loss(network(inputs[rows]), wanted[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network.eval()


def by_numbers(features: F8, closing: F8) -> float:
    """R² of an MLP on [E, T, n] features, on the episodes held out."""
    torch.manual_seed(0)
    scaled = (features - features.mean((0, 1))) / features.std((0, 1))
    flat = torch.as_tensor(scaled, dtype=torch.float32)
    n = features.shape[-1]
    network = torch.nn.Sequential(
        *(torch.nn.Linear(n, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU()),
        torch.nn.Linear(64, 1),
    )
    fit(network, flat[:-HELD_OUT].reshape(-1, n), closing[:-HELD_OUT].ravel(), epochs=20, batch=256)
    with torch.no_grad():
        said = network(flat[-HELD_OUT:].reshape(-1, n)).numpy().ravel()
    return explained(closing[-HELD_OUT:].ravel(), said)


class Eye(torch.nn.Module):
    """A small convolutional network on the pictures and speeds of a window."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.layers = torch.nn.Sequential(
            *(torch.nn.Conv2d(frames, 16, 5, 2, 2), torch.nn.ReLU()),
            *(torch.nn.Conv2d(16, 32, 3, 2, 1), torch.nn.ReLU()),
            *(torch.nn.Conv2d(32, 32, 3, 2, 1), torch.nn.ReLU(), torch.nn.Flatten()),
        )
        self.head = torch.nn.Sequential(
            torch.nn.Linear(32 * 4 * 10 + frames, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)
        )

    def forward(self, both: torch.Tensor) -> torch.Tensor:
        """[n, frames * (32 * 80 + 1)]: pictures, then speeds."""
        pictures = both[:, : -self.frames].reshape(-1, self.frames, 32, 80)
        answer: torch.Tensor = self.head(torch.cat([self.layers(pictures), both[:, -self.frames :]], dim=1))
        return answer


def by_pictures(windows: Windows, frames: int, every: int) -> float:
    """R² of a network on pictures and speeds: of ``frames`` frames, on every so many of all."""
    torch.manual_seed(0)
    count = windows.closing_mps.shape[1]
    times = np.arange(0, count, every)
    shown = np.stack([windows.pictures[:, times + SECOND - back] for back in range(frames)], axis=2)
    pictures = (shown.reshape(*shown.shape[:2], -1).astype(np.float32) - 128.0) / 64.0
    speeds = (windows.speed_mps[:, times, :frames].astype(np.float32) - 8.0) / 2.0
    both = torch.as_tensor(np.concatenate([pictures, speeds], axis=-1))
    closing = windows.closing_mps[:, times]
    size = both.shape[-1]
    eye = fit(
        Eye(frames), both[:-HELD_OUT].reshape(-1, size), closing[:-HELD_OUT].ravel(), epochs=12, batch=64
    )
    with torch.no_grad():
        said = eye(both[-HELD_OUT:].reshape(-1, size)).numpy().ravel()
    return explained(closing[-HELD_OUT:].ravel(), said)


def test_the_gap_and_the_closing_speed_are_as_the_family_says(recorded: Windows) -> None:
    gap, closing = recorded.gap_m[..., 0], recorded.closing_mps
    assert ((gap > 6.0) & (gap < 20.0)).mean() > 0.95  # 0.98 measured
    assert closing.std() > 0.9  # 1.2 m/s measured
    assert abs(np.corrcoef(gap.ravel(), closing.ravel())[0, 1]) < 0.2  # 0.07 measured


def test_the_exact_gap_and_speed_of_one_moment_do_not_tell(recorded: Windows) -> None:
    now = np.stack([recorded.gap_m[..., 0], recorded.speed_mps[..., 0]], axis=-1)
    assert by_numbers(now, recorded.closing_mps) <= 0.3  # 0.26 measured


def test_gaps_of_a_second_as_pixels_show_them_tell(recorded: Windows) -> None:
    shown = np.concatenate([quantised(recorded.gap_m), recorded.speed_mps], axis=-1)
    assert by_numbers(shown, recorded.closing_mps) >= 0.9  # 0.96 measured


def test_one_picture_and_the_speed_do_not_tell(recorded: Windows) -> None:
    assert by_pictures(recorded, 1, every=3) <= 0.3  # 0.10 measured


def test_pictures_of_a_second_tell(recorded: Windows) -> None:
    assert by_pictures(recorded, SECOND + 1, every=3) >= 0.7  # 0.86 measured
