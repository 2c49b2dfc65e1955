"""Rendering pictures: of any camera, at any moments, into a caller's buffer."""

import threading
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.sensors.camera import Camera
from drivebench.sensors.draws import key_of_camera, picture_key
from drivebench.sensors.faults import Fault, draw_missing_blocks, fault_of
from drivebench.sensors.grain import grain_table
from drivebench.sensors.lens import add_glare, add_noise, add_rain
from drivebench.sensors.light import DROPOUT, GLARE, NOISE, RAIN, effects_of, headlight_gain, palette_of
from drivebench.sensors.machine import LANES
from drivebench.sensors.models import models
from drivebench.sensors.optics import optics_of
from drivebench.sensors.palette import PAINT, Palette
from drivebench.sensors.scene import ANGLE_STEP_RAD, POSITION_STEP_M, Moments
from drivebench.sensors.shades import shades_of
from drivebench.sensors.solids import draw_solids, solid_scratch
from drivebench.sensors.surface import draw_ground, row_scratch
from drivebench.weather import Weather
from drivebench.world.numerics import cos_sin, floor
from drivebench.world.threads import in_threads

__all__ = ["render"]

_BLACK, _BLOCKS = int(Fault.BLACK), int(Fault.BLOCKS)
_FOR_RAIN, _FOR_NOISE, _FOR_BLOCKS = 3, 4, 5

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def _on_grid(value: float, step: float) -> float:
    return floor(value / step + 0.5) * step


@kernel
def _render_range(
    first: int,
    last: int,
    out: NDArray[np.uint8],
    grounds: Ints,
    ground: Ints,
    poses: Floats,
    boxes: Floats,
    looks: NDArray[np.uint8],
    weather: Ints,
    seeds: NDArray[np.uint64],
    decisions: Ints,
    shades: NDArray[np.uint16],
    gain_of_weather: Ints,
    gains: NDArray[np.uint16],
    palettes: Floats,
    effects: Floats,
    camera: np.uint64,
    paints: Floats,
    grain_address: int,
    lens: Floats,
    level: Ints,
    samples: Ints,
    forward: Floats,
    depth: Floats,
    shapes: Ints,
    faces: Floats,
    polygons_of_face: Ints,
    polygons: Ints,
    light: Floats,
    model_corners: Floats,
    model_colours: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: Ints,
) -> None:
    """Render pictures [first, last); the samples are empty before and after."""
    width = out.shape[3]
    placed = np.empty((boxes.shape[1], 5))
    row, solid = row_scratch(width), solid_scratch(boxes.shape[1])
    for n in range(first, last):
        kind = weather[n]
        effect, palette, dark = effects[kind], palettes[kind], gain_of_weather[kind]
        fault = fault_of(seeds[n], camera, decisions[n], effect[DROPOUT])
        if fault == _BLACK:
            out[n] = np.uint8(0)
            continue
        heading = _on_grid(poses[n, 2], ANGLE_STEP_RAD)
        cosine, sine = cos_sin(None, heading)
        x = _on_grid(poses[n, 0], POSITION_STEP_M) + lens[4] * cosine - lens[5] * sine
        y = _on_grid(poses[n, 1], POSITION_STEP_M) + lens[4] * sine + lens[5] * cosine
        cosine, sine = cos_sin(None, heading + lens[7])
        draw_ground(
            out[n], grounds[ground[n]], grain_address, shades[kind], dark >= 0, gains[max(dark, 0)],
            lens, level, samples, forward, depth, x, y, cosine, sine, row,
        )  # fmt: skip
        for k in range(boxes.shape[1]):
            placed[k, 0] = _on_grid(boxes[n, k, 0], POSITION_STEP_M)
            placed[k, 1] = _on_grid(boxes[n, k, 1], POSITION_STEP_M)
            placed[k, 2] = _on_grid(boxes[n, k, 2], ANGLE_STEP_RAD)
            placed[k, 3], placed[k, 4] = boxes[n, k, 3], boxes[n, k, 4]
        draw_solids(
            out[n], placed, looks[n], paints, palette, lens, x, y, cosine, sine,
            shapes, faces, polygons_of_face, polygons, light, model_corners, model_colours,
            nearness, colours, reach, solid,
        )  # fmt: skip
        if effect[GLARE] > 0.0:
            add_glare(out[n], lens, cosine, sine, effect)
        if effect[RAIN] > 0.0:
            add_rain(out[n], picture_key(seeds[n], camera, decisions[n], _FOR_RAIN), effect[RAIN], palette)
        if effect[NOISE] > 0.0:
            add_noise(out[n], picture_key(seeds[n], camera, decisions[n], _FOR_NOISE), effect[NOISE])
        if fault == _BLOCKS:
            draw_missing_blocks(out[n], picture_key(seeds[n], camera, decisions[n], _FOR_BLOCKS))


