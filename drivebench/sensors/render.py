"""Rendering pictures: of any camera, at any moments, into a caller's buffer."""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.sensors.camera import Camera
from drivebench.sensors.grain import grain_table
from drivebench.sensors.machine import LANES
from drivebench.sensors.models import models
from drivebench.sensors.optics import optics_of
from drivebench.sensors.palette import DAY, PAINT, Palette
from drivebench.sensors.scene import ANGLE_STEP_RAD, POSITION_STEP_M, Moments
from drivebench.sensors.shades import shades_of
from drivebench.sensors.solids import draw_solids, solid_scratch
from drivebench.sensors.surface import draw_ground, row_scratch
from drivebench.world.numerics import cos_sin, floor
from drivebench.world.threads import in_threads

__all__ = ["render"]

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
    shades: NDArray[np.uint16],
    palette: Floats,
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
) -> None:
    """Render pictures [first, last)."""
    height, width = out.shape[2], out.shape[3]
    columns = (2 * width + LANES - 1) // LANES * LANES
    nearness = np.zeros((2 * height, columns), np.float32)
    colours = np.zeros((2 * height, columns), np.uint32)
    reach = np.zeros((height, 2), np.int64)
    reach[:, 0] = width
    placed = np.empty((boxes.shape[1], 5))
    row, solid = row_scratch(width), solid_scratch(boxes.shape[1])
    for n in range(first, last):
        heading = _on_grid(poses[n, 2], ANGLE_STEP_RAD)
        cosine, sine = cos_sin(None, heading)
        x = _on_grid(poses[n, 0], POSITION_STEP_M) + lens[4] * cosine - lens[5] * sine
        y = _on_grid(poses[n, 1], POSITION_STEP_M) + lens[4] * sine + lens[5] * cosine
        cosine, sine = cos_sin(None, heading + lens[7])
        draw_ground(
            out[n], grounds[ground[n]], grain_address, shades,
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


def render(
    camera: Camera, moments: Moments, out: NDArray[np.uint8] | None = None, *, palette: Palette = DAY
) -> NDArray[np.uint8]:
    """Render one picture of each moment.

    Pictures do not depend on each other, on the number of threads, or on the order of the vehicles.

    Args:
        camera: The camera, mounted on the ego.
        moments: What it looks at, n moments.
        out: ``u1[n, 3, height, width]``, C-contiguous, to be filled; a new array when not given.
        palette: The light.

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
    grain, solids = grain_table(), models()
    arguments = (
        out,
        np.stack([ground.descriptor() for ground in moments.grounds]),
        moments.ground,
        moments.poses,
        moments.boxes,
        moments.looks,
        shades_of(camera, palette),
        palette.table,
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
    in_threads(_render_range, len(moments), arguments)
    return out
