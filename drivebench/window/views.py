"""What the driver sees of the world: from above, and through the windscreen and the mirrors."""

import dataclasses
import math

import numpy as np

from drivebench.footage.panels import Picture
from drivebench.sensors import FRONT, MIRROR_LEFT, MIRROR_RIGHT, Camera, render
from drivebench.sensors.topview import TopView, Window
from drivebench.window.live import LiveEpisode

__all__ = ["LEFT_MIRROR", "RIGHT_MIRROR", "WINDSCREEN", "from_above", "photograph"]

WINDSCREEN = dataclasses.replace(FRONT, height=336, width=840)
LEFT_MIRROR = dataclasses.replace(MIRROR_LEFT, height=160, width=240)
RIGHT_MIRROR = dataclasses.replace(MIRROR_RIGHT, height=160, width=240)
"""A policy's cameras, where they are and with what they see, with more pixels."""

M_PER_PX = 0.2
AHEAD = 0.24
"""The ego is so far below the middle, as a share of the height."""


def photograph(camera: Camera, live: LiveEpisode, time_s: float) -> Picture:
    """A camera's picture, with the weather and the failures that a policy has.

    Args:
        camera: Which.
        live: The episode.
        time_s: Since its start.
    """
    planes = render(camera, live.moment(time_s, camera.name))[0]
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def from_above(live: LiveEpisode, time_s: float, *, width: int, height: int) -> Picture:
    """From above: the ego in the lower part, heading upwards, and the way that it has to go.

    Args:
        live: The episode.
        time_s: Since its start.
        width: Of the picture, in pixels.
        height: The same.
    """
    states = live.states(time_s)
    x, y, heading = (float(value) for value in states[live.ego, :3])
    ahead_m = AHEAD * height * M_PER_PX
    window = Window(
        x_m=x + ahead_m * math.cos(heading),
        y_m=y + ahead_m * math.sin(heading),
        heading_rad=heading,
        m_per_px=M_PER_PX,
        width=width,
        height=height,
    )
    boxes = live.boxes(states)
    return TopView(window=window, ground=live.ground).render(
        boxes=boxes,
        looks=live.looks,
        ego=boxes[live.ego],
        route=live.episode.route,
        progress_m=live.progress_m(time_s),
        trail_m=live.trail_m(time_s),
    )
