"""Four samples per pixel with a depth each: filling convex polygons, and resolving samples into pixels.

Depth is kept as its reciprocal, which is linear over a plane's image, so that a polygon is filled with one
multiplication per sample and the nearest surface wins exactly, in whatever order polygons come. A sample's
colour is 0xTTRRGGBB, where TT / 256 is the share of the pixel's background that it hides.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.sensors.machine import LANES, fill_lanes

__all__ = ["MOST_CORNERS", "NEAREST_M", "Samples", "cut_near", "empty_samples", "fill_polygon", "resolve"]

Floats = NDArray[np.float64]

f32, i32, u8, u32, u64 = np.float32, np.int32, np.uint8, np.uint32, np.uint64

MOST_CORNERS = 10
NEAREST_M = 0.1
"""What is nearer to the camera than this, along the optical axis, is cut off."""

_BYTES = 0x00FF00FF00FF00FF


class Samples(NamedTuple):
    """Four samples for each pixel of a picture; whoever fills them leaves them empty (``resolve``).

    Attributes:
        nearness: ``f4[2 H, C]`` reciprocal depth of the samples; C is the width padded to whole ``LANES``.
        colours: ``u4[2 H, C]`` colours of the samples.
        reach: ``i8[H, 2]``: first column of pixels, and the one after the last, touched in each pixel row.
    """

    nearness: NDArray[np.float32]
    colours: NDArray[np.uint32]
    reach: NDArray[np.int64]


def empty_samples(height: int, width: int) -> Samples:
    """Samples for pictures of a size.

    Args:
        height: In pixels.
        width: In pixels.
    """
    columns = (2 * width + LANES - 1) // LANES * LANES
    reach = np.zeros((height, 2), np.int64)
    reach[:, 0] = width
    return Samples(
        np.zeros((2 * height, columns), np.float32), np.zeros((2 * height, columns), np.uint32), reach
    )


@borrowing_kernel
def cut_near(corners: Floats, kept: Floats) -> int:
    """Cut a polygon at the near plane (I. Sutherland, G. Hodgman, Communications of the ACM, 1974).

    Args:
        corners: ``f8[3, n]`` right, down and depth of the corners of a convex polygon.
        kept: ``f8[3, n + 1 or more]`` receives the corners of what is left.

    Returns:
        How many these are.
    """
    made, count = 0, corners.shape[1]
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here, there = corners[2, k] - NEAREST_M, corners[2, following] - NEAREST_M
        if here >= 0:
            for axis in range(3):
                kept[axis, made] = corners[axis, k]
            made += 1
        if (here < 0) != (there < 0):
            part = here / (here - there)
            for axis in range(3):
                kept[axis, made] = corners[axis, k] + part * (corners[axis, following] - corners[axis, k])
            made += 1
    return made


@inlined_kernel
def fill_polygon(
    columns: Floats,
    rows: Floats,
    count: int,
    clockwise: bool,
    plane: Floats,
    first_on_plane: bool,
    colour: int | np.uint32,
    width: int,
    samples: Samples,
    edges: Floats,
) -> None:
    """Fill a convex polygon where nothing nearer is.

    Args:
        columns: ``f8[count]`` columns of its corners, in samples.
        rows: ``f8[count]`` rows of its corners, in samples.
        count: Number of corners.
        clockwise: Their order, as seen in the picture.
        plane: ``f8[4]``: reciprocal depth at sample (0, 0), its slopes along columns and rows of samples, and
            the column from which it is computed; all polygons on a plane must use the same.
        first_on_plane: Whether this polygon is to choose that column.
        colour: 0xTTRRGGBB.
        width: Columns of samples in the picture.
        samples: To be filled.
        edges: ``f8[4, MOST_CORNERS]`` scratch: offsets and slopes of the left and of the right edges.
    """
    nearness, colours, reach = samples.nearness, samples.colours, samples.reach
    low_x, high_x, low_y, high_y = 1e9, -1e9, 1e9, -1e9
    for k in range(count):
        low_x, high_x = min(low_x, columns[k]), max(high_x, columns[k])
        low_y, high_y = min(low_y, rows[k]), max(high_y, rows[k])
    height, padded = nearness.shape
    if first_on_plane:
        plane[3] = math.floor(min(max((low_x + high_x) * 0.5, 0.0), float(width)))
    if high_x <= 0 or low_x >= width or high_y <= 0 or low_y >= height:
        return
    top, bottom = math.ceil(max(low_y, 0.0)), math.ceil(min(high_y, float(height)))
    if top >= bottom or math.ceil(low_x) >= math.ceil(high_x):
        return  # it falls between the samples
    lefts = rights = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        rise = rows[following] - rows[k]
        if abs(rise) < 1e-9:
            continue
        slope = (columns[following] - columns[k]) / rise
        offset = columns[k] - slope * rows[k]
        if (rise > 0) == clockwise:
            edges[2, rights], edges[3, rights] = offset, slope
            rights += 1
        else:
            edges[0, lefts], edges[1, lefts] = offset, slope
            lefts += 1
    anchor = int(plane[3])
    at_anchor, slope_x, anchor32 = plane[0] + plane[1] * anchor, f32(plane[1]), i32(anchor)
    slope_y, colour32 = plane[2], u32(colour)
    near_at, paint_at = nearness.ctypes.data, colours.ctypes.data
    for row in range(top, bottom):
        left, right = 0.0, float(width)
        for k in range(lefts):
            left = max(left, edges[0, k] + edges[1, k] * row)
        for k in range(rights):
            right = min(right, edges[2, k] + edges[3, k] * row)
        if not left < right:
            continue
        first, end = math.ceil(left), math.ceil(right)
        if first >= end:
            continue
        pixel_row = row >> 1
        reach[pixel_row, 0] = min(reach[pixel_row, 0], first >> 1)
        reach[pixel_row, 1] = max(reach[pixel_row, 1], (end + 1) >> 1)
        base, first32, end32 = f32(at_anchor + slope_y * row), i32(first), i32(end)
        for start in range(first & -LANES, end, LANES):
            offset = 4 * (row * padded + start)
            fill_lanes(
                near_at + offset, paint_at + offset, i32(start), first32, end32, anchor32, base, slope_x,
                colour32,
            )  # fmt: skip


@borrowing_kernel
def resolve(picture: NDArray[np.uint8], samples: Samples) -> None:
    """Put the average of four samples over each pixel that was touched, and empty the samples.

    Args:
        picture: ``u1[3, H, W]`` the background.
        samples: Of the same size.
    """
    nearness, colours, reach = samples.nearness, samples.colours, samples.reach
    pairs = colours.view(np.uint64)
    for row in range(reach.shape[0]):
        first, end = reach[row, 0], reach[row, 1]
        if first >= end:
            continue
        upper, lower = pairs[2 * row, first:end], pairs[2 * row + 1, first:end]
        red, green, blue = picture[0, row, first:end], picture[1, row, first:end], picture[2, row, first:end]
        for j in range(end - first):
            even = (upper[j] & u64(_BYTES)) + (lower[j] & u64(_BYTES))
            odd = ((upper[j] >> u64(8)) & u64(_BYTES)) + ((lower[j] >> u64(8)) & u64(_BYTES))
            even32, odd32 = u32(u32(even) + u32(even >> u64(32))), u32(u32(odd) + u32(odd >> u64(32)))
            seen = u32(u32(256) - (odd32 >> u32(16)))
            r, g, b = u32(even32 >> u32(16)), u32(odd32 & u32(0xFFFF)), u32(even32 & u32(0xFFFF))
            red[j] = u8(u32(red[j] * seen + (r << u32(6)) + u32(128)) >> u32(8))
            green[j] = u8(u32(green[j] * seen + (g << u32(6)) + u32(128)) >> u32(8))
            blue[j] = u8(u32(blue[j] * seen + (b << u32(6)) + u32(128)) >> u32(8))
        for k in range(2):
            nearness[2 * row + k, 2 * first : 2 * end] = f32(0)
            colours[2 * row + k, 2 * first : 2 * end] = u32(0)
        reach[row, 0], reach[row, 1] = picture.shape[2], 0
