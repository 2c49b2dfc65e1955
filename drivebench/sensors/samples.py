"""Four samples per pixel with a depth each: filling convex polygons, and resolving samples into pixels.

Depth is kept as its reciprocal, which is linear over a plane's image, so that a polygon is filled with one
multiplication per sample and the nearest surface wins exactly, in whatever order polygons come. A sample's
colour is 0xTTRRGGBB, where TT / 256 is the share of the pixel's background that it hides.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel

__all__ = ["MOST_CORNERS", "NEAREST_M", "fill_polygon", "resolve"]

Floats = NDArray[np.float64]

f32, i32, u8, u32 = np.float32, np.int32, np.uint8, np.uint32

MOST_CORNERS = 10
NEAREST_M = 0.1
"""What is nearer to the camera than this, along the optical axis, is cut off."""

_BYTES = 0x00FF00FF


@inlined_kernel
def _ceil(value: float, low: int, high: int) -> int:
    """The least integer that is not below a value, bounded."""
    return int(math.ceil(min(max(value, float(low)), float(high))))


@kernel
def _cut_near(corners: Floats, count: int, kept: Floats) -> int:
    """Cut a polygon (right, down, depth) at the near plane (Sutherland and Hodgman, 1974)."""
    made = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here, there = corners[k, 2] - NEAREST_M, corners[following, 2] - NEAREST_M
        if here >= 0:
            kept[made] = corners[k]
            made += 1
        if (here < 0) != (there < 0):
            part = here / (here - there)
            for axis in range(3):
                kept[made, axis] = corners[k, axis] + part * (corners[following, axis] - corners[k, axis])
            made += 1
    return made


@kernel
def fill_polygon(
    corners: Floats,
    count: int,
    plane: Floats,
    anchored: bool,
    colour: int,
    lens: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
    edges: Floats,
) -> None:
    """Fill a convex polygon where nothing nearer is.

    Args:
        corners: ``f8[MOST_CORNERS, 3]`` right, down, depth of its corners in the camera's frame, in order.
        count: Number of corners.
        plane: ``f8[4]``: reciprocal depth at sample (0, 0), its slopes along columns and rows of samples, and
            the column from which it is computed.
        anchored: Whether that column is given; a polygon upon another one must use the same.
        colour: 0xTTRRGGBB.
        lens: Of ``Optics``.
        nearness, colours: ``f4[2 H, 2 W]``, ``u4[2 H, 2 W]``: the samples.
        reach: ``i8[H, 2]``: first column, and column after the last, that was touched in each pixel row.
        edges: ``f8[3, MOST_CORNERS, 3]`` scratch.
    """
    rows, columns = nearness.shape
    for k in range(count):
        if corners[k, 2] < NEAREST_M:
            kept = edges[2]
            count = _cut_near(corners, count, kept)
            corners = kept
            break
    if count < 3:
        return
    low_x, high_x, low_y, high_y = 1e9, -1e9, 1e9, -1e9
    for k in range(count):
        scale = 2.0 / corners[k, 2]
        edges[0, k, 0] = corners[k, 0] * scale * lens[1] + (columns - 1) * 0.5
        edges[0, k, 1] = corners[k, 1] * scale * lens[0] + (rows - 1) * 0.5
        low_x, high_x = min(low_x, edges[0, k, 0]), max(high_x, edges[0, k, 0])
        low_y, high_y = min(low_y, edges[0, k, 1]), max(high_y, edges[0, k, 1])
    if high_x <= 0 or low_x >= columns or high_y <= 0 or low_y >= rows:
        return
    if not anchored:
        plane[3] = math.floor(min(max((low_x + high_x) * 0.5, 0.0), float(columns)))
    area = 0.0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        area += edges[0, k, 0] * edges[0, following, 1] - edges[0, following, 0] * edges[0, k, 1]
    lefts = rights = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        rise = edges[0, following, 1] - edges[0, k, 1]
        if abs(rise) < 1e-9:
            continue
        slope = (edges[0, following, 0] - edges[0, k, 0]) / rise
        offset = edges[0, k, 0] - slope * edges[0, k, 1]
        if (rise > 0) == (area > 0):
            edges[1, rights, 1], edges[2, rights, 1] = slope, offset
            rights += 1
        else:
            edges[1, lefts, 0], edges[2, lefts, 0] = slope, offset
            lefts += 1
    slope_x = f32(plane[1])
    anchor = int(plane[3])
    at_anchor = plane[0] + plane[1] * anchor
    for row in range(_ceil(low_y, 0, rows), _ceil(high_y, 0, rows)):
        left, right = -1e9, 1e9
        for k in range(lefts):
            left = max(left, edges[2, k, 0] + edges[1, k, 0] * row)
        for k in range(rights):
            right = min(right, edges[2, k, 1] + edges[1, k, 1] * row)
        first, end = _ceil(left, 0, columns), _ceil(right, 0, columns)
        if first >= end:
            continue
        pixel_row = row >> 1
        reach[pixel_row, 0] = min(reach[pixel_row, 0], first >> 1)
        reach[pixel_row, 1] = max(reach[pixel_row, 1], (end + 1) >> 1)
        base = f32(at_anchor + plane[2] * row)
        near_row, colour_row = nearness[row, first:end], colours[row, first:end]
        from_anchor = i32(first - anchor)
        for j in range(end - first):
            value = base + slope_x * f32(from_anchor + i32(j))
            nearer = value >= near_row[j]
            near_row[j] = value if nearer else near_row[j]
            colour_row[j] = colour if nearer else colour_row[j]


@kernel
def resolve(
    picture: NDArray[np.uint8],
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
) -> None:
    """Put the average of four samples over each pixel that was touched, and empty the samples.

    Args:
        picture: ``u1[3, H, W]`` the background.
        nearness, colours, reach: See ``fill_polygon``.
    """
    for row in range(reach.shape[0]):
        first, end = reach[row, 0], reach[row, 1]
        if first >= end:
            continue
        upper, lower = colours[2 * row], colours[2 * row + 1]
        red, green, blue = picture[0, row], picture[1, row], picture[2, row]
        for j in range(first, end):
            a, b, c, d = upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]
            even = (a & u32(_BYTES)) + (b & u32(_BYTES)) + (c & u32(_BYTES)) + (d & u32(_BYTES))
            odd = ((a >> u32(8)) & u32(_BYTES)) + ((b >> u32(8)) & u32(_BYTES))
            odd += ((c >> u32(8)) & u32(_BYTES)) + ((d >> u32(8)) & u32(_BYTES))
            seen = u32(u32(256) - (u32(odd) >> u32(16)))
            red[j] = u8(u32(red[j] * seen + ((u32(even) >> u32(16)) << u32(6)) + u32(128)) >> u32(8))
            green[j] = u8(u32(green[j] * seen + ((u32(odd) & u32(0xFFFF)) << u32(6)) + u32(128)) >> u32(8))
            blue[j] = u8(u32(blue[j] * seen + ((u32(even) & u32(0xFFFF)) << u32(6)) + u32(128)) >> u32(8))
        for k in range(2):
            nearness[2 * row + k, 2 * first : 2 * end] = f32(0)
            colours[2 * row + k, 2 * first : 2 * end] = u32(0)
        reach[row, 0], reach[row, 1] = picture.shape[2], 0
