"""From weather to what the kernels draw with: a palette, the ego's headlights, and what happens in the lens.

Brightness is relative to daylight, as a camera with a fixed exposure shows it, but for a floor at night that
stands for the moon, for cities and for a camera's longer exposure.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel
from drivebench.sensors.camera import Camera
from drivebench.sensors.optics import Lens, optics_of
from drivebench.sensors.palette import DAY, Colour, Palette
from drivebench.weather import CLEAR, Weather
from drivebench.world.numerics import cos_sin, power

__all__ = [
    "DROPOUT",
    "GLARE",
    "NOISE",
    "RAIN",
    "SUN",
    "WHOLE",
    "effects_of",
    "extinction_per_m",
    "headlight_gain",
    "lamp_share",
    "palette_of",
]

Floats = NDArray[np.float64]

TWILIGHT_RAD = math.pi / 30
"""Daylight fades from the sun at 6 degrees above the horizon to 6 below, where civil twilight ends."""

NIGHT_LIGHT = 0.055
"""Brightness of the night."""

WARM_BELOW_RAD = math.pi / 12
"""Below 15 degrees the sun's light grows yellow, and shines into cameras."""

KOSCHMIEDER = 3.0
"""Extinction times visibility: ln 20 = 2.996 for a contrast of 5 per cent; WMO-No. 8 rounds it to 3."""

CLEAR_PER_M = KOSCHMIEDER / CLEAR.visibility_m

RAIN_DB_PER_KM, RAIN_EXPONENT = 1.076, 0.67
"""Attenuation of light by rain of R mm/h is 1.076 R^0.67 dB/km (ITU-R P.1814, after Carbonneau)."""
_PER_M_OF_DB_PER_KM = 2.302585092994046e-4

OVERCAST_ZENITH, OVERCAST_HORIZON, FOG = (152, 158, 166), (190, 194, 198), (204, 207, 209)
OVERCAST_LIGHT = 0.75

LAMP_X_M = 2.5
"""Headlights are at the front of a car of 5 m, whose middle is the origin."""
LAMP_REACH_M = 65.0
"""Dipped beams point down by 1 per cent at a height of 0.65 m (UNECE Regulation 48), so they end here."""
LAMP_HALF_M = 22.0
"""Distance at which the ground gets half of the light that it gets right before the lamps."""
LAMP_HALF_SLOPE = 0.58
"""Tangent of the angle to the side (30 degrees) at which the light has fallen to one half."""
LAMP_LIGHT = 0.8

WHOLE = 256
"""Daylight, in the integers of ``headlight_gain``."""

