"""The world from above: roads, vehicles, the assigned route. For people; no policy gets it.

The ground comes from the same texture as the cameras' pictures, so both always agree on where a road is; what
stands and is planned on it is drawn by Pillow at three times the size and averaged.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.scenario import Route
from drivebench.sensors.ground import LEVELS, STRIDE, GroundMap
from drivebench.sensors.models import CAR, GOAL, HIDDEN, LORRY, OBSTACLE, WALL
from drivebench.sensors.paint import RESOLUTION_M, TILE
from drivebench.sensors.palette import PAINT

__all__ = ["TopView", "Window", "window_around"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Colour = tuple[int, int, int]

_FINER = 3
_FOUR_BANDS = "CMYK"
"""Pillow's mode for four plain bands: here red, green and blue, each times the opacity, and the opacity. In
its mode RGBA every reduction would convert to such bands and back."""

GRASS: Colour = (158, 186, 132)
ASPHALT: Colour = (92, 95, 103)
MARK: Colour = (244, 244, 240)
EGO: Colour = (255, 122, 26)
ROUTE: Colour = (64, 156, 255)
CHEQUER: Colour = (28, 30, 34)
GLASS: Colour = (34, 40, 50)
OUTLINE: Colour = (22, 24, 28)
BARRIER: Colour = (244, 190, 32)
CONCRETE: Colour = (168, 164, 156)
TARGET: Colour = (38, 196, 232)

_OTHERS = {OBSTACLE: BARRIER, WALL: CONCRETE, GOAL: TARGET}

_ROUTE_ALPHA = 120
_ROUTE_WIDTH_M = 1.5
_TRAIL_ALPHA = 220
_TRAIL_WIDTH_M = 0.5
_SMALLEST_WIDTH_PX = 5.0
"""Nothing is drawn narrower than this, so that it can be found on a picture of a whole road. Vehicles keep
their proportions; walls keep their length, as they end where others begin."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which part of the plane is seen, from where up is.

    Attributes:
        x_m, y_m: Centre of the picture.
        heading_rad: Which heading points upwards: -pi/2 for a map with x to the right and y downwards.
        m_per_px: Metres per pixel.
        width, height: Of the picture, in pixels.
    """

    x_m: float
    y_m: float
    heading_rad: float = -math.pi / 2
    m_per_px: float = 0.25
    width: int = 640
    height: int = 360

    def __post_init__(self) -> None:
        if not (0 < self.width <= 8192 and 0 < self.height <= 8192 and 0.01 <= self.m_per_px <= 50.0):
            raise ConfigurationError(
                f"a view from above of {self.width} by {self.height} pixels at {self.m_per_px} m per pixel; "
                "expected up to 8192 by 8192 at 0.01 to 50"
            )

    def pixels(self, points_m: Floats) -> Floats:
        """Where points appear.

        Args:
            points_m: ``f8[..., 2]``.

        Returns:
            ``f8[..., 2]`` column and row.
        """
        dx, dy = points_m[..., 0] - self.x_m, points_m[..., 1] - self.y_m
        cosine, sine = math.cos(self.heading_rad), math.sin(self.heading_rad)
        column = (dy * cosine - dx * sine) / self.m_per_px + self.width / 2
        row = -(dx * cosine + dy * sine) / self.m_per_px + self.height / 2
        return np.stack((column, row), axis=-1)


def window_around(points_m: Floats, *, width: int, height: int, margin_m: float = 12.0) -> Window:
    """The window, x to the right, that holds all of some points.

    Args:
        points_m: ``f8[n, 2]``.
        width: Of the picture, in pixels.
        height: The same.
        margin_m: Around the points.
    """
    low, high = points_m.min(axis=0) - margin_m, points_m.max(axis=0) + margin_m
    scale = max((high[0] - low[0]) / width, (high[1] - low[1]) / height, 0.05)
    x, y = (low + high) / 2
    return Window(x_m=float(x), y_m=float(y), m_per_px=float(scale), width=width, height=height)


@dataclass(frozen=True, kw_only=True, eq=False)
class TopView:
    """A picture from above.

    Attributes:
        window: What part of the plane.
        ground: The roads.
    """

    window: Window
    ground: GroundMap

    def render(
        self,
        *,
        boxes: Floats,
        looks: NDArray[np.uint8],
        ego: Floats | None = None,
        route: Route | None = None,
        progress_m: float = -math.inf,
        trail_m: Floats | None = None,
    ) -> NDArray[np.uint8]:
        """Draw the picture.

        Args:
            boxes: ``f8[N, 5]`` x, y, heading, length, width (see ``Moments``).
            looks: ``u1[N]``; 0 is not drawn.
            ego: ``f8[5]`` the box of the ego, which is highlighted.
            route: Drawn as a band, to its goal, which gets a line across unless it is marked on the ground.
            progress_m: The route is drawn from here on.
            trail_m: ``f8[n, 2]`` where the ego has been.

        Returns:
            ``u1[height, width, 3]``.
        """
        window = self.window
        overlay = Image.new(_FOUR_BANDS, (window.width * _FINER, window.height * _FINER))
        draw = ImageDraw.Draw(overlay)
        if route is not None:
            self._draw_route(draw, route, progress_m, is_marked=bool((looks & 15 == GOAL).any()))
        if trail_m is not None and len(trail_m) > 1:
            self._line(draw, trail_m, _bands(EGO, _TRAIL_ALPHA), _TRAIL_WIDTH_M)
        reach_m = math.hypot(window.width, window.height) / 2 * window.m_per_px
        for box, look in zip(boxes, looks, strict=True):
            shape = look & 15
            far_m = math.hypot(box[0] - window.x_m, box[1] - window.y_m)
            if far_m > reach_m + 2.0 * max(box[3], box[4]) + 10.0 * window.m_per_px * _SMALLEST_WIDTH_PX:
                continue  # not in the picture, however much it is enlarged
            if shape in (CAR, LORRY):
                red, green, blue = (int(part) for part in PAINT[look >> 4])
                self._draw_vehicle(draw, box, (red, green, blue), is_car=shape == CAR)
            elif shape != HIDDEN:
                self._draw_vehicle(draw, box, _OTHERS[shape], is_car=False)
        if ego is not None:
            self._draw_vehicle(draw, ego, EGO, is_car=True, halo=True)
        drawn = np.asarray(overlay.reduce(_FINER)).astype(np.uint16)
        picture = _plane(self.window, self.ground) * (255 - drawn[..., 3:])
        return np.asarray((picture + 127) // 255 + drawn[..., :3], np.uint8)

    def _scaled(self, points_m: Floats) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in self.window.pixels(points_m) * _FINER]

    def _line(
        self, draw: ImageDraw.ImageDraw, points_m: Floats, colour: tuple[int, ...], width_m: float
    ) -> None:
        """Draw a polyline, as far as it is in the window."""
        window = self.window
        width = max(2 * _FINER, round(width_m / window.m_per_px * _FINER))
        reach = math.hypot(window.width, window.height) / 2 * window.m_per_px + 10.0
        near = np.hypot(points_m[:, 0] - window.x_m, points_m[:, 1] - window.y_m) < reach
        edges = np.flatnonzero(np.diff(near.astype(np.int8), prepend=0, append=0))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first > 1:
                draw.line(self._scaled(points_m[first:last]), fill=colour, width=width, joint="curve")

    def _draw_route(
        self, draw: ImageDraw.ImageDraw, route: Route, progress_m: float, *, is_marked: bool
    ) -> None:
        ahead = (route.arc_m >= progress_m) & (route.arc_m <= route.goal_m)
        if ahead.sum() > 1:
            self._line(draw, route.points_m[ahead], _bands(ROUTE, _ROUTE_ALPHA), _ROUTE_WIDTH_M)
        if math.isfinite(route.goal_m) and route.goal_m > progress_m and not is_marked:
            self._draw_goal(draw, route)

    def _draw_goal(self, draw: ImageDraw.ImageDraw, route: Route) -> None:
        """A chequered line across the corridor."""
        at = int(np.clip(np.searchsorted(route.arc_m, route.goal_m), 1, len(route.arc_m) - 1))
        along = route.points_m[at] - route.points_m[at - 1]
        along = along / math.hypot(along[0], along[1])
        aside = np.array([-along[1], along[0]])
        squares = 8
        size = 2 * route.half_width_m / squares
        for row in (0, 1):
            for k in range(squares):
                corner = route.points_m[at] + along * (row * size) + aside * (k * size - route.half_width_m)
                square = np.array(
                    [corner, corner + along * size, corner + (along + aside) * size, corner + aside * size]
                )
                draw.polygon(self._scaled(square), fill=_bands(CHEQUER if (row + k) % 2 else MARK))

    def _draw_vehicle(
        self, draw: ImageDraw.ImageDraw, box: Floats, colour: Colour, *, is_car: bool, halo: bool = False
    ) -> None:
        x, y, heading, length, width = (float(number) for number in box)
        grown = max(1.0, _SMALLEST_WIDTH_PX * self.window.m_per_px / width)
        length, width = length * grown if is_car else length, width * grown

        def outline(front: float, rear: float, half: float) -> list[tuple[float, float]]:
            along = np.array([math.cos(heading), math.sin(heading)])
            aside = np.array([-along[1], along[0]])
            shares = ((front, half), (front, -half), (rear, -half), (rear, half))
            corners = [np.array([x, y]) + a * length * along + b * width * aside for a, b in shares]
            return self._scaled(np.array(corners))

        if halo:
            margin = 0.35 / length, 0.35 / width
            draw.polygon(
                outline(0.5 + margin[0], -0.5 - margin[0], 0.5 + margin[1]), fill=_bands((255, 255, 255), 235)
            )
        draw.polygon(outline(0.5, -0.5, 0.5), fill=_bands(colour), outline=_bands(OUTLINE), width=_FINER)
        if is_car and width / self.window.m_per_px > _SMALLEST_WIDTH_PX * 1.2:
            draw.polygon(outline(0.22, 0.06, 0.4), fill=_bands(GLASS))
            draw.polygon(outline(-0.26, -0.36, 0.38), fill=_bands(GLASS))


def _bands(colour: Colour, opacity: int = 255) -> tuple[int, ...]:
    return (*(part * opacity // 255 for part in colour), opacity)


@lru_cache(maxsize=8)
def _plane(window: Window, ground: GroundMap) -> NDArray[np.uint16]:
    """The ground, without anybody on it; videos ask for the same one again and again."""
    level = 0
    while level < LEVELS - 1 and window.m_per_px > RESOLUTION_M * 2**level * 1.4:
        level += 1
    first, columns, rows = (int(number) for number in ground.levels[level])
    table = ground.table[first : first + columns * rows].reshape(rows, columns)
    texel_m = RESOLUTION_M * 2**level
    cosine, sine = math.cos(window.heading_rad), math.sin(window.heading_rad)
    step = window.m_per_px / texel_m
    right, down = (window.width - 1) / 2, (window.height - 1) / 2
    origin_x, origin_y = ground.column * TILE / 2**level, ground.row * TILE / 2**level
    start_x = window.x_m / texel_m + (right * sine + down * cosine) * step - origin_x - 0.5
    start_y = window.y_m / texel_m + (down * sine - right * cosine) * step - origin_y - 0.5
    plane = np.empty((window.height, window.width, 3), np.uint8)
    _sample_plane(
        ground.texels.reshape(-1),
        table,
        (start_x, start_y, -step * sine, step * cosine, -step * cosine, -step * sine),
        np.array([GRASS, ASPHALT, MARK], np.float64),
        plane,
    )
    return plane.astype(np.uint16)


@kernel
def _sample_plane(
    texels: NDArray[np.uint16],
    table: NDArray[np.int32],
    steps: tuple[float, float, float, float, float, float],
    colours: Floats,
    plane: NDArray[np.uint8],
) -> None:
    """Look up the ground under each pixel, interpolating between four texels.

    Args:
        texels: Of the ground map, flat.
        table: ``i4[rows, columns]`` tiles of one level.
        steps: Texel (x, y) of the first pixel, and steps (x, y) to the next column and to the next row.
        colours: Grass, asphalt and marks.
        plane: ``u1[height, width, 3]``, to be filled.
    """
    x0, y0, column_x, column_y, row_x, row_y = steps
    rows, columns = table.shape
    for row in range(plane.shape[0]):
        for column in range(plane.shape[1]):
            # the picture's rows go down: against its heading
            x, y = x0 + column * column_x + row * row_x, y0 + column * column_y + row * row_y
            left, top = math.floor(x), math.floor(y)
            part_x, part_y = x - left, y - top
            tile_x = min(max(int(left) // TILE, 0), columns - 1)
            tile_y = min(max(int(top) // TILE, 0), rows - 1)
            first = table[tile_y, tile_x] + (int(top) % TILE) * STRIDE + int(left) % TILE
            asphalt, mark = 0.0, 0.0
            for corner in range(4):
                weight = part_x if corner & 1 else 1.0 - part_x
                weight *= part_y if corner & 2 else 1.0 - part_y
                texel = texels[first + (corner & 1) + (corner >> 1) * STRIDE]
                asphalt += weight * (texel & 255)
                mark += weight * (texel >> 8)
            asphalt, mark = asphalt / 255.0, mark / 255.0
            for channel in range(3):
                value = colours[0, channel] + (colours[1, channel] - colours[0, channel]) * asphalt
                value += (colours[2, channel] - value) * mark
                plane[row, column, channel] = np.uint8(value + 0.5)
