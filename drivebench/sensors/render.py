"""Rendering pictures: of any camera, at any moments, into a caller's buffer."""

import threading
from functools import lru_cache
from typing import Any, NamedTuple

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
from drivebench.sensors.models import Models, models
from drivebench.sensors.optics import Eye, Optics, optics_of
from drivebench.sensors.palette import PAINT, Palette
from drivebench.sensors.samples import Samples, empty_samples
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


class _Scene(NamedTuple):
    """The arrays of ``Moments``; the descriptors of the ground maps in ``i8[G, ...]``."""

    grounds: Ints
    ground: Ints
    poses: Floats
    boxes: Floats
    looks: NDArray[np.uint8]
    weather: Ints
    seeds: NDArray[np.uint64]
    decisions: Ints


class _Light(NamedTuple):
    """What weathers look like to a camera.

    Attributes:
        effects: ``f8[K, 7]`` of each weather, from ``effects_of``.
        palette: ``i8[K]`` which of the palettes is that of the weather.
        palettes: ``f8[P, 7]``, ``Palette.table``.
        shades: ``u2[P, H, 6, 3]``, from ``shades_of``.
        gain: ``i8[P]`` which of the gains is that of the palette; -1: none.
        gains: ``u2[..., H, W]``, from ``headlight_gain``.
    """

    effects: Floats
    palette: Ints
    palettes: Floats
    shades: NDArray[np.uint16]
    gain: Ints
    gains: NDArray[np.uint16]


@kernel
def _render_range(
    first: int,
    last: int,
    out: NDArray[np.uint8],
    wanted: NDArray[np.bool_],
    scene: _Scene,
    light: _Light,
    camera: np.uint64,
    optics: Optics,
    models: Models,
    paints: Floats,
    grain_address: int,
    samples: Samples,
) -> None:
    """Render the wanted ones of pictures [first, last); the samples are empty before and after."""
    boxes, lens = scene.boxes, optics.lens
    placed = np.empty((boxes.shape[1], 5))
    row, solid = row_scratch(out.shape[3]), solid_scratch(boxes.shape[1])
    for n in range(first, last):
        if not wanted[n]:
            continue
        kind, seed, decision = scene.weather[n], scene.seeds[n], scene.decisions[n]
        effect, which = light.effects[kind], light.palette[kind]
        palette, dark = light.palettes[which], light.gain[which]
        fault = fault_of(seed, camera, decision, effect[DROPOUT])
        if fault == _BLACK:
            out[n] = np.uint8(0)
            continue
        heading = _on_grid(scene.poses[n, 2], ANGLE_STEP_RAD)
        cosine, sine = cos_sin(None, heading)
        x = _on_grid(scene.poses[n, 0], POSITION_STEP_M) + lens.x_m * cosine - lens.y_m * sine
        y = _on_grid(scene.poses[n, 1], POSITION_STEP_M) + lens.x_m * sine + lens.y_m * cosine
        cosine, sine = cos_sin(None, heading + lens.yaw_rad)
        eye = Eye(x, y, cosine, sine)
        draw_ground(
            out[n], scene.grounds[scene.ground[n]], grain_address, light.shades[which], dark >= 0,
            light.gains[max(dark, 0)], optics, eye, row,
        )  # fmt: skip
        for k in range(boxes.shape[1]):
            placed[k, 0] = _on_grid(boxes[n, k, 0], POSITION_STEP_M)
            placed[k, 1] = _on_grid(boxes[n, k, 1], POSITION_STEP_M)
            placed[k, 2] = _on_grid(boxes[n, k, 2], ANGLE_STEP_RAD)
            placed[k, 3], placed[k, 4] = boxes[n, k, 3], boxes[n, k, 4]
        draw_solids(out[n], placed, scene.looks[n], paints, palette, lens, eye, models, samples, solid)
        if effect[GLARE] > 0.0:
            add_glare(out[n], lens, eye, effect)
        if effect[RAIN] > 0.0:
            add_rain(out[n], picture_key(seed, camera, decision, _FOR_RAIN), effect[RAIN], palette)
        if effect[NOISE] > 0.0:
            add_noise(out[n], picture_key(seed, camera, decision, _FOR_NOISE), int(effect[NOISE]))
        if fault == _BLOCKS:
            draw_missing_blocks(out[n], picture_key(seed, camera, decision, _FOR_BLOCKS))