GLARE, SUN, RAIN, NOISE, DROPOUT = 0, 1, 4, 5, 6
"""Columns of ``effects_of``; the sun has three."""


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (math.floor(a + (b - a) * share + 0.5) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _daylight(weather: Weather) -> float:
    """1 by day, 0 by night."""
    return min(1.0, max(0.0, (weather.sun_elevation_rad + TWILIGHT_RAD) / (2.0 * TWILIGHT_RAD)))


def _low_sun(weather: Weather) -> float:
    """1 with the sun at the horizon, 0 from 15 degrees on."""
    return min(1.0, max(0.0, 1.0 - abs(weather.sun_elevation_rad) / WARM_BELOW_RAD))


def extinction_per_m(weather: Weather) -> float:
    """Of air and rain.

    Args:
        weather: Which.
    """
    haze = KOSCHMIEDER / weather.visibility_m
    if weather.rain_mmph > 0.0:
        haze += _PER_M_OF_DB_PER_KM * RAIN_DB_PER_KM * power(None, weather.rain_mmph, RAIN_EXPONENT)
    return haze


def palette_of(weather: Weather) -> Palette:
    """The colours of the world in some weather.

    Args:
        weather: Which; a clear day gives ``DAY``.
    """
    return _palette_of(replace(weather, sun_azimuth_rad=0.0, noise=0, dropout=0.0))


@lru_cache(maxsize=256)
def _palette_of(weather: Weather) -> Palette:
    """The same for a weather without what does not show in the colours."""
    light = NIGHT_LIGHT + (1.0 - NIGHT_LIGHT) * _daylight(weather)
    sunny = 1.0 - weather.cloudiness
    warm = _low_sun(weather) * sunny
    foggy = min(1.0, max(0.0, 1.0 - weather.visibility_m / 750.0))

    def lit(colour: Colour, share: float, brightness: float = 1.0) -> Colour:
        tint = (1.0, 1.0 - 0.12 * warm * share, 1.0 - 0.38 * warm * share)
        red, green, blue = (math.floor(a * b * brightness + 0.5) for a, b in zip(colour, tint, strict=True))
        return red, green, blue

    horizon = _mixed(_mixed(DAY.horizon, OVERCAST_HORIZON, weather.cloudiness), FOG, foggy)
    zenith = _mixed(_mixed(DAY.zenith, OVERCAST_ZENITH, weather.cloudiness), horizon, foggy)
    return Palette(
        grass=lit(DAY.grass, 1.0),
        asphalt=lit(DAY.asphalt, 1.0),
        grain=lit(DAY.grain, 1.0),
        mark=lit(DAY.mark, 1.0),
        zenith=lit(zenith, 0.3, light),
        horizon=lit(horizon, 1.0, light),
        light=light * (1.0 - (1.0 - OVERCAST_LIGHT) * weather.cloudiness),
        haze_per_m=extinction_per_m(weather),
        headlights=LAMP_LIGHT * (1.0 - _daylight(weather)) if weather.headlights else 0.0,
        lamps=weather.headlights,
        wetness=weather.wetness,
    )


@lru_cache(maxsize=64)
def headlight_gain(camera: Camera, palette: Palette) -> NDArray[np.uint16]:
    """How bright the ground is in each pixel: the light that is everywhere, and that of the ego's lamps.

    Args:
        camera: Whose pixels.
        palette: The light.

    Returns:
        ``u2[H, W]``, ``WHOLE`` by day.
    """
    optics = optics_of(camera)
    gain = np.zeros((camera.height, camera.width), np.uint16)
    _fill_gain(
        optics.lens,
        optics.samples,
        optics.forward,
        optics.depth,
        palette.light,
        palette.headlights,
        gain,
    )
    return gain


@kernel
def _fill_gain(
    lens: Lens,
    samples: NDArray[np.int64],
    forward: Floats,
    depth: Floats,
    light: float,
    headlights: float,
    gain: NDArray[np.uint16],
) -> None:
    cosine, sine = cos_sin(None, lens.yaw_rad)
    for row in range(gain.shape[0]):
        middle = samples[row] >> 1
        for column in range(gain.shape[1]):
            share = 0.0
            if samples[row] > 0:
                ahead, step = forward[row, middle], depth[row, middle] / lens.column_focal_px
                side = (column + 0.5 - 0.5 * gain.shape[1]) * step
                x = lens.x_m + ahead * cosine - side * sine - LAMP_X_M
                share = lamp_share(x, lens.y_m + ahead * sine + side * cosine)
            gain[row, column] = np.uint16(min(light + headlights * share, 1.0) * WHOLE + 0.5)


@inlined_kernel
def lamp_share(x_m: float, y_m: float) -> float:
    """Share of the lamps' light at a point of the ground.

    Args:
        x_m: Ahead of the lamps.
        y_m: To the right of them.
    """
    if x_m <= 0.0:
        return 0.0
    square, slope = x_m * x_m + y_m * y_m, y_m / (x_m * LAMP_HALF_SLOPE)
    reach = max(0.0, 1.0 - square / (LAMP_REACH_M * LAMP_REACH_M))
    return reach / (1.0 + square / (LAMP_HALF_M * LAMP_HALF_M)) / (1.0 + slope * slope * slope * slope)


@lru_cache(maxsize=256)
def effects_of(weather: Weather) -> Floats:
    """What happens between the scene and the picture, ``f8[7]``.

    Strength of the glare; direction of the sun (x, y, up); rain in mm/h; noise in grey levels; share of the
    time that the camera fails.

    Args:
        weather: Which.
    """
    # rounded, because radians given in degrees come from the C library's pi and so do not matter below this
    elevation, azimuth = (
        round(angle * 2**30) / 2**30 for angle in (weather.sun_elevation_rad, weather.sun_azimuth_rad)
    )
    level, up = cos_sin(None, elevation)
    north, east = cos_sin(None, azimuth)
    above = 1.0 if weather.sun_elevation_rad > 0.0 else 0.0
    sunny = 1.0 - weather.cloudiness
    glare = _low_sun(weather) * above * sunny * sunny
    return np.array(
        [glare, level * north, level * east, up, weather.rain_mmph, weather.noise, weather.dropout]
    )
