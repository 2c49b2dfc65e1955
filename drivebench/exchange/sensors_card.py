"""Lines about sensors for the card of an exported data set."""

import re
from collections.abc import Iterable

import gymnasium

from drivebench.sensors import Sensor

__all__ = ["described"]


def described(sensors: Iterable[Sensor]) -> list[tuple[str, str]]:
    """Name and description of the actions and of what each sensor stores.

    Args:
        sensors: What is observed.
    """
    lines = [("actions", "acceleration and steering in [-1, 1], in units of 5 m/s² and π/4 rad to the right")]
    for sensor in sensors:
        space = sensor.space()
        kind = f"{space.dtype}{list(space.shape)}" if isinstance(space, gymnasium.spaces.Box) else "text"
        first = re.sub(r":\w+:`(.*?)`", r"`\1`", (type(sensor).__doc__ or "").partition("\n")[0])
        leaking = " It tells what was just done: an imitator may copy that." if sensor.leaks_label else ""
        lines.append((sensor.name, f"{kind}: {first}{leaking}"))
    return lines
