"""What is in a picture of an episode: the cameras, the view from above, or two drives side by side."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from drivebench.footage.panels import Picture, above, beside, enlarged, framed, labelled
from drivebench.footage.recording import Footage
from drivebench.metric.measurement import Ending
from drivebench.sensors import FRONT, LEFT, MIRROR_LEFT, MIRROR_RIGHT, RIGHT, Camera, render
from drivebench.sensors.topview import TopView, Window, window_around
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["ENDINGS", "driver_scene", "from_above", "photograph", "replay_scene", "top_scene"]

_ENLARGED = 3
_WIDE_FRONT = dataclasses.replace(FRONT, height=144, width=360)
"""The front camera with more pixels than a policy gets, for people."""

ENDINGS = {
    Ending.GOAL: "goal reached",
    Ending.HORIZON: "time is up",
    Ending.COLLISION: "collision",
    Ending.OFF_ROAD: "off the road",
    Ending.WRONG_WAY: "wrong way",
    Ending.OFF_ROUTE: "off the route",
    Ending.UNFINISHED: "",
}


def photograph(camera: Camera, footage: Footage, frame: int) -> Picture:
    """What a camera shows.

    Args:
        camera: Which.
        footage: The episode.
        frame: Which frame.
    """
    return np.ascontiguousarray(render(camera, footage.moment(frame, camera.name))[0].transpose(1, 2, 0))


def _caption(footage: Footage, frame: int) -> str:
    """Time and speed, and at the end how it came to it."""
    speed_kmh = footage.states[frame, footage.ego, 3] * 3.6
    ending = ENDINGS[footage.measurement.ended_by] if frame == len(footage) - 1 else ""
    return " · ".join(filter(None, (f"{frame / SIMULATION_HZ:.1f} s", f"{speed_kmh:.0f} km/h", ending)))


def _name(footage: Footage) -> str:
    episode = footage.episode
    return f"{episode.scenario} · {episode.condition} · seed {episode.seed} · {footage.title}"


def _instruction(footage: Footage, frame: int) -> str:
    """The command in force, as a sentence."""
    text = ""
    for segment in footage.episode.route.commands:
        if segment.start_m <= max(footage.progress_m[frame], 0.0):
            text = segment.text
    return text


def driver_scene(footage: Footage, frame: int, *, mirrors: bool = False) -> Picture:
    """Left, front and right camera as a policy gets them, enlarged.

    Args:
        footage: The episode.
        frame: Which frame.
        mirrors: Whether to add the two mirrors below.
    """
    row = [
        labelled(enlarged(photograph(camera, footage, frame), _ENLARGED), camera.name)
        for camera in (LEFT, FRONT, RIGHT)
    ]
    rows = [beside(row)]
    if mirrors:
        left, right = (
            labelled(enlarged(photograph(camera, footage, frame), _ENLARGED), camera.name)
            for camera in (MIRROR_LEFT, MIRROR_RIGHT)
        )
        rows.append(beside([left, _speedometer(footage, frame, left, rows[0]), right]))
    return framed(labelled(above(rows), _name(footage), _caption(footage, frame)))


def _speedometer(footage: Footage, frame: int, mirror: Picture, cameras: Picture) -> Picture:
    """What the other sensors say, in the space between the mirrors."""
    width = cameras.shape[1] - 2 * mirror.shape[1] - 2 * 4
    speed = footage.states[frame, footage.ego, 3]
    blank = np.zeros((0, width, 3), np.uint8)
    lines = [
        f"speed {speed:.1f} m/s",
        _instruction(footage, frame),
        f"{footage.progress_m[frame]:.0f} m driven",
    ]
    return np.concatenate([labelled(blank, line) for line in lines])


def top_scene(footage: Footage, frame: int, *, width: int = 960, height: int = 480) -> Picture:
    """From above: the route from here on, where the ego has been, everybody else; one map for all frames.

    Args:
        footage: The episode.
        frame: Which frame.
        width: Of the view, in pixels.
        height: The same.
    """
    route = footage.episode.route
    until_m = min(route.goal_m, float(footage.progress_m.max()) + 80.0)
    shown = (route.arc_m >= -25.0) & (route.arc_m <= until_m)
    points = np.concatenate((route.points_m[shown], footage.states[:, footage.ego, :2]))
    picture = from_above(footage, frame, window_around(points, width=width, height=height))
    return framed(labelled(picture, _name(footage), _caption(footage, frame)))


def from_above(footage: Footage, frame: int, window: Window) -> Picture:
    """Everybody from above, with the way ahead and the way that the ego has come.

    Args:
        footage: The episode.
        frame: Which frame.
        window: Which part of the plane.
    """
    boxes = footage.boxes(frame)
    return TopView(window=window, ground=footage.ground).render(
        boxes=boxes,
        looks=footage.looks,
        ego=boxes[footage.ego],
        route=footage.episode.route,
        progress_m=float(footage.progress_m[frame]),
        trail_m=footage.states[: frame + 1, footage.ego, :2],
    )


def _following(footage: Footage, frame: int, width: int, height: int) -> Picture:
    """From above, with the ego in the lower third and its heading upwards."""
    x, y, heading = footage.states[frame, footage.ego, :3]
    m_per_px, ahead_m = 0.22, 0.22 * height * 0.22
    window = Window(
        x_m=float(x + ahead_m * math.cos(heading)),
        y_m=float(y + ahead_m * math.sin(heading)),
        heading_rad=float(heading),
        m_per_px=m_per_px,
        width=width,
        height=height,
    )
    return from_above(footage, frame, window)


def replay_scene(footages: Sequence[Footage], frame: int) -> Picture:
    """Several drives from one start, each from above and through its front camera.

    Args:
        footages: The drives.
        frame: Which frame; a drive that has ended stays at its last one.
    """
    columns = []
    for footage in footages:
        own = min(frame, len(footage) - 1)
        camera = photograph(_WIDE_FRONT, footage, own)
        view = _following(footage, own, camera.shape[1], 300)
        columns.append(labelled(above([view, camera]), footage.title, _caption(footage, own)))
    return framed(beside(columns))
