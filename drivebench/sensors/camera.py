"""Cameras: where they are mounted, what they see, how large their picture is.

Mounts are relative to the middle of the vehicle, at the height of the road: x forward, y to the right, z up;
yaw clockwise as seen from above, pitch downwards. Pictures are planar RGB, ``u1[3, height, width]``.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.sensors.options import check_option

if TYPE_CHECKING:
    from drivebench.sensors.sensor import View

__all__ = ["FRONT", "LEFT", "MIRROR_LEFT", "MIRROR_RIGHT", "RIGHT", "Camera"]

_LIMITS = {
    "height": (8, 1080),
    "width": (8, 1920),
    "horizontal_fov_deg": (10.0, 150.0),
    "x_m": (-5.0, 5.0),
    "y_m": (-5.0, 5.0),
    "z_m": (0.3, 10.0),
    "pitch_deg": (-60.0, 60.0),
    "yaw_deg": (-180.0, 180.0),
}


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera without roll, fixed to the vehicle.

    Attributes:
        name: Under which its picture appears in the observation.
        height, width: Of the picture, in pixels; pixels are square.
        horizontal_fov_deg: Angle between the left and the right edge.
        x_m, y_m, z_m: Position of the pinhole.
        pitch_deg: Downwards from the horizontal.
        yaw_deg: To the right from straight ahead.
        mirrored: Whether left and right are exchanged, as in a mirror.
    """

    leaks_label: ClassVar[bool] = False

    name: str
    height: int = 64
    width: int = 160
    horizontal_fov_deg: float = 80.0
    x_m: float = 1.0
    y_m: float = 0.0
    z_m: float = 1.4
    pitch_deg: float = 6.0
    yaw_deg: float = 0.0
    mirrored: bool = False

    def __post_init__(self) -> None:
        for field, (low, high) in _LIMITS.items():
            check_option(self.name, field, getattr(self, field), low, high)
        if not isinstance(self.mirrored, bool):
            raise ConfigurationError(
                f"sensor {self.name!r}: mirrored is {self.mirrored!r}; expected true or false"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture: (3, height, width)."""
        return (3, self.height, self.width)

    def space(self) -> gymnasium.Space[NDArray[np.uint8]]:
        """Of one picture."""
        return gymnasium.spaces.Box(0, 255, self.shape, np.uint8)

    def observe(self, view: "View") -> NDArray[np.uint8]:
        """Render one picture for each slot, ``u1[n, 3, height, width]``."""
        return view.pictures(self)

    def yaw_rad(self) -> float:
        """Yaw in radians, rounded to 2^-30, so that it does not depend on the C library."""
        return round(math.radians(self.yaw_deg) * 2**30) / 2**30


FRONT = Camera(name="front")
LEFT = Camera(name="left", y_m=-1.0)
RIGHT = Camera(name="right", y_m=1.0)
MIRROR_LEFT = Camera(
    name="mirror-left",
    height=32,
    width=48,
    horizontal_fov_deg=60.0,
    x_m=0.8,
    y_m=-1.0,
    z_m=1.1,
    pitch_deg=3.0,
    yaw_deg=-160.0,
    mirrored=True,
)
MIRROR_RIGHT = Camera(
    name="mirror-right",
    height=32,
    width=48,
    horizontal_fov_deg=60.0,
    x_m=0.8,
    y_m=1.0,
    z_m=1.1,
    pitch_deg=3.0,
    yaw_deg=160.0,
    mirrored=True,
)
