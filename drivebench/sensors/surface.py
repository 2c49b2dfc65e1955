"""Rendering the ground and the sky of one picture, row by row.

A row of pixels sees the plane along a straight line, which is stepped through in 16.16 fixed point. Work is
done in passes over a row: where each sample lies, fetching texel pairs, interpolating between them in packed
integers, shading. All but the fetches are plain integer loops that LLVM vectorises; no floating-point number
decides a pixel except the start and the step of a line, so instruction sets cannot differ.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import borrowing_kernel, inlined_kernel, kernel
from drivebench.sensors.grain import GRAIN_LEVELS, GRAIN_SIZE
from drivebench.sensors.ground import HEADER, STRIDE
from drivebench.sensors.machine import load_i32, load_u8, load_u32_at_even
from drivebench.sensors.optics import MOST_SAMPLES, Eye, Optics
from drivebench.sensors.paint import RESOLUTION_M, TILE
from drivebench.sensors.shades import ASPHALT, GRAIN, GRASS, MARK, SKY, VEIL
from drivebench.world.numerics import floor

__all__ = ["draw_ground", "row_scratch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

i32, u8, u16, u32 = np.int32, np.uint8, np.uint16, np.uint32

_TILE_BITS = TILE.bit_length() - 1
_TILE_STEPS = TILE << 16
_NEXT_LINE = 2 * STRIDE
_TRANSPOSED = STRIDE * STRIDE
_BYTES = 0x00FF00FF

Signed = int | np.int32
Unsigned = int | np.uint32


@inlined_kernel
def _locate(
    x: Signed,
    y: Signed,
    step_x: Signed,
    step_y: Signed,
    along_y: bool | np.bool_,
    inner: NDArray[np.int32],
    part: NDArray[np.uint32],
) -> None:
    """Where in their tiles the pixels of a line fall.

    Args:
        x: Of the first pixel, in 1/65536 texel.
        y: Of the same.
        step_x: From one pixel to the next.
        step_y: The same.
        along_y: Whether texels are to be interpolated along y, not along x.
        inner: Receives the bytes from a tile's first texel to the pair.
        part: Receives the weight of the pair's second texel, 0 to 255.
    """
    fifteen, sixteen, eight = i32(15), i32(16), i32(8)
    mask, even, stride = i32(TILE - 1), i32(2 * TILE - 2), i32(2 * STRIDE)
    if along_y:
        for j in range(inner.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            place = i32(((at_x >> sixteen) & mask) * stride + ((at_y >> fifteen) & even))
            inner[j] = i32(i32(2 * _TRANSPOSED) + place)
            part[j] = u32((at_y >> eight) & i32(255))
    else:
        for j in range(inner.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            inner[j] = i32(((at_y >> sixteen) & mask) * stride + ((at_x >> fifteen) & even))
            part[j] = u32((at_x >> eight) & i32(255))


@inlined_kernel
def _fetch(
    texels: int,
    level_table: int,
    columns: int,
    rows: int,
    column: int,
    row: int,
    x: int,
    y: int,
    step_x: int,
    step_y: int,
    inner: NDArray[np.int32],
    pair: NDArray[np.uint32],
    lower: NDArray[np.uint32],
    two_lines: bool,
) -> None:
    """Fetch the texel pairs of a line, tile by tile: where it enters the next one is known beforehand.

    With s steps of 1/65536 texel from pixel to pixel, and b from the first pixel to the last step before the
    first border, border n is crossed before pixel (b + n * tile) // s + 1. Quotient and remainder are carried
    from border to border, so that a line takes two divisions for each axis.

    Args:
        texels: Address of the ground map's texels.
        level_table: Address of the level's tile table.
        columns: Of the level, in tiles.
        rows: Of the level, in tiles.
        column: Of the tile that x counts from.
        row: Of the tile that y counts from.
        x: Of the first pixel, from 0 to below a tile, in 1/65536 texel.
        y: Of the same.
        step_x: From one pixel to the next.
        step_y: The same.
        inner: From ``_locate``.
        pair: Receives the pairs.
        lower: Receives the pairs one line of texels further, if asked for.
        two_lines: Whether they are.
    """
    width = inner.size
    pace_x, pace_y = max(abs(step_x), 1), max(abs(step_y), 1)
    before_x, before_y = _TILE_STEPS - 1 - x if step_x > 0 else x, _TILE_STEPS - 1 - y if step_y > 0 else y
    next_x, next_y = before_x // pace_x, before_y // pace_y
    rest_x, rest_y = before_x - next_x * pace_x, before_y - next_y * pace_y
    tile_x, tile_y = _TILE_STEPS // pace_x, _TILE_STEPS // pace_y
    over_x, over_y = _TILE_STEPS - tile_x * pace_x, _TILE_STEPS - tile_y * pace_y
    next_x, next_y = next_x + 1, next_y + 1
    if step_x == 0:
        next_x = width
    if step_y == 0:
        next_y = width
    turn_x, turn_y = 1 if step_x > 0 else -1, 1 if step_y > 0 else -1
    j = 0
    while True:
        end = min(next_x, next_y, width)
        if end > j:  # beyond the map there is only grass, like at its border
            inside_x, inside_y = min(max(column, 0), columns - 1), min(max(row, 0), rows - 1)
            first = load_i32(level_table + 4 * (inside_y * columns + inside_x))
            tile = texels + 2 * np.int64(u32(first))
            at, upper = inner[j:end], pair[j:end]
            if two_lines:
                under = lower[j:end]
                for q in range(at.size):
                    upper[q] = load_u32_at_even(tile + np.int64(u32(at[q])))
                    under[q] = load_u32_at_even(tile + np.int64(u32(at[q])) + _NEXT_LINE)
            else:
                for q in range(at.size):
                    upper[q] = load_u32_at_even(tile + np.int64(u32(at[q])))
            j = end
        if j >= width:
            break
        if next_x <= j:
            column += turn_x
            next_x, rest_x = next_x + tile_x, rest_x + over_x
            if rest_x >= pace_x:
                next_x, rest_x = next_x + 1, rest_x - pace_x
        if next_y <= j:
            row += turn_y
            next_y, rest_y = next_y + tile_y, rest_y + over_y
            if rest_y >= pace_y:
                next_y, rest_y = next_y + 1, rest_y - pace_y


@inlined_kernel
def _blend_pairs(
    share: Unsigned, part: NDArray[np.uint32], pair: NDArray[np.uint32], total: NDArray[np.uint32]
) -> None:
    """Add interpolated texels to asphalt (low half of the total) and marks (high half), by share / 256."""
    byte, word, ones = u32(8), u32(16), u32(0xFFFF)
    for j in range(total.size):
        weight = u32(part[j] * share) >> byte
        first, second = pair[j] & ones, pair[j] >> word
        first = (first | u32(first << byte)) & u32(_BYTES)
        second = (second | u32(second << byte)) & u32(_BYTES)
        total[j] = u32(total[j] + first * u32(share - weight) + second * weight)


@inlined_kernel
def _shade(
    total: NDArray[np.uint32],
    grain: NDArray[np.uint8],
    shades: NDArray[np.uint16],
    weights: NDArray[np.uint16],
    picture: NDArray[np.uint8],
    row: int,
) -> None:
    """Mix the shades of grass, asphalt and mark by weights that add up to 256, and add the grain."""
    whole, byte = u16(256), u16(8)
    grass, asphalt, mark, speckle = weights[0], weights[1], weights[2], weights[3]
    for j in range(total.size):
        painted = u16(total[j] >> u32(24))
        rest = u16(whole - painted)
        paved = u16(u16(u16((total[j] >> u32(8)) & u32(255)) * rest) >> byte)
        green = u16(rest - paved)
        mark[j], asphalt[j], grass[j] = painted, paved, green
        speckle[j] = u16(u16(u16(grain[j]) * u16(green + u16(paved >> u16(2)))) >> byte)
    for channel in range(3):
        line = picture[channel, row]
        c_grass, c_asphalt = shades[GRASS, channel], shades[ASPHALT, channel]
        c_mark, c_grain = shades[MARK, channel], shades[GRAIN, channel]
        for j in range(total.size):
            value = u16(c_grass * grass[j] + c_asphalt * asphalt[j] + c_mark * mark[j] + c_grain * speckle[j])
            line[j] = u8(u16(value + u16(128)) >> byte)


@inlined_kernel
def _light(picture: NDArray[np.uint8], row: int, gain: NDArray[np.uint16], veil: NDArray[np.uint16]) -> None:
    """Darken a row to the light that falls on it, and add what the air adds."""
    for channel in range(3):
        line, added = picture[channel, row], veil[channel]
        for j in range(gain.size):
            line[j] = u8(u16(u16(u16(u16(line[j]) * gain[j]) >> u16(8)) + added))


@inlined_kernel
def _blend_squares(
    y: Signed,
    step_y: Signed,
    part: NDArray[np.uint32],
    upper: NDArray[np.uint32],
    lower: NDArray[np.uint32],
    total: NDArray[np.uint32],
) -> None:
    """Interpolate between pairs of texels of two neighbouring lines, for rows of a single sample."""
    byte, word, ones = u32(8), u32(16), u32(0xFFFF)
    for j in range(total.size):
        down = u32((i32(y + i32(j) * step_y) >> i32(8)) & i32(255))
        across = part[j]
        corner = u32(across * down) >> byte
        a, b = upper[j] & ones, upper[j] >> word
        c, d = lower[j] & ones, lower[j] >> word
        a, b = (a | u32(a << byte)) & u32(_BYTES), (b | u32(b << byte)) & u32(_BYTES)
        c, d = (c | u32(c << byte)) & u32(_BYTES), (d | u32(d << byte)) & u32(_BYTES)
        value = u32(a * u32(u32(256) - across - down + corner) + b * u32(across - corner))
        total[j] = u32(value + c * u32(down - corner) + d * corner)


@inlined_kernel
def _locate_grain(
    level: int,
    samples: int,
    column: Signed,
    row: Signed,
    x: Signed,
    y: Signed,
    step_x: Signed,
    step_y: Signed,
    grain_at: NDArray[np.int32],
) -> None:
    """Place of each pixel in the grain table, one level coarser where the footprint is long."""
    fine = min(level + (1 if samples > 2 else 0), GRAIN_LEVELS - 1)
    mask, size = i32((GRAIN_SIZE >> fine) - 1), i32(GRAIN_SIZE >> fine)
    first = i32(0)
    for finer in range(fine):
        first = i32(first + i32((GRAIN_SIZE >> finer) * (GRAIN_SIZE >> finer)))
    from_x, from_y = i32(i32(column & i32(255)) * i32(TILE)), i32(i32(row & i32(255)) * i32(TILE))
    if fine == level:
        for j in range(grain_at.size):
            at_x = i32(i32(i32(x + i32(j) * step_x) >> i32(16)) + from_x)
            at_y = i32(i32(i32(y + i32(j) * step_y) >> i32(16)) + from_y)
            grain_at[j] = i32(first + i32((at_y & mask) * size) + (at_x & mask))
    else:
        for j in range(grain_at.size):
            at_x = i32(i32(i32(x + i32(j) * step_x) >> i32(16)) + from_x)
            at_y = i32(i32(i32(y + i32(j) * step_y) >> i32(16)) + from_y)
            at_x, at_y = i32(at_x >> i32(1)) & mask, i32(at_y >> i32(1)) & mask
            grain_at[j] = i32(first + i32(at_y * size) + at_x)


class Scratch(NamedTuple):
    """Memory for one row of pixels at a time.

    Attributes:
        inner: ``i4[MOST_SAMPLES, W]`` see ``_locate``.
        part: ``u4[MOST_SAMPLES, W]`` see ``_locate``.
        pair: ``u4[MOST_SAMPLES, W]`` two neighbouring texels each.
        lower: ``u4[W]`` the same one line of texels further, for rows of a single line.
        total: ``u4[W]`` asphalt in the low half, marks in the high one.
        grain_at: ``i4[W]`` places in the grain table.
        grain: ``u1[W]`` what is there.
        weights: ``u2[4, W]`` of grass, asphalt, mark and grain.
    """

    inner: NDArray[np.int32]
    part: NDArray[np.uint32]
    pair: NDArray[np.uint32]
    lower: NDArray[np.uint32]
    total: NDArray[np.uint32]
    grain_at: NDArray[np.int32]
    grain: NDArray[np.uint8]
    weights: NDArray[np.uint16]


@kernel
def row_scratch(width: int) -> Scratch:
    """Memory for rows of so many pixels."""
    return Scratch(
        np.empty((MOST_SAMPLES, width), np.int32),
        np.empty((MOST_SAMPLES, width), np.uint32),
        np.empty((MOST_SAMPLES, width), np.uint32),
        np.empty(width, np.uint32),
        np.empty(width, np.uint32),
        np.empty(width, np.int32),
        np.empty(width, np.uint8),
        np.empty((4, width), np.uint16),
    )


@borrowing_kernel
def draw_ground(
    picture: NDArray[np.uint8],
    ground: Ints,
    grain_address: int,
    shades: NDArray[np.uint16],
    is_lit: bool,
    gain: NDArray[np.uint16],
    optics: Optics,
    eye: Eye,
    scratch: Scratch,
) -> None:
    """Draw sky and ground.

    Args:
        picture: ``u1[3, H, W]``, every pixel of which is written.
        ground: Descriptor of a ``GroundMap``.
        grain_address: Of the grain table.
        shades: From ``shades_of``.
        is_lit: Whether lamps light the ground.
        gain: From ``headlight_gain``, if so.
        optics: Of the camera.
        eye: Where it is.
        scratch: Memory to work in.
    """
    height, width = picture.shape[1], picture.shape[2]
    inner, part, pair, lower = scratch.inner, scratch.part, scratch.pair, scratch.lower
    total, grain_at, grain, weights = scratch.total, scratch.grain_at, scratch.grain, scratch.weights
    texels, table = ground[0], ground[1]
    forward, depth, focal = optics.forward, optics.depth, optics.lens.column_focal_px
    x, y, cosine, sine = eye.x_m, eye.y_m, eye.cosine, eye.sine
    for row in range(height):
        samples = optics.samples[row]
        if samples == 0:
            for channel in range(3):
                picture[channel, row] = u8(shades[row, SKY, channel])
            continue
        level = optics.level[row]
        columns, rows = ground[HEADER + 3 * level + 1], ground[HEADER + 3 * level + 2]
        level_table = table + 4 * ground[HEADER + 3 * level]
        per_m = 65536.0 / (RESOLUTION_M * (1 << level))
        origin_x, origin_y = (ground[2] * _TILE_STEPS) >> level, (ground[3] * _TILE_STEPS) >> level
        for k in range(samples):
            step = depth[row, k] / focal
            side = (0.5 - width / 2) * step
            start_x = int(floor((x + forward[row, k] * cosine - side * sine) * per_m)) - origin_x - 32768
            start_y = int(floor((y + forward[row, k] * sine + side * cosine) * per_m)) - origin_y - 32768
            pace_x, pace_y = int(floor(0.5 - step * sine * per_m)), int(floor(0.5 + step * cosine * per_m))
            along_y = samples > 1 and abs(pace_y) > abs(pace_x)
            if samples > 1:  # interpolate along the row, take the nearest texel across it
                start_x += 32768 if along_y else 0
                start_y += 0 if along_y else 32768
            column, tile_row = start_x >> (16 + _TILE_BITS), start_y >> (16 + _TILE_BITS)
            start_x, start_y = start_x & (_TILE_STEPS - 1), start_y & (_TILE_STEPS - 1)
            at_x, at_y, step_x, step_y = i32(start_x), i32(start_y), i32(pace_x), i32(pace_y)
            _locate(at_x, at_y, step_x, step_y, along_y, inner[k], part[k])
            _fetch(
                texels, level_table, columns, rows, column, tile_row, start_x, start_y, pace_x, pace_y,
                inner[k], pair[k], lower, samples == 1,
            )  # fmt: skip
            if k == samples >> 1:
                _locate_grain(
                    level, samples, i32(column), i32(tile_row), at_x, at_y, step_x, step_y, grain_at
                )
        if samples == 1:
            _blend_squares(at_y, step_y, part[0], pair[0], lower, total)
        else:
            total[:] = u32(0)
            share = u32(256 // samples)
            for k in range(samples):
                _blend_pairs(share, part[k], pair[k], total)
        for j in range(width):
            grain[j] = load_u8(grain_address + np.int64(grain_at[j]))
        _shade(total, grain, shades[row], weights, picture, row)
        if is_lit:
            _light(picture, row, gain[row], shades[row, VEIL])
