"""Colours of the world in one light, and the paint of cars.

A palette is what weather replaces (``light``); textures stay as they are. Haze follows Koschmieder's law:
contrast falls by exp(-haze * distance), towards the colour of the horizon.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError

__all__ = ["DAY", "PAINT", "Palette", "PaletteFloat"]

Colour = tuple[int, int, int]


class PaletteFloat(IntEnum):
    """Columns of ``Palette.table``."""

    HORIZON = 0
    """Red; green and blue follow."""
    LIGHT = 3
    HAZE_PER_M = 4
    HEADLIGHTS = 5
    LAMPS = 6
    """1 where the lamps of other cars shine."""


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours (red, green, blue), 0 to 255.

    Attributes:
        grass, asphalt: Ground where the grain is darkest.
        grain: What the grain adds at its brightest: all of it on grass, less on asphalt.
        mark: Lane marks.
        zenith, horizon: The sky from high up to where it meets the ground; far things fade to the latter.
        light: Factor on the colours of everything but the sky.
        haze_per_m: Extinction of the air.
        headlights: How much light the ego's own lamps give right before them, in units of daylight.
        lamps: Whether the lamps of other cars shine.
        wetness: Share of the asphalt under a film of water.
    """

    grass: Colour = (62, 102, 38)
    asphalt: Colour = (76, 77, 82)
    grain: Colour = (52, 56, 40)
    mark: Colour = (240, 240, 234)
    zenith: Colour = (84, 142, 214)
    horizon: Colour = (200, 215, 230)
    light: float = 1.0
    haze_per_m: float = 0.004
    headlights: float = 0.0
    lamps: bool = False
    wetness: float = 0.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, tuple) and not (len(value) == 3 and all(0 <= part <= 255 for part in value)):
                raise ConfigurationError(f"{item.name} is {value}; expected three numbers from 0 to 255")
        if any(ground + grain > 255 for ground, grain in zip(self.grass, self.grain, strict=True)):
            raise ConfigurationError(f"grass {self.grass} and grain {self.grain} add up to more than 255")
        for name, most in (("light", 1.0), ("haze_per_m", 10.0), ("headlights", 1.0), ("wetness", 1.0)):
            if not 0.0 <= getattr(self, name) <= most:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; expected 0 to {most:g}")

    @cached_property
    def table(self) -> NDArray[np.float64]:
        """``f8[7]``: what kernels need beside ``shades_of``, in the columns of ``PaletteFloat``."""
        return np.array(
            [*self.horizon, self.light, self.haze_per_m, self.headlights, float(self.lamps)], np.float64
        )


DAY = Palette()

PAINT = np.array(
    [
        (196, 38, 36),
        (36, 84, 190),
        (226, 228, 230),
        (66, 68, 74),
        (236, 186, 44),
        (34, 142, 84),
        (166, 170, 178),
        (112, 54, 146),
    ],
    dtype=np.float64,
)
"""``f8[8, 3]``: paint of cars, by number."""
