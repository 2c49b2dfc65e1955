"""Writing pictures (PNG) and videos (MP4, H.264; GIF)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivebench.errors import ConfigurationError
from drivebench.footage.panels import Picture
from drivebench.footage.recording import film_actions
from drivebench.footage.scenes import replay_scene
from drivebench.metric.measurement import Reference
from drivebench.scenario import Episode
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["replay_video", "write_gif", "write_picture", "write_video"]

_QUALITY = 30
"""x264's constant rate factor: 0 is lossless, 23 its default, 51 the worst."""

_LINGER_S = 1.0
"""How long a video stays on its last frame."""

_GIF_EVERY = 2
"""A GIF has every second simulation step: its files are large, and its times whole hundredths of a second."""


def write_picture(picture: Picture, path: Path) -> None:
    """Write a PNG.

    Args:
        picture: ``u1[height, width, 3]``.
        path: Where; folders are made as needed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, optimize=True)


def _nobody(frames: int) -> None:
    """Nobody counts."""


def write_video(
    scene: Callable[[int], Picture], frames: int, path: Path, progress: Callable[[int], None] = _nobody
) -> None:
    """Write an MP4 that browsers play, at the rate of the simulation; it lingers on its last picture.

    Args:
        scene: Makes the picture of a frame; all of one size with even sides (``framed`` makes them so).
        frames: How many; at least one.
        path: Where; folders are made as needed.
        progress: Called with the number of frames that were just written.
    """
    if frames < 1:
        raise ConfigurationError(f"a video of {frames} pictures; expected at least one")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = scene(0)
    writer: Any = imageio_ffmpeg.write_frames(
        str(path),
        (picture.shape[1], picture.shape[0]),
        fps=SIMULATION_HZ,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=[
            "-crf",
            str(_QUALITY),
            "-tune",
            "animation",
            "-movflags",
            "+faststart",
            "-threads",
            "1",
        ],
    )
    try:
        writer.send(None)
        for frame in range(frames):
            picture = scene(frame) if frame else picture
            writer.send(np.ascontiguousarray(picture))
            progress(1)
        for _ in range(round(_LINGER_S * SIMULATION_HZ)):
            writer.send(np.ascontiguousarray(picture))
    finally:
        writer.close()


def write_gif(
    scene: Callable[[int], Picture], frames: int, path: Path, progress: Callable[[int], None] = _nobody
) -> None:
    """Write a GIF that runs for ever, at half the rate of the simulation; it lingers on its last picture.

    Args:
        scene: Makes the picture of a frame; all of one size.
        frames: How many; at least one.
        path: Where; folders are made as needed.
        progress: Called with the number of frames that were just dealt with.
    """
    if frames < 1:
        raise ConfigurationError(f"a video of {frames} pictures; expected at least one")
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = [*range(0, frames - 1, _GIF_EVERY), frames - 1]
    pictures = []
    for number, frame in enumerate(shown):
        pictures.append(Image.fromarray(scene(frame)).quantize(128))
        progress(frame - shown[number - 1] if number else 1)
    lasts_ms = round(1000 * _GIF_EVERY / SIMULATION_HZ)
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=[lasts_ms] * (len(pictures) - 1) + [round(1000 * _LINGER_S)],
        loop=0,
    )


def replay_video(
    episode: Episode,
    logs: Mapping[str, NDArray[np.int16]],
    path: Path,
    *,
    reference: Reference | None = None,
) -> None:
    """Show recorded drives from the same start side by side, from above and through the front camera.

    Args:
        episode: What was driven.
        logs: By who drove: the action log ``i2[T, 2]``.
        path: Where to write the MP4.
        reference: What the expert did on the episode, if known.
    """
    footages = [film_actions(title, episode, log, reference=reference) for title, log in logs.items()]
    if not footages:
        raise ConfigurationError("a replay of no action log; expected at least one")
    write_video(lambda frame: replay_scene(footages, frame), max(map(len, footages)), path)
