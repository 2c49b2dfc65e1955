"""What happens to a finished picture: glare of the sun, streaks of rain, noise.

Glare: light that is scattered in the lens and on the windscreen falls off with the square of the angle to the
sun, as in the Stiles-Holladay formula for the human eye (CIE 146:2002), with two widths: a core that hides
what is near the sun, and a veil over the rest of the picture.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel
from drivebench.sensors.draws import mixed32, mixed64
from drivebench.sensors.light import GLARE, SUN
from drivebench.sensors.optics import Eye, Lens
from drivebench.sensors.palette import PaletteFloat

__all__ = ["add_glare", "add_noise", "add_rain"]

Floats = NDArray[np.float64]

_HORIZON = int(PaletteFloat.HORIZON)

f32, i32, u8, u32, u64 = np.float32, np.int32, np.uint8, np.uint32, np.uint64

GLARE_CORE, GLARE_VEIL = 330.0, 190.0
"""Grey levels that core and veil add at the sun."""
CORE_ANGLE, VEIL_ANGLE = 0.0009, 0.02
"""Square of the angle (1.7 and 8 degrees) at which they have fallen to one half, in square radians."""
GLARE_TINT = (1.0, 0.93, 0.78)

STREAKS_PER_PIXEL = 0.00035
"""Streaks in a picture, per pixel and mm/h."""
MOST_STREAKS_PER_PIXEL = 0.03


@inlined_kernel
def add_glare(picture: NDArray[np.uint8], lens: Lens, eye: Eye, effects: Floats) -> None:
    """Add the glare of the sun; nothing where it is behind the camera.

    Args:
        picture: ``u1[3, H, W]``.
        lens: Of ``Optics``.
        eye: Where the camera looks.
        effects: From ``effects_of``.
    """
    height, width = picture.shape[1], picture.shape[2]
    sun_x, sun_y, up = effects[SUN], effects[SUN + 1], effects[SUN + 2]
    ahead = sun_x * eye.cosine + sun_y * eye.sine
    right = f32(sun_y * eye.cosine - sun_x * eye.sine)
    # along the optical axis, and down in the picture
    axis = f32(ahead * lens.pitch_cosine - up * lens.pitch_sine)
    down = f32(-ahead * lens.pitch_sine - up * lens.pitch_cosine)
    core, veil = f32(GLARE_CORE * effects[GLARE]), f32(GLARE_VEIL * effects[GLARE])
    per_px, middle = f32(1.0 / lens.column_focal_px), f32(0.5 - 0.5 * width)
    two, core_angle, veil_angle = f32(2.0), f32(CORE_ANGLE), f32(VEIL_ANGLE)
    green, blue, most = f32(GLARE_TINT[1]), f32(GLARE_TINT[2]), f32(255.0)
    for row in range(height):
        v = f32((row + 0.5 - 0.5 * height) / lens.focal_px)
        towards, square = f32(axis + v * down), f32(f32(1.0) + v * v)
        reds, greens, blues = picture[0, row], picture[1, row], picture[2, row]
        for j in range(width):
            u = f32(f32(f32(i32(j)) + middle) * per_px)
            norm = f32(math.sqrt(f32(square + u * u)))
            away = f32(two * f32(norm - f32(towards + u * right)))  # about angle^2 * norm
            near, wide = f32(core_angle * norm), f32(veil_angle * norm)
            light = f32(core * near / f32(near + away) + veil * wide / f32(wide + away))
            reds[j] = u8(i32(min(most, f32(f32(reds[j]) + light))))
            greens[j] = u8(i32(min(most, f32(f32(greens[j]) + f32(light * green)))))
            blues[j] = u8(i32(min(most, f32(f32(blues[j]) + f32(light * blue)))))


@inlined_kernel
def add_rain(picture: NDArray[np.uint8], key: np.uint64, rain_mmph: float, palette: Floats) -> None:
    """Add streaks of falling drops, lighter than what is behind them.

    Args:
        picture: ``u1[3, H, W]``.
        key: Of the picture.
        rain_mmph: Rain rate.
        palette: ``Palette.table``.
    """
    height, width = picture.shape[1], picture.shape[2]
    streaks = int(width * height * min(STREAKS_PER_PIXEL * rain_mmph, MOST_STREAKS_PER_PIXEL))
    unit = max(height // 64, 1)
    for k in range(streaks):
        drawn = mixed64(key + u64(k))
        length = unit * int(u64(3) + (drawn & u64(7)))
        column = int((drawn >> u64(8)) & u64(0xFFFFF)) * width >> 20
        row = (int((drawn >> u64(28)) & u64(0xFFFFF)) * (height + length) >> 20) - length
        slant = int((drawn >> u64(48)) & u64(7)) - 3  # columns in 16 rows
        share = 56 + int((drawn >> u64(52)) & u64(63))  # of 256
        for step in range(length):
            here, j = row + step, column + (slant * step >> 4)
            if here < 0 or here >= height or j < 0 or j >= width:
                continue
            for channel in range(3):
                seen = int(picture[channel, here, j])
                drop = min(int(palette[_HORIZON + channel]) + 24, 255)
                picture[channel, here, j] = u8(seen + ((drop - seen) * share >> 8))


@inlined_kernel
def add_noise(picture: NDArray[np.uint8], key: np.uint64, amplitude: int) -> None:
    """Add an error from -amplitude to amplitude to every number of a picture.

    Args:
        picture: ``u1[3, H, W]``.
        key: Of the picture.
        amplitude: In grey levels.
    """
    pixels = picture.shape[1] * picture.shape[2]
    most = u32(amplitude)
    span = u32(u32(2) * most + u32(1))
    reds, greens, blues = picture[0].reshape(pixels), picture[1].reshape(pixels), picture[2].reshape(pixels)
    low = u32(key & u64(0xFFFFFFFF))
    for j in range(pixels):
        drawn = mixed32(u32(low + u32(j)))
        for_red, for_green = u32(drawn & u32(255)), u32(u32(drawn >> u32(8)) & u32(255))
        for_blue = u32(u32(drawn >> u32(16)) & u32(255))
        red = i32(u32(u32(reds[j]) + u32(u32(for_red * span) >> u32(8)))) - i32(most)
        green = i32(u32(u32(greens[j]) + u32(u32(for_green * span) >> u32(8)))) - i32(most)
        blue = i32(u32(u32(blues[j]) + u32(u32(for_blue * span) >> u32(8)))) - i32(most)
        reds[j] = u8(min(max(red, i32(0)), i32(255)))
        greens[j] = u8(min(max(green, i32(0)), i32(255)))
        blues[j] = u8(min(max(blue, i32(0)), i32(255)))
