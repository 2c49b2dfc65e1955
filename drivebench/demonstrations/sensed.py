"""What sensors would have observed in demonstrations: for learners that see more than pictures."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.revisit import Visit, revisit
from drivebench.errors import ConfigurationError
from drivebench.sensors import Sensor, SensorRig

__all__ = ["sensed"]


def sensed(episodes: Sequence[Demonstration], sensors: Sequence[Sensor]) -> dict[str, NDArray[Any]]:
    """Drive demonstrations again and observe, before each decision, just what a policy would have observed.

    For sensors that are small. Pictures are rendered on demand, see :mod:`.frames`.

    Args:
        episodes: What to drive again.
        sensors: What to observe, such as those of the kinematics track.

    Returns:
        By sensor, ``[frames, ...]`` of the type and shape of its space, all episodes in order.

    Raises:
        DataError: A scenario or the simulator has changed since it was recorded.
        ConfigurationError: No sensor, one twice, or one that observes texts.
    """
    rig = SensorRig(sensors)
    frames = sum(each.frames for each in episodes)
    observed: dict[str, NDArray[Any]] = {}
    for name, space in rig.space().spaces.items():
        if isinstance(space, gymnasium.spaces.Text) or space.shape is None:
            raise ConfigurationError(f"the sensor {name!r} observes texts; expected sensors of numbers")
        observed[name] = np.zeros((frames, *space.shape), space.dtype)

    def look(visit: Visit) -> None:
        for name, values in rig.observe(visit.worlds, visit.monitor, visit.slots).items():
            observed[name][visit.frames] = values

    revisit(episodes, look, f"observe {', '.join(observed)}")
    return observed