class _SamplesOfThread(threading.local):
    """Each thread's samples, by the size of pictures; to get new ones takes longer than a picture."""

    def __init__(self) -> None:
        self._of_size: dict[tuple[int, int], Samples] = {}

    def of_size(self, height: int, width: int) -> Samples:
        """Empty samples."""
        if (height, width) not in self._of_size:
            self._of_size[height, width] = empty_samples(height, width)
        return self._of_size[height, width]


_samples = _SamplesOfThread()


def _render_share(first: int, last: int, out: NDArray[np.uint8], *arguments: Any) -> None:
    """Render pictures [first, last) with the samples of this thread."""
    everything: tuple[Any, ...] = (*arguments, _samples.of_size(out.shape[2], out.shape[3]))
    _render_range(first, last, out, *everything)


@lru_cache(maxsize=64)
def _palettes(weathers: tuple[Weather, ...]) -> tuple[Floats, Ints, tuple[Palette, ...]]:
    """Effects of each weather, which palette is its, and the palettes.

    Many weathers share one: each episode with a low sun has its own direction of it.
    """
    number: dict[Palette, int] = {}
    which = [number.setdefault(palette_of(weather), len(number)) for weather in weathers]
    return np.stack([effects_of(weather) for weather in weathers]), np.array(which), tuple(number)


@lru_cache(maxsize=64)
def _tables(
    camera: Camera, palettes: tuple[Palette, ...]
) -> tuple[Floats, NDArray[np.uint16], Ints, NDArray[np.uint16]]:
    """The last four of ``_Light``."""
    gains = [headlight_gain(camera, palette) for palette in palettes if palette.headlights > 0.0]
    dark = np.array([palette.headlights > 0.0 for palette in palettes])
    return (
        np.stack([palette.table for palette in palettes]),
        np.stack([shades_of(camera, palette) for palette in palettes]),
        np.where(dark, np.cumsum(dark) - 1, -1),
        np.stack(gains) if gains else np.zeros((1, 1, 1), np.uint16),
    )


def _light(camera: Camera, weathers: tuple[Weather, ...], palette: Palette | None) -> _Light:
    effects, which, palettes = _palettes(weathers)
    if palette is not None:
        which, palettes = np.zeros_like(which), (palette,)
    return _Light(effects, which, *_tables(camera, palettes))


def render(
    camera: Camera,
    moments: Moments,
    out: NDArray[np.uint8] | None = None,
    *,
    palette: Palette | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Render one picture of each moment.

    Pictures do not depend on each other, on the number of threads, or on the order of the vehicles. A frozen
    camera is the caller's part, who knows the moment that it goes on showing (``faults.shown_decisions``).

    Args:
        camera: The camera, mounted on the ego.
        moments: What it looks at, n moments.
        out: ``u1[n, 3, height, width]``, C-contiguous, to be filled; a new array when not given.
        palette: Colours and light in place of those of the weathers.
        wanted: ``bool[n]`` which pictures to render, the others stay as they are; all when not given.

    Returns:
        ``out``: planar RGB.

    Raises:
        ConfigurationError: ``out`` or ``wanted`` has another shape, type or layout.
    """
    shape = (len(moments), *camera.shape)
    if out is None:
        out = np.empty(shape, np.uint8)
    elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ConfigurationError(
            f"out is {out.dtype}{list(out.shape)}, C-contiguous: {out.flags.c_contiguous}; expected a "
            f"C-contiguous uint8{list(shape)}"
        )
    if wanted is None:
        wanted = np.ones(len(moments), np.bool_)
    elif wanted.shape != shape[:1] or wanted.dtype != np.bool_:
        raise ConfigurationError(
            f"wanted is {wanted.dtype}{list(wanted.shape)}; expected bool{list(shape[:1])}"
        )
    if not len(moments):
        return out
    scene = _Scene(
        np.array([ground.descriptor for ground in moments.grounds]),
        moments.ground,
        moments.poses,
        moments.boxes,
        moments.looks,
        moments.weather,
        moments.seeds,
        moments.decisions,
    )
    arguments = (
        out,
        np.ascontiguousarray(wanted),
        scene,
        _light(camera, tuple(moments.weathers), palette),
        key_of_camera(camera.name),
        optics_of(camera),
        models(),
        PAINT,
        grain_table().ctypes.data,
    )
    in_threads(_render_share, len(moments), arguments)
    return out
