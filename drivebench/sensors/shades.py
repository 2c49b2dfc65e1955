"""What colours become on their way through the air: one table for each camera and palette.

Ground fades into the colour of the horizon with its distance; a row that is partly sky is a mixture of both.
Water on asphalt mirrors the sky, the more the flatter one looks (Schlick's approximation of Fresnel's
equations; C. Schlick, Computer Graphics Forum 13, 1994), and darkens what lies under it.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drivebench.sensors.camera import Camera
from drivebench.sensors.optics import STEEP_SKY, optics_of
from drivebench.sensors.palette import Palette
from drivebench.world.numerics import exp

__all__ = ["ASPHALT", "GRAIN", "GRASS", "MARK", "SKY", "VEIL", "shades_of"]

GRASS, ASPHALT, MARK, GRAIN, SKY, VEIL = range(6)
"""Rows of the table. The veil is what air and sky add to ground that is lit by headlights; where it is not,
the veil is part of the other colours."""

WATER_REFLECTANCE = 0.02
"""Of water, seen from straight above: ((1.33 - 1) / (1.33 + 1))^2."""

SMOOTHNESS = 0.8
"""Share of the mirrored sky that a rough road under a film of water still shows as an image."""

WET_ALBEDO = 0.6
"""How bright wet asphalt is itself, in units of dry asphalt: a choice. Why it is darker: J. Lekner, M. Dorf,
Applied Optics 27, 1988."""

Floats = NDArray[np.float64]


@lru_cache(maxsize=256)
def shades_of(camera: Camera, palette: Palette) -> NDArray[np.uint16]:
    """Colours in each row of a picture, rounded to whole numbers.

    Args:
        camera: Whose rows.
        palette: The colours as they are.

    Returns:
        ``u2[H, 6, 3]``: grass, asphalt, mark, what the grain adds at most, sky, and veil; 0 to 255.
    """
    optics = optics_of(camera)
    horizon, zenith = np.array(palette.horizon, np.float64), np.array(palette.zenith, np.float64)
    own_light = 1.0 if palette.headlights > 0.0 else palette.light
    shades = np.zeros((camera.height, 6, 3))
    for row, (distance, covered) in enumerate(zip(optics.distance, optics.covered, strict=True)):
        sky = horizon + (zenith - horizon) * optics.sky[row]
        clear = covered * exp(None, -palette.haze_per_m * distance)
        veil = covered * horizon + (1.0 - covered) * sky - clear * horizon
        kept, mirrored = _wet(palette, camera.z_m, distance, horizon, zenith)
        for shade, colour in ((GRASS, palette.grass), (ASPHALT, palette.asphalt), (MARK, palette.mark)):
            seen = np.array(colour, np.float64) * own_light
            if shade == ASPHALT:
                seen = seen * kept
            if shade != GRASS:
                seen = seen + mirrored * (1.0 - seen / 255.0)
            shades[row, shade] = seen * clear + (0.0 if palette.headlights > 0.0 else veil)
        shades[row, GRAIN] = np.array(palette.grain, np.float64) * own_light * clear
        shades[row, SKY], shades[row, VEIL] = sky, veil
    return np.floor(shades + 0.5).astype(np.uint16)


def _wet(
    palette: Palette, z_m: float, distance_m: float, horizon: Floats, zenith: Floats
) -> tuple[float, Floats]:
    """How much of itself wet asphalt still shows, and the light that water mirrors towards the camera."""
    if palette.wetness == 0.0 or distance_m == 0.0:
        return 1.0, np.zeros(3)
    slope = z_m / distance_m
    upright = slope / math.sqrt(1.0 + slope * slope)
    flat = 1.0 - upright
    reflectance = WATER_REFLECTANCE + (1.0 - WATER_REFLECTANCE) * flat * flat * flat * flat * flat
    sky = horizon + (zenith - horizon) * min(1.0, slope * STEEP_SKY)
    return 1.0 - palette.wetness * (1.0 - WET_ALBEDO), sky * (reflectance * SMOOTHNESS * palette.wetness)
