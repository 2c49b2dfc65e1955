"""Pictures of demonstrations, rendered once, an episode at a time, and kept as the learner wants them.

Frames are learnt from in random order, and every batch holds frames of dozens of roads. Rendering them one by
one would paint each road's ground again and again, because only so many grounds fit into memory; an episode
has one road. What is kept is what the learner makes of a picture, such as its lower half at half the size.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.scenes import RecordedScenes
from drivebench.sensors import Camera

__all__ = ["KeptPictures", "Look"]

Pictures = NDArray[np.uint8]
Look = Callable[[str, Pictures], Pictures]
"""``look(camera, u1[n, 3, H, W])`` is what is kept of pictures, ``u1[n, ...]``."""


def _whole(camera: str, pictures: Pictures) -> Pictures:
    """Keep all of them."""
    del camera
    return pictures


class KeptPictures:
    """What was rendered so far; shared by the phases of a training."""

    def __init__(self, look: Look = _whole) -> None:
        """Nothing is rendered yet.

        Args:
            look: What is kept of pictures.
        """
        self._look = look
        self._episodes: dict[tuple[str, Camera, str], Pictures] = {}

    def of(
        self,
        scenes: RecordedScenes,
        camera: Camera,
        frame: NDArray[np.int64],
        view: NDArray[np.int64] | None = None,
        poses: NDArray[np.float64] | None = None,
    ) -> Pictures:
        """Pictures of some frames, ``u1[n, ...]``.

        Args:
            scenes: What is looked at.
            camera: From where.
            frame: ``i8[n]``.
            view: ``i8[n]`` which of the poses each is seen from.
            poses: ``f8[K, frames, 2]``; see :meth:`RecordedScenes.pictures`.
        """
        episode = scenes.episode[frame]
        rows = []
        views = np.zeros(len(frame), np.int64) if view is None else view
        for number, place, which in zip(episode.tolist(), frame.tolist(), views.tolist(), strict=True):
            first = int(scenes.first[number])
            pose = None if poses is None else poses[which, first : first + scenes.lengths[number]]
            rows.append(self._episode(scenes, camera, number, pose)[place - first])
        return np.stack(rows)

    def _episode(
        self, scenes: RecordedScenes, camera: Camera, number: int, pose: NDArray[np.float64] | None
    ) -> Pictures:
        elsewhere = pose is not None and bool(pose.any())
        key = scenes.digests[number], camera, pose.tobytes().hex() if pose is not None and elsewhere else ""
        if key not in self._episodes:
            first, length = int(scenes.first[number]), scenes.lengths[number]
            frame = np.arange(first, first + length)
            self._episodes[key] = self._look(
                camera.name, scenes.pictures(camera, frame, pose if elsewhere else None)
            )
        return self._episodes[key]
