"""Demonstrations as lessons: what a policy would have observed, frame by frame, and what it should answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.kept_pictures import KeptPictures
from drivebench.demonstrations.kept_readings import KeptReadings
from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.scenes import RecordedScenes, Roads
from drivebench.errors import ConfigurationError
from drivebench.scenario import Command
from drivebench.sensors import Camera
from drivebench.sensors.sensor import Sensor
from drivebench.world import dequantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD

__all__ = ["Lesson", "Lessons"]

_FROM_THE_RECORD = ("speed", "command")
"""Sensors whose readings are in the record and need no world."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """n windows of T frames each.

    Attributes:
        observation: By sensor, ``[n, T, ...]``; ``[n, 1, ...]`` of the last frame for sensors whose history
            is not asked for.
        acceleration_mps2: ``f8[n, T]`` that the teacher chose.
        steering_rad: ``f8[n, T]`` front wheel angle that the teacher chose, clockwise positive.
        speed_mps: ``f8[n, T]``.
        command: ``i8[n, T]`` the route command in force.
        frame: ``i8[n, T]`` numbers of the frames, counted over all episodes in order.
        view: ``i8[n]`` number of the pose from which the cameras looked.
        pose: ``f8[n, T, 2]`` these: metres to the right of the car, radians clockwise.
    """

    observation: dict[str, NDArray[Any]]
    acceleration_mps2: NDArray[np.float64]
    steering_rad: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    command: NDArray[np.int64]
    frame: NDArray[np.int64]
    view: NDArray[np.int64]
    pose: NDArray[np.float64]


class Lessons:
    """All frames of some episodes as some sensors perceive them; pictures are rendered on demand."""

    def __init__(
        self,
        episodes: Sequence[Demonstration],
        sensors: Sequence[Sensor],
        *,
        history: Collection[str] | None = None,
        poses: NDArray[np.float64] | None = None,
        more: Mapping[str, NDArray[Any]] | None = None,
        roads: Roads | None = None,
        pictures: KeptPictures | None = None,
        readings: KeptReadings | None = None,
    ) -> None:
        """Prepare to observe.

        Args:
            episodes: Recorded episodes, labelled or not.
            sensors: What the learner declares.
            history: Names of the sensors that are observed at every frame of a window, not only at its last;
                all of them when left out.
            poses: ``f8[K, frames, 2]`` from where the cameras may look, K views of each frame, frames counted
                over all episodes in order (see :meth:`RecordedScenes.pictures`); only from the car when left
                out.
            more: Whatever else is known of each frame, ``[F, ...]`` by name; it becomes part of the
                observation.
            roads: Where roads that were built before are kept.
            pictures: Where pictures that were rendered before are kept, and how.
            readings: Where readings of other sensors are kept that were found out before.

        Raises:
            DataError: A scenario has changed since it was recorded.
            ConfigurationError: Poses for sensors that are no cameras: they were not there.
        """
        self.scenes = RecordedScenes(episodes, roads)
        self._sensors = {sensor.name: sensor for sensor in sensors}
        self._history = set(self._sensors if history is None else history)
        self._poses = np.zeros((1, len(self.scenes), 2)) if poses is None else poses
        self._pictures = pictures or KeptPictures()
        cameras = {name for name, sensor in self._sensors.items() if isinstance(sensor, Camera)}
        if self._poses.any() and (blind := set(self._sensors) - cameras - set(_FROM_THE_RECORD)):
            raise ConfigurationError(
                f"the sensors {', '.join(sorted(blind))} cannot be read from beside the car; only cameras can"
            )
        taught = dequantise(np.concatenate([episode.taught for episode in episodes]))
        self._acceleration_mps2 = taught[:, 0] * ACCELERATION_RANGE_MPS2
        self._steering_rad = taught[:, 1] * STEERING_RANGE_RAD
        self._command = np.concatenate([episode.commands for episode in episodes]).astype(np.int64)
        self._readings: dict[str, NDArray[Any]] = {
            "speed": self.scenes.speed_mps[:, None].astype(np.float32),
            "command": np.eye(len(Command), dtype=np.float32)[self._command],
        }
        others = [s for s in sensors if not isinstance(s, Camera) and s.name not in _FROM_THE_RECORD]
        if others:
            self._readings |= (readings or KeptReadings()).of(episodes, others)
        self._more = dict(more or {})

    def __len__(self) -> int:
        return len(self.scenes)

    @property
    def views(self) -> int:
        """From how many poses each frame can be seen."""
        return len(self._poses)

    @property
    def lengths(self) -> list[int]:
        """Frames of each episode."""
        return self.scenes.lengths

    def window(self, frame: NDArray[np.int64], frames: int, stride: int) -> NDArray[np.int64]:
        """The frames that a policy with a memory of pictures has at hand.

        Before the beginning of an episode there is its first frame, as a policy that starts has nothing else.

        Args:
            frame: ``i8[n]`` the present.
            frames: How many, the present among them.
            stride: Decisions from one to the next.

        Returns:
            ``i8[n, frames]``, the oldest first.
        """
        back = np.arange(frames - 1, -1, -1) * stride
        first = self.scenes.first[self.scenes.episode[frame]]
        return np.asarray(np.maximum(frame[:, None] - back, first[:, None]))

    def observe(self, frame: NDArray[np.int64], view: NDArray[np.int64] | None = None) -> Lesson:
        """Windows of frames.

        Args:
            frame: ``i8[n, T]``.
            view: ``i8[n]`` from which of the poses the cameras look; from the first when left out.
        """
        if view is None:
            view = np.zeros(len(frame), np.int64)
        observation = {name: self._observed(sensor, frame, view) for name, sensor in self._sensors.items()}
        return Lesson(
            observation=observation | {name: values[frame] for name, values in self._more.items()},
            acceleration_mps2=self._acceleration_mps2[frame],
            steering_rad=self._steering_rad[frame],
            speed_mps=self.scenes.speed_mps[frame],
            command=self._command[frame],
            frame=frame,
            view=view,
            pose=self._poses[view[:, None], frame],
        )

    def _observed(self, sensor: Sensor, frame: NDArray[np.int64], view: NDArray[np.int64]) -> NDArray[Any]:
        if sensor.name not in self._history:
            frame = frame[:, -1:]
        if not isinstance(sensor, Camera):
            return self._readings[sensor.name][frame]
        views = np.repeat(view, frame.shape[1])
        pictures = self._pictures.of(self.scenes, sensor, frame.reshape(-1), views, self._poses)
        return pictures.reshape(*frame.shape, *pictures.shape[1:])
