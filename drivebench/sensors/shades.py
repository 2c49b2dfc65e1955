"""What colours become on their way through the air: one table for each camera and palette.

Ground fades into the colour of the horizon with its distance; a row that is partly sky is a mixture of both.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drivebench.sensors.camera import Camera
from drivebench.sensors.optics import optics_of
from drivebench.sensors.palette import Palette
from drivebench.world.numerics import exp

__all__ = ["ASPHALT", "GRAIN", "GRASS", "MARK", "SKY", "shades_of"]

GRASS, ASPHALT, MARK, GRAIN, SKY = range(5)
"""Rows of the table."""


@lru_cache(maxsize=256)
def shades_of(camera: Camera, palette: Palette) -> NDArray[np.uint16]:
    """Colours in each row of a picture, rounded to whole numbers.

    Args:
        camera: Whose rows.
        palette: The colours as they are.

    Returns:
        ``u2[H, 5, 3]``: grass, asphalt, mark, what the grain adds at most, and sky; 0 to 255.
    """
    optics = optics_of(camera)
    horizon, zenith = np.array(palette.horizon, np.float64), np.array(palette.zenith, np.float64)
    shades = np.zeros((camera.height, 5, 3))
    for row, (distance, covered) in enumerate(zip(optics.distance, optics.covered, strict=True)):
        sky = horizon + (zenith - horizon) * optics.sky[row]
        clear = covered * exp(None, -palette.haze_per_m * distance)
        veil = covered * horizon + (1.0 - covered) * sky - clear * horizon
        for shade, colour in ((GRASS, palette.grass), (ASPHALT, palette.asphalt), (MARK, palette.mark)):
            shades[row, shade] = np.array(colour, np.float64) * clear + veil
        shades[row, GRAIN] = np.array(palette.grain, np.float64) * clear
        shades[row, SKY] = sky
    return np.floor(shades + 0.5).astype(np.uint16)
