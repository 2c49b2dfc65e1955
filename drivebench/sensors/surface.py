"""Rendering the ground and the sky of one picture, row by row.

A row of pixels sees the plane along a straight line, which is stepped through in 16.16 fixed point. Work is
done in passes over a row: where each sample lies, fetching texel pairs, interpolating between them in packed
integers, shading. All but the fetches are plain integer loops that LLVM vectorises; no floating-point number
decides a pixel except the start and the step of a line, so instruction sets cannot differ.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel
from drivebench.sensors.grain import GRAIN_LEVELS, GRAIN_SIZE
from drivebench.sensors.ground import HEADER, STRIDE
from drivebench.sensors.machine import load_i32, load_u8, load_u32_at_even
from drivebench.sensors.optics import MOST_SAMPLES
from drivebench.sensors.paint import RESOLUTION_M, TILE
from drivebench.sensors.shades import ASPHALT, GRAIN, GRASS, MARK, SKY
from drivebench.world.numerics import floor

__all__ = ["draw_ground"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

i32, u8, u16, u32 = np.int32, np.uint8, np.uint16, np.uint32

_TILE_BITS = TILE.bit_length() - 1
_TILE_STEPS = TILE << 16
_NEXT_LINE = 2 * STRIDE
_TRANSPOSED = STRIDE * STRIDE
_GRAIN_BITS = GRAIN_SIZE.bit_length() - 1
_BYTES = 0x00FF00FF

Signed = int | np.int32
Unsigned = int | np.uint32


@inlined_kernel
def _locate(
    columns: Signed,
    rows: Signed,
    column: Signed,
    row: Signed,
    x: Signed,
    y: Signed,
    step_x: Signed,
    step_y: Signed,
    along_y: bool | np.bool_,
    entry: NDArray[np.int32],
    inner: NDArray[np.int32],
    part: NDArray[np.uint32],
) -> None:
    """Where the pixels of a line fall.

    Args:
        columns: Of the level, in tiles.
        rows: Of the level, in tiles.
        column: Of the tile that x counts from.
        row: Of the tile that y counts from.
        x: Of the first pixel, in 1/65536 texel.
        y: Of the same.
        step_x: From one pixel to the next.
        step_y: The same.
        along_y: Whether texels are to be interpolated along y, not along x.
        entry: Receives the bytes into the tile table.
        inner: Receives the texels from a tile's first one to the pair.
        part: Receives the weight of the pair's second texel, 0 to 255.
    """
    bits, sixteen, eight = i32(16 + _TILE_BITS), i32(16), i32(8)
    mask, stride, zero = i32(TILE - 1), i32(STRIDE), i32(0)
    last_column, last_row = i32(columns - i32(1)), i32(rows - i32(1))
    end = i32(entry.size - 1)
    low_x, high_x = min(x, i32(x + end * step_x)), max(x, i32(x + end * step_x))
    low_y, high_y = min(y, i32(y + end * step_y)), max(y, i32(y + end * step_y))
    if (
        (low_x >> bits) + column >= 0
        and (high_x >> bits) + column <= last_column
        and (low_y >> bits) + row >= 0
        and (high_y >> bits) + row <= last_row
    ):
        for j in range(entry.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            tile_x, tile_y = i32(i32(at_x >> bits) + column), i32(i32(at_y >> bits) + row)
            entry[j] = i32(i32(tile_y * columns + tile_x) << i32(2))
    else:  # beyond the map there is only grass, like at its border
        for j in range(entry.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            tile_x = min(max(i32((at_x >> bits) + column), zero), last_column)
            tile_y = min(max(i32((at_y >> bits) + row), zero), last_row)
            entry[j] = i32(i32(tile_y * columns + tile_x) << i32(2))
    if along_y:
        for j in range(entry.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            place = i32(((at_x >> sixteen) & mask) * stride + ((at_y >> sixteen) & mask))
            inner[j] = i32(i32(_TRANSPOSED) + place)
            part[j] = u32((at_y >> eight) & i32(255))
    else:
        for j in range(entry.size):
            at_x, at_y = i32(x + i32(j) * step_x), i32(y + i32(j) * step_y)
            inner[j] = i32(((at_y >> sixteen) & mask) * stride + ((at_x >> sixteen) & mask))
            part[j] = u32((at_x >> eight) & i32(255))


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
    shift, mask = i32(fine - level), i32((GRAIN_SIZE >> fine) - 1)
    row_bits = i32(_GRAIN_BITS - fine)
    first = i32(0)
    for finer in range(fine):
        first = i32(first + i32((GRAIN_SIZE >> finer) * (GRAIN_SIZE >> finer)))
    from_x, from_y = i32(i32(column & i32(255)) * i32(TILE)), i32(i32(row & i32(255)) * i32(TILE))
    for j in range(grain_at.size):
        at_x = i32(i32(i32(x + i32(j) * step_x) >> i32(16)) + from_x)
        at_y = i32(i32(i32(y + i32(j) * step_y) >> i32(16)) + from_y)
        at_x, at_y = i32(at_x >> shift) & mask, i32(at_y >> shift) & mask
        grain_at[j] = i32(first + i32(at_y << row_bits) + at_x)


@kernel
def draw_ground(
    picture: NDArray[np.uint8],
    ground: Ints,
    grain_address: int,
    shades: NDArray[np.uint16],
    lens: Floats,
    level_of_row: Ints,
    samples_of_row: Ints,
    forward: Floats,
    depth: Floats,
    x: float,
    y: float,
    cosine: float,
    sine: float,
) -> None:
    """Draw sky and ground.

    Args:
        picture: ``u1[3, H, W]``, every pixel of which is written.
        ground: Descriptor of a ``GroundMap``.
        grain_address: Of the grain table.
        shades: From ``shades_of``.
        lens: Of ``Optics``, as the following.
        level_of_row: Of ``Optics``.
        samples_of_row: Of ``Optics``.
        forward: Of ``Optics``.
        depth: Of ``Optics``.
        x: Of the camera, in metres.
        y: The same.
        cosine: Of its heading.
        sine: The same.
    """
    height, width = picture.shape[1], picture.shape[2]
    entry, inner = np.empty((MOST_SAMPLES, width), np.int32), np.empty((MOST_SAMPLES, width), np.int32)
    part, pair = np.empty((MOST_SAMPLES, width), np.uint32), np.empty((MOST_SAMPLES, width), np.uint32)
    total, lower = np.empty(width, np.uint32), np.empty(width, np.uint32)
    grain_at, grain = np.empty(width, np.int32), np.empty(width, np.uint8)
    weights = np.empty((4, width), np.uint16)
    flat_entry, flat_inner, flat_pair = entry.reshape(-1), inner.reshape(-1), pair.reshape(-1)
    texels, table = ground[0], ground[1]
    for row in range(height):
        samples = samples_of_row[row]
        if samples == 0:
            for channel in range(3):
                picture[channel, row] = u8(shades[row, SKY, channel])
            continue
        level = level_of_row[row]
        columns, rows = i32(ground[HEADER + 3 * level + 1]), i32(ground[HEADER + 3 * level + 2])
        level_table = table + 4 * ground[HEADER + 3 * level]
        per_m = 65536.0 / (RESOLUTION_M * (1 << level))
        origin_x, origin_y = (ground[2] * _TILE_STEPS) >> level, (ground[3] * _TILE_STEPS) >> level
        for k in range(samples):
            step = depth[row, k] / lens[1]
            side = (0.5 - width / 2) * step
            start_x = np.int64(floor((x + forward[row, k] * cosine - side * sine) * per_m)) - origin_x - 32768
            start_y = np.int64(floor((y + forward[row, k] * sine + side * cosine) * per_m)) - origin_y - 32768
            step_x, step_y = i32(floor(0.5 - step * sine * per_m)), i32(floor(0.5 + step * cosine * per_m))
            along_y = samples > 1 and abs(step_y) > abs(step_x)
            if samples > 1:  # interpolate along the row, take the nearest texel across it
                start_x += 32768 if along_y else 0
                start_y += 0 if along_y else 32768
            column, tile_row = i32(start_x >> (16 + _TILE_BITS)), i32(start_y >> (16 + _TILE_BITS))
            at_x, at_y = i32(start_x & (_TILE_STEPS - 1)), i32(start_y & (_TILE_STEPS - 1))
            _locate(
                columns, rows, column, tile_row, at_x, at_y, step_x, step_y, along_y,
                entry[k], inner[k], part[k],
            )  # fmt: skip
            if k == samples >> 1:
                _locate_grain(level, samples, column, tile_row, at_x, at_y, step_x, step_y, grain_at)
        for q in range(samples * width):
            first = np.int64(u32(load_i32(level_table + flat_entry[q]) + flat_inner[q]))
            flat_pair[q] = load_u32_at_even(texels + 2 * first)
        if samples == 1:
            for j in range(width):
                first = np.int64(u32(load_i32(level_table + entry[0, j]) + inner[0, j]))
                lower[j] = load_u32_at_even(texels + 2 * first + _NEXT_LINE)
            _blend_squares(at_y, step_y, part[0], pair[0], lower, total)
        else:
            total[:] = u32(0)
            share = u32(256 // samples)
            for k in range(samples):
                _blend_pairs(share, part[k], pair[k], total)
        for j in range(width):
            grain[j] = load_u8(grain_address + np.int64(grain_at[j]))
        _shade(total, grain, shades[row], weights, picture, row)
