"""A contact sheet: an episode as moments on one page, those among them in which something went wrong."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from drivebench.footage.infractions import Infraction, marked
from drivebench.footage.panels import Picture, above, beside, framed

__all__ = ["contact_sheet", "sheet_frames"]

MOMENTS = 12
COLUMNS = 3
_TILE_WIDTH_PX = 640


def sheet_frames(frames: int, infractions: Sequence[Infraction], moments: int = MOMENTS) -> list[int]:
    """Which frames to show: the first, the last, the begin of each infraction, and others evenly between.

    Args:
        frames: How many there are.
        infractions: Among them.
        moments: How many to show, at least two.

    Returns:
        In order, each once; fewer than asked for only when there are not so many. Of too many infractions,
        the last are left out.
    """
    chosen = {0, frames - 1}
    for each in infractions:
        if len(chosen) < moments and each.first < frames:
            chosen.add(each.first)
    while len(chosen) < min(moments, frames):
        ordered = sorted(chosen)
        gaps = np.diff(ordered)
        widest = int(np.argmax(gaps))
        chosen.add(ordered[widest] + int(gaps[widest]) // 2)
    return sorted(chosen)


def contact_sheet(
    picture: Callable[[int], Picture], frames: Sequence[int], infractions: Sequence[Infraction]
) -> Picture:
    """Put moments on one page.

    Args:
        picture: Makes the picture of a frame.
        frames: Which to show.
        infractions: To be marked.
    """
    tiles = []
    for frame in frames:
        image = Image.fromarray(np.ascontiguousarray(picture(frame)))
        height = round(image.height * _TILE_WIDTH_PX / image.width)
        small = np.asarray(image.resize((_TILE_WIDTH_PX, height), Image.Resampling.LANCZOS))
        tiles.append(marked(small, infractions, frame))
    rows = [beside(tiles[first : first + COLUMNS]) for first in range(0, len(tiles), COLUMNS)]
    return framed(above(rows))
