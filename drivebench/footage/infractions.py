"""What went wrong in an episode, and in which frames: to be marked in pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from drivebench.footage.panels import Picture
from drivebench.footage.recording import Footage
from drivebench.metric.events import (
    Collision,
    Event,
    GoalReached,
    OffRoad,
    OffRoute,
    Overspeed,
    ShortTimeToCollision,
    WrongWay,
)
from drivebench.metric.fault import fault_of
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["RED", "Infraction", "infractions_of", "marked"]

RED = (228, 40, 40)
_FRAME_PX = 5
_SHORTEST_S = 0.6
"""A mark stays for so long, or nobody would see it in a video."""


@dataclass(frozen=True, kw_only=True)
class Infraction:
    """Something that costs points, in the frames from ``first`` to ``last``; ``text`` says what."""

    first: int
    last: int
    text: str


def infractions_of(footage: Footage) -> tuple[Infraction, ...]:
    """All that went wrong, in the order of time.

    Args:
        footage: The episode.
    """
    found = []
    end = len(footage) - 1
    for event in footage.measurement.events:
        if isinstance(event, GoalReached):
            continue
        times_s = _times(event)
        first = min(max(round(times_s[0] * SIMULATION_HZ), 0), end)
        last = max(round(times_s[1] * SIMULATION_HZ), first + round(_SHORTEST_S * SIMULATION_HZ))
        found.append(Infraction(first=first, last=min(last, end), text=_text(event)))
    return tuple(sorted(found, key=lambda each: each.first))


def marked(picture: Picture, infractions: Sequence[Infraction], frame: int) -> Picture:
    """The picture, in a red frame that says what goes wrong in it, and since when; unchanged when nothing is.

    Args:
        picture: Of the frame.
        infractions: Of the episode.
        frame: Which.
    """
    texts = [
        f"{each.text} (from {each.first / SIMULATION_HZ:.1f} s)"
        for each in infractions
        if each.first <= frame <= each.last
    ]
    if not texts:
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, image.width - 1, image.height - 1), outline=RED, width=_FRAME_PX)
    text = " · ".join(dict.fromkeys(texts))
    left, top, right, bottom = draw.textbbox((0, 0), text, font_size=15)
    draw.rectangle((0, image.height - (bottom - top) - 16, right - left + 20, image.height), fill=RED)
    draw.text((10, image.height - 8), text, (255, 255, 255), font_size=15, anchor="ls")
    return np.asarray(image)


def _times(event: Event) -> tuple[float, float]:
    if isinstance(event, Collision | GoalReached | OffRoute):
        return event.time_s, event.time_s
    return event.start_s, event.end_s


def _text(event: Event) -> str:
    match event:
        case Collision():
            fault = fault_of(event)
            return f"collision, {event.contact} of the car, {'at fault' if fault else 'not at fault'}"
        case OffRoad():
            return f"off the road, {event.depth_m:.1f} m"
        case OffRoute():
            return "off the route"
        case WrongWay():
            return f"wrong way, {event.distance_m:.0f} m"
        case ShortTimeToCollision():
            return f"{event.shortest_s:.1f} s to a collision"
        case Overspeed():
            return f"up to {event.excess_mps * 3.6:.1f} km/h too fast"
        case GoalReached():
            return "goal reached"