class _Samples(threading.local):
    """Each thread's samples, by the size of pictures; to get new ones takes longer than a picture."""

    def __init__(self) -> None:
        self._of_size: dict[tuple[int, int], tuple[NDArray[np.float32], NDArray[np.uint32], Ints]] = {}

    def of_size(self, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.uint32], Ints]:
        """Empty samples: nearness, colours, reach (see ``samples.fill_polygon``)."""
        if (height, width) not in self._of_size:
            columns = (2 * width + LANES - 1) // LANES * LANES
            reach = np.zeros((height, 2), np.int64)
            reach[:, 0] = width
            samples = np.zeros((2 * height, columns), np.float32), np.zeros((2 * height, columns), np.uint32)
            self._of_size[height, width] = (*samples, reach)
        return self._of_size[height, width]


_samples = _Samples()


def _render_share(first: int, last: int, out: NDArray[np.uint8], *arguments: Any) -> None:
    """Render pictures [first, last) with the samples of this thread."""
    everything: tuple[Any, ...] = (*arguments, *_samples.of_size(out.shape[2], out.shape[3]))
    _render_range(first, last, out, *everything)


@lru_cache(maxsize=64)
def _tables(
    camera: Camera, weathers: tuple[Weather | Palette, ...]
) -> tuple[NDArray[np.uint16], Ints, NDArray[np.uint16], Floats]:
    """For each weather its shades, which of the gains is its (-1: none), these gains, and its palette."""
    palettes = [each if isinstance(each, Palette) else palette_of(each) for each in weathers]
    gains = [headlight_gain(camera, palette) for palette in palettes if palette.headlights > 0.0]
    dark = np.array([palette.headlights > 0.0 for palette in palettes])
    return (
        np.stack([shades_of(camera, palette) for palette in palettes]),
        np.where(dark, np.cumsum(dark) - 1, -1),
        np.stack(gains) if gains else np.zeros((1, 1, 1), np.uint16),
        np.stack([palette.table for palette in palettes]),
    )


@lru_cache(maxsize=64)
def _effects(weathers: tuple[Weather, ...]) -> Floats:
    return np.stack([effects_of(weather) for weather in weathers])


def render(
    camera: Camera, moments: Moments, out: NDArray[np.uint8] | None = None, *, palette: Palette | None = None
) -> NDArray[np.uint8]:
    """Render one picture of each moment.

    Pictures do not depend on each other, on the number of threads, or on the order of the vehicles. A frozen
    camera is the caller's part, who knows the moment that it goes on showing (``faults.shown_decisions``).

    Args:
        camera: The camera, mounted on the ego.
        moments: What it looks at, n moments.
        out: ``u1[n, 3, height, width]``, C-contiguous, to be filled; a new array when not given.
        palette: Colours and light in place of those of the weathers.

    Returns:
        ``out``: planar RGB.

    Raises:
        ConfigurationError: ``out`` has another shape, type or layout.
    """
    shape = (len(moments), *camera.shape)
    if out is None:
        out = np.empty(shape, np.uint8)
    elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ConfigurationError(
            f"out is {out.dtype}{list(out.shape)}, C-contiguous: {out.flags.c_contiguous}; expected a "
            f"C-contiguous uint8{list(shape)}"
        )
    if not len(moments):
        return out
    optics = optics_of(camera)
    grain, solids, weathers = grain_table(), models(), tuple(moments.weathers)
    arguments = (
        out,
        np.array([ground.descriptor for ground in moments.grounds]),
        moments.ground,
        moments.poses,
        moments.boxes,
        moments.looks,
        moments.weather,
        moments.seeds,
        moments.decisions,
        *_tables(camera, weathers if palette is None else (palette,) * len(weathers)),
        _effects(weathers),
        key_of_camera(camera.name),
        PAINT,
        grain.ctypes.data,
        optics.lens,
        optics.level,
        optics.samples,
        optics.forward,
        optics.depth,
        solids.shapes,
        solids.faces,
        solids.polygons_of_face,
        solids.polygons,
        solids.light,
        solids.corners,
        solids.colours,
    )
    in_threads(_render_share, len(moments), arguments)
    return out
