"""What a camera's rows see of the ground: distances, levels of detail, and how many samples to take.

A camera without roll sees flat ground at one distance per row. A pixel's footprint there is much longer than
it is wide, so each row is sampled along several lines across it, at a level of detail chosen for its width.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivebench.sensors.camera import Camera
from drivebench.sensors.ground import LEVELS
from drivebench.sensors.paint import RESOLUTION_M
from drivebench.world.numerics import cos_sin, tan

__all__ = ["MOST_SAMPLES", "STEEP_SKY", "Eye", "Lens", "Optics", "optics_of"]

MOST_SAMPLES = 4

_WIDTH_TEXELS = 1.4
"""A row is looked up at the finest level at which a pixel is at most so many texels wide ..."""
_LENGTH_TEXELS = 2.8 * MOST_SAMPLES
"""... and so many texels long."""
_SAMPLE_TEXELS = 3.4
"""Lines across a row's footprint are at most so many texels apart.

The three were chosen by the correlation of lane marks with the true picture, as it is computed in
``tests/sensors/test_projection.py``, at twelve places along a motorway: 0.970 at 76 lines in a picture. With
(1.4, 5.6, 1.4) it is 0.964 at 104 lines, with (1.4, 8, 4) 0.965 at 63, with two lines a row at most 0.968 at
64."""

HORIZON_M = 500.0
"""Ground beyond this distance is taken for sky."""

STEEP_SKY = 2.6
"""The sky reaches the zenith's colour where the slope of the ray is 1/2.6."""

_PI = 3.141592653589793


class Lens(NamedTuple):
    """How a camera is mounted and how wide it sees.

    Attributes:
        focal_px: Focal length in pixels.
        column_focal_px: The same for columns: negative in a mirror.
        pitch_cosine, pitch_sine: Of the pitch.
        x_m, y_m, z_m, yaw_rad: Of the mount.
    """

    focal_px: float
    column_focal_px: float
    pitch_cosine: float
    pitch_sine: float
    x_m: float
    y_m: float
    z_m: float
    yaw_rad: float


class Eye(NamedTuple):
    """Where a camera is in the world.

    Attributes:
        x_m, y_m: Of the pinhole.
        cosine, sine: Of the heading in which it looks.
    """

    x_m: float
    y_m: float
    cosine: float
    sine: float


class Optics(NamedTuple):
    """A camera as the kernels need it.

    Attributes:
        lens: Mount and focal length.
        level: ``i8[H]`` level of detail of each row.
        samples: ``i8[H]`` lines per row, 0 where there is only sky.
        forward: ``f8[H, MOST_SAMPLES]`` horizontal distance of each line from the camera.
        depth: ``f8[H, MOST_SAMPLES]`` distance of each line along the optical axis.
        distance: ``f8[H]`` distance of the row's middle, for haze.
        covered: ``f8[H]`` share of the row that is ground.
        sky: ``f8[H]`` how far the row's sky is from the horizon's colour to the zenith's.
    """

    lens: Lens
    level: NDArray[np.int64]
    samples: NDArray[np.int64]
    forward: NDArray[np.float64]
    depth: NDArray[np.float64]
    distance: NDArray[np.float64]
    covered: NDArray[np.float64]
    sky: NDArray[np.float64]


@cache
def optics_of(camera: Camera) -> Optics:
    """The rows of a camera; canonical numerics, so that they are the same bits everywhere.

    Args:
        camera: Which.
    """
    half_fov, pitch = (round(deg * _PI / 180 * 2**30) / 2**30 for deg in _angles(camera))
    focal = camera.width / 2 / tan(None, half_fov)
    cosine, sine = cos_sin(None, pitch)
    rows = camera.height
    optics = Optics(
        lens=Lens(
            focal_px=float(focal),
            column_focal_px=float(-focal if camera.mirrored else focal),
            pitch_cosine=float(cosine),
            pitch_sine=float(sine),
            x_m=float(camera.x_m),
            y_m=float(camera.y_m),
            z_m=float(camera.z_m),
            yaw_rad=camera.yaw_rad(),
        ),
        level=np.zeros(rows, np.int64),
        samples=np.zeros(rows, np.int64),
        forward=np.zeros((rows, MOST_SAMPLES)),
        depth=np.zeros((rows, MOST_SAMPLES)),
        distance=np.zeros(rows),
        covered=np.zeros(rows),
        sky=np.zeros(rows),
    )
    for row in range(rows):
        _look(optics, camera, row, focal, cosine, sine)
    return optics


def _angles(camera: Camera) -> tuple[float, float]:
    return camera.horizontal_fov_deg / 2, camera.pitch_deg


def _look(optics: Optics, camera: Camera, row: int, focal: float, cosine: float, sine: float) -> None:
    """Fill in one row."""

    def ray(at: float) -> tuple[float, float]:
        """Slope downwards and forwards, per unit of depth, of the ray at a height in the picture."""
        v = (at - camera.height / 2) / focal
        return sine + cosine * v, cosine - sine * v

    down, ahead = ray(row + 0.5)
    optics.sky[row] = min(1.0, max(0.0, -down * STEEP_SKY / max(ahead, 0.1)))
    down, ahead = ray(row + 1.0)
    if down * HORIZON_M <= camera.z_m:
        return
    near_m = camera.z_m / down
    top = row + 0.0
    if ray(top)[0] * HORIZON_M < camera.z_m:
        top = ((camera.z_m / HORIZON_M - sine) / cosine) * focal + camera.height / 2
    far_down, far_ahead = ray(top)
    length_m = camera.z_m / far_down * far_ahead - near_m * ahead
    middle_m = camera.z_m / ray((top + row + 1.0) / 2)[0]
    width_m = middle_m / focal
    level, texel_m = 0, RESOLUTION_M
    while level < LEVELS - 1 and (width_m > texel_m * _WIDTH_TEXELS or length_m > texel_m * _LENGTH_TEXELS):
        level, texel_m = level + 1, texel_m * 2
    samples = 1
    while samples < MOST_SAMPLES and length_m > samples * texel_m * _SAMPLE_TEXELS:
        samples += 1
    optics.level[row], optics.samples[row] = level, samples
    optics.distance[row], optics.covered[row] = middle_m, row + 1.0 - top
    for k in range(samples):
        down, ahead = ray(top + (k + 0.5) / samples * (row + 1.0 - top))
        optics.depth[row, k] = camera.z_m / down
        optics.forward[row, k] = camera.z_m / down * ahead
