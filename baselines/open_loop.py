"""Open loop: how well a network explains the expert's actions on frames that it has not learnt from.

This is what a training curve shows, and it says little about driving: the frames are the expert's, not those
that the network's own errors lead to. Held-out frames are of other drives, on the same training roads.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.driving_network import DrivingNetwork, State, meant_by, steering_for
from drivebench.demonstrations import Demonstration
from drivebench.demonstrations.kept_pictures import KeptPictures
from drivebench.demonstrations.kept_readings import KeptReadings
from drivebench.demonstrations.lessons import Lesson, Lessons
from drivebench.demonstrations.scenes import Roads
from drivebench.sensors.rig import load_sensor

__all__ = ["open_loop", "r_squared"]

MOST_FRAMES = 4000
TOGETHER = 32


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


def open_loop(
    network: DrivingNetwork,
    episodes: Sequence[Demonstration],
    roads: Roads | None = None,
    pictures: KeptPictures | None = None,
    readings: KeptReadings | None = None,
) -> dict[str, float]:
    """Compare the network with the teacher, frame by frame, on the teacher's way.

    Args:
        network: A trained network.
        episodes: Episodes that it has not learnt from; of more than 4,000 frames, evenly spaced ones, or for
            a network that remembers, evenly spaced episodes.
        roads: Where roads that were built before are kept.
        pictures: Where pictures that were rendered before are kept, as the network wants them.
        readings: Where readings of other sensors are kept.

    Returns:
        ``steering_r2`` and ``acceleration_r2`` (shares of variance), ``steering_mae_rad`` and
        ``acceleration_mae_mps2`` (mean absolute errors), ``frames``.
    """
    spec = network.spec
    if spec.recurrent:
        frames = sum(episode.frames for episode in episodes)
        every = max(-(-frames // MOST_FRAMES), 1)
        episodes = episodes[::every]
    history = ("front",) if spec.memory == "stack" else None
    lessons = Lessons(
        episodes,
        [load_sensor(name) for name in spec.sensors],
        history=history,
        roads=roads,
        pictures=pictures or KeptPictures(spec.look),
        readings=readings,
    )
    truth, answer = [], []
    with torch.inference_mode():
        for lesson, given, counts in (
            _in_sequence(network, lessons) if spec.recurrent else _alone(network, lessons)
        ):
            acceleration, curvature = meant_by(given, lesson.speed_mps[:, -given.shape[1] :])
            answer.append(np.stack([steering_for(curvature)[counts], acceleration[counts]], axis=1))
            taught = (lesson.steering_rad, lesson.acceleration_mps2)
            truth.append(np.stack([each[:, -given.shape[1] :][counts] for each in taught], axis=1))
    wanted, said = np.concatenate(truth), np.concatenate(answer)
    error = np.abs(wanted - said).mean(axis=0)
    return {
        "steering_r2": r_squared(wanted[:, 0], said[:, 0]),
        "acceleration_r2": r_squared(wanted[:, 1], said[:, 1]),
        "steering_mae_rad": float(error[0]),
        "acceleration_mae_mps2": float(error[1]),
        "frames": float(len(wanted)),
    }


Answered = tuple[Lesson, NDArray[np.float64], NDArray[np.bool_]]


def _alone(network: DrivingNetwork, lessons: Lessons) -> Iterator[Answered]:
    """Evenly spaced frames, each by itself."""
    count = min(MOST_FRAMES, len(lessons))
    frames = np.arange(count) * len(lessons) // count
    for first in range(0, count, 64):
        window = lessons.window(frames[first : first + 64], network.spec.frames, network.spec.stride)
        lesson = lessons.observe(window)
        given = network(network.see(lesson.observation))[0][..., :2].double().numpy()
        yield lesson, given, np.ones(given.shape[:2], np.bool_)


def _in_sequence(network: DrivingNetwork, lessons: Lessons) -> Iterator[Answered]:
    """Whole episodes side by side, in windows, with the state carried over."""
    lengths, first = np.array(lessons.lengths), lessons.scenes.first
    for start in range(0, len(lengths), TOGETHER):
        part = slice(start, start + TOGETHER)
        state: State | None = None
        longest = int(lengths[part].max())
        for begin in range(0, longest, 16):
            time = np.arange(begin, min(begin + 16, longest))
            inside = time[None, :] < lengths[part, None]
            frame = first[part, None] + np.minimum(time[None, :], lengths[part, None] - 1)
            lesson = lessons.observe(frame)
            answer, state = network(network.see(lesson.observation), state, None)
            yield lesson, answer[..., :2].double().numpy(), inside
