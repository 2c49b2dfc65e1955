"""What sensors read in demonstrations, found out once: to drive an episode again takes a tenth of a second.

A training goes through several phases, each of which learns from what the one before has learnt from, and
from some more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.sensed import sensed
from drivebench.sensors import Sensor

__all__ = ["KeptReadings"]


class KeptReadings:
    """What was read so far; shared by the phases of a training."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._episodes: dict[tuple[str, Sensor], NDArray[Any]] = {}

    def of(self, episodes: Sequence[Demonstration], sensors: Sequence[Sensor]) -> dict[str, NDArray[Any]]:
        """As :func:`.sensed`, which is asked for the episodes alone that not all of the sensors have read."""
        digests = [each.digest for each in episodes]
        unread = {
            digest: each
            for digest, each in zip(digests, episodes, strict=True)
            if any((digest, sensor) not in self._episodes for sensor in sensors)
        }
        if unread:
            found = sensed(list(unread.values()), sensors)
            ends = np.cumsum([each.frames for each in unread.values()])[:-1]
            for sensor in sensors:
                parts = np.split(found[sensor.name], ends)
                self._episodes |= zip([(digest, sensor) for digest in unread], parts, strict=True)
        return {
            sensor.name: np.concatenate([self._episodes[digest, sensor] for digest in digests])
            for sensor in sensors
        }
