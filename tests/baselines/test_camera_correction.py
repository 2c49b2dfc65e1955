"""Camera correction: where a car beside the recorded one should be led."""

import numpy as np
import pytest
import torch

from baselines.camera_correction import POSES, faster_or_slower, geometric
from baselines.driving_network import curvature_of
from drivebench.demonstrations.lessons import Lesson


def lesson(steering_rad: float, speed_mps: float) -> Lesson:
    """One frame, seen by the front, the left and the right camera."""
    n = len(POSES)
    return Lesson(
        observation={},
        acceleration_mps2=np.full((n, 1), 0.7),
        steering_rad=np.full((n, 1), steering_rad),
        speed_mps=np.full((n, 1), speed_mps),
        command=np.zeros((n, 1), np.int64),
        frame=np.zeros((n, 1), np.int64),
        view=np.arange(n),
        pose=POSES[:, None],
    )


@pytest.mark.parametrize("steering_rad", [-0.1, 0.0, 0.1])
def test_the_front_camera_is_told_what_was_done_and_the_others_to_come_back(steering_rad: float) -> None:
    acceleration, curvature = geometric(lesson(steering_rad, 9.0), np.full(3, 9.0), 1.0)
    recorded = float(curvature_of(np.array(steering_rad)))
    assert acceleration.tolist() == [0.7, 0.7, 0.7]
    assert curvature[0] == pytest.approx(recorded)
    assert curvature[1] > recorded + 0.02  # from the left one steers right
    assert curvature[2] < recorded - 0.02


def test_who_drives_faster_comes_back_over_a_longer_way() -> None:
    slow, fast = (geometric(lesson(0.0, 9.0), np.full(3, speed), 1.0)[1] for speed in (9.0, 18.0))
    assert 0.0 < fast[1] < 0.5 * slow[1]


def test_speeds_are_shifted_to_both_sides_and_never_into_reverse() -> None:
    torch.manual_seed(0)
    recorded = np.repeat([-1.0, 0.0, 10.0], 1000)
    speed = faster_or_slower(recorded, 3.0)
    reversing, standing, driving = speed.reshape(3, -1)
    assert (reversing == -1.0).all()
    assert 0.0 <= standing.min() < standing.max() <= 3.0
    assert 7.0 <= driving.min() < 7.1
    assert 12.9 < driving.max() <= 13.0
    assert (faster_or_slower(recorded, 0.0) == recorded).all()
