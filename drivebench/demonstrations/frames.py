"""Frames of demonstrations as a learner wants them: pictures, rendered on demand, and what was done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.prefetch import ahead_of_time
from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.scenes import RecordedScenes
from drivebench.errors import ConfigurationError
from drivebench.scenario import Command
from drivebench.sensors import Camera
from drivebench.world import dequantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD

__all__ = ["Batch", "FrameBatches"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """n pictures, each with the state and the driver's action of its frame.

    Attributes:
        image: ``u1[n, 3, height, width]``.
        speed: ``f4[n, 1]`` m/s.
        command: ``f4[n, 6]`` one-hot route command.
        acceleration_mps2: ``f8[n]`` that the driver chose.
        steering_rad: ``f8[n]`` front wheel angle that the driver chose, clockwise positive.
        camera: ``i8[n]`` which of the cameras took the picture.
        frame: ``i8[n]`` number of the frame, counted over all episodes in order.
    """

    image: NDArray[np.uint8]
    speed: NDArray[np.float32]
    command: NDArray[np.float32]
    acceleration_mps2: NDArray[np.float64]
    steering_rad: NDArray[np.float64]
    camera: NDArray[np.int64]
    frame: NDArray[np.int64]


class FrameBatches:
    """All frames of some episodes, seen by some cameras.

    One thread renders the next batches while the caller learns from the last; what comes out depends on the
    generator alone and never on timing or on the number of threads.
    """

    def __init__(self, episodes: Sequence[Demonstration], *, cameras: Sequence[Camera]) -> None:
        """Prepare to render.

        Args:
            episodes: Recorded episodes; their worlds are built anew and must be what they were.
            cameras: Cameras with pictures of one size. Any mount will do: the recorded states know no camera.

        Raises:
            DataError: A scenario has changed since it was recorded.
            ConfigurationError: No camera, or pictures of several sizes.
        """
        if len({camera.shape for camera in cameras}) != 1:
            sizes = ", ".join(f"{camera.name} {camera.shape}" for camera in cameras) or "none"
            raise ConfigurationError(f"cameras: {sizes}; expected at least one, all of the same size")
        self.cameras = tuple(cameras)
        self._scenes = RecordedScenes(episodes)
        self._actions = dequantise(np.concatenate([episode.actions for episode in episodes]))
        self._command = np.eye(len(Command), dtype=np.float32)[
            np.concatenate([episode.commands for episode in episodes])
        ]

    def __len__(self) -> int:
        return len(self._scenes)

    def batch(self, frame: NDArray[np.int64], camera: NDArray[np.int64]) -> Batch:
        """Render given frames.

        Args:
            frame: ``i8[n]``.
            camera: ``i8[n]`` which camera sees each.
        """
        image = np.empty((len(frame), *self.cameras[0].shape), np.uint8)
        for number, each in enumerate(self.cameras):
            rows = np.flatnonzero(camera == number)
            image[rows] = self._scenes.pictures(each, frame[rows])
        return Batch(
            image=image,
            speed=self._scenes.speed_mps[frame, None].astype(np.float32),
            command=self._command[frame],
            acceleration_mps2=self._actions[frame, 0] * ACCELERATION_RANGE_MPS2,
            steering_rad=self._actions[frame, 1] * STEERING_RANGE_RAD,
            camera=camera,
            frame=frame,
        )

    @contextmanager
    def shuffled(self, size: int, *, rng: np.random.Generator) -> Iterator[Iterator[Batch]]:
        """Batches without end: all pairs of a frame and a camera in random order, then again in another.

        Args:
            size: Pictures a batch.
            rng: Draws the order.

        Yields:
            The batches; the rendering thread stops when the context is left.
        """

        def draw() -> Iterator[Batch]:
            pairs = np.zeros(0, np.int64)
            while True:
                while len(pairs) < size:
                    pairs = np.concatenate([pairs, rng.permutation(len(self) * len(self.cameras))])
                now, pairs = pairs[:size], pairs[size:]
                yield self.batch(now // len(self.cameras), now % len(self.cameras))

        with ahead_of_time(draw()) as batches:
            yield batches

    def in_order(self, size: int, *, at_most: int | None = None) -> Iterator[Batch]:
        """Batches of the first camera's pictures, once, in order.

        Args:
            size: Pictures a batch; the last may be smaller.
            at_most: If there are more frames than this, so many evenly spaced ones.
        """
        count = len(self) if at_most is None else min(at_most, len(self))
        frames = np.arange(count) * len(self) // count
        for first in range(0, count, size):
            now = frames[first : first + size]
            yield self.batch(now, np.zeros(len(now), np.int64))
