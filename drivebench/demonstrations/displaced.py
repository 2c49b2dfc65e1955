"""What a teacher would have done had the car stood elsewhere: labels for pictures from displaced cameras.

The recorded drives are driven again; in each of their states the teacher is asked for other poses of the car,
while all else stays as it was. This is the correction of M. Bojarski et al., End to End Learning for
Self-Driving Cars, 2016 (arXiv:1604.07316), section 2, by somebody who can be asked rather than by geometry.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.revisit import Visit, revisit
from drivebench.errors import ConfigurationError
from drivebench.policy import Actions, Driver, Slots
from drivebench.world import WorldBatch, quantise

__all__ = ["DisplacedTeacher", "displaced_labels"]


class DisplacedTeacher(Driver, Protocol):
    """A driver that can be asked what it would do at other poses, without being disturbed by that."""

    def label(
        self,
        worlds: WorldBatch,
        slots: Slots,
        lateral_offset_m: float | NDArray[np.float64],
        heading_offset_rad: float | NDArray[np.float64],
    ) -> Actions:
        """What it would do if the egos stood elsewhere.

        Args:
            worlds: The worlds, only to be read.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right: one for all, or
                ``f8[..., n]``.
            heading_offset_rad: The ego is thought to be turned by this to the right; the same.

        Returns:
            ``f4[..., n, 2]``, as :meth:`drivebench.policy.Policy.act`.
        """


def displaced_labels(
    episodes: Sequence[Demonstration], teacher: DisplacedTeacher, poses: ArrayLike
) -> NDArray[np.int16]:
    """What a teacher would do in the states of demonstrations, were the car at other poses.

    Args:
        episodes: What to drive again.
        teacher: Whom to ask.
        poses: Offset to the right (m) and turn to the right, clockwise (rad), of the car: ``[K, 2]`` K poses
            for all frames, or ``[K, frames, 2]`` K poses for each, frames counted over all episodes in order.

    Returns:
        ``i2[K, frames, 2]`` quantised (acceleration, steering).

    Raises:
        ConfigurationError: The poses are not of these shapes, or not finite.
        DataError: A scenario or the simulator has changed since it was recorded.
    """
    frames = sum(each.frames for each in episodes)
    places = np.asarray(poses, np.float64)
    if places.ndim == 2:
        places = places[:, None]
    if places.ndim != 3 or places.shape[1] not in (1, frames) or places.shape[2] != 2:
        raise ConfigurationError(
            f"poses of shape {list(np.shape(poses))}; expected [K, 2] or [K, {frames}, 2]: the offset (m) "
            "and the turn (rad) to the right"
        )
    if not np.isfinite(places).all():
        raise ConfigurationError("a pose is NaN or infinite; expected metres and radians")
    places = np.broadcast_to(places, (len(places), frames, 2))
    labels = np.empty((len(places), frames, 2), np.int16)

    def look(visit: Visit) -> None:
        if visit.decision == 0:
            teacher.reset(visit.worlds, dict(enumerate(visit.monitor.episodes)), visit.slots)
        here = places[:, visit.frames]
        labels[:, visit.frames] = quantise(
            teacher.label(visit.worlds, visit.slots, here[..., 0], here[..., 1])
        )

    revisit(episodes, look, f"label {len(places)} displaced poses")
    return labels
