"""The ground of one road network as a sparse, filtered texture that cameras sample.

The plane is cut into square tiles. Grass everywhere is one shared tile, and equal tiles are stored once, so a
straight road of any length takes a few hundred tiles, and a winding road of 600 m about 8 MB. Seven levels,
each at half the resolution of the one before, let distant ground be looked up at the size of its pixels.

A texel is 16 bits: asphalt coverage in the low byte, lane marks in the high one. Colours, grain and haze are
put on after filtering (``surface``), so light and weather need no other texture. Every tile is stored twice,
once transposed, because a camera reads two neighbouring texels at once along the axis in which its rows run.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.sensors.car_park import with_car_parks
from drivebench.sensors.paint import TILE, TILE_M, bounds_of_lanes, paint_tiles, tiles_under_lanes
from drivebench.world import RoadNetwork
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from drivebench.world.network import array_digest

__all__ = ["HEADER", "LEVELS", "STRIDE", "GroundMap"]

LEVELS = 7
"""Levels of detail: texels of 0.1 m to 6.4 m."""

STRIDE = TILE + 1
"""Texels in a stored row: one more than the tile has, from its neighbour, to interpolate without a seam."""

HEADER = 4
"""A descriptor is: address of the texels, address of the tile table, column and row of the first tile; then,
for each level, its first entry, columns and rows in the tile table."""

_ALIGNMENT = 2 ** (LEVELS - 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class GroundMap:
    """Ground of one road network.

    Attributes:
        texels: ``u2[T, 2, STRIDE, STRIDE]``: tiles, as they are and transposed.
        table: ``i4[...]``, per level and tile of the plane the place of its first texel, counted in texels.
        levels: ``i8[LEVELS, 3]``: first entry in the table, columns, rows. The outermost ring is grass.
        column, row: Which tile of the plane stands first, counted from the origin.
    """

    texels: NDArray[np.uint16]
    table: NDArray[np.int32]
    levels: NDArray[np.int64]
    column: int
    row: int

    @classmethod
    def of(cls, network: RoadNetwork) -> "GroundMap":
        """The ground of a network, from the cache when it was asked for lately.

        Args:
            network: The roads.
        """
        if network not in _digests:
            _digests[network] = _digest_of_paint(network)
        return _cache.get(_digests[network], lambda: cls.paint(network))

    @classmethod
    def paint(cls, network: RoadNetwork) -> "GroundMap":
        """Paint the ground of a network anew.

        Args:
            network: The roads.
        """
        lane_float, lane_int = with_car_parks(network)
        x0, y0, x1, y1 = bounds_of_lanes(lane_float, lane_int)
        first = np.floor(np.array([x0, y0]) / (TILE_M * _ALIGNMENT)).astype(int) * _ALIGNMENT - _ALIGNMENT
        last = np.ceil(np.array([x1, y1]) / (TILE_M * _ALIGNMENT)).astype(int) * _ALIGNMENT + _ALIGNMENT
        number = np.zeros((last[1] - first[1], last[0] - first[0]), np.int32)
        corner = (float(first[0] * TILE_M), float(first[1] * TILE_M))
        pairs = tiles_under_lanes(lane_float, lane_int, *corner, number)
        tiles = np.zeros((int(number.max()) + 1, 2, TILE, TILE), np.uint8)
        paint_tiles(lane_float, lane_int, pairs, number, *corner, tiles)
        return cls._from_tiles(tiles, number, int(first[0]), int(first[1]))

    @classmethod
    def _from_tiles(
        cls, tiles: NDArray[np.uint8], number: NDArray[np.int32], column: int, row: int
    ) -> "GroundMap":
        """Drop repeated tiles, halve the resolution level by level, and store tiles with their borders."""
        _, kept, same = np.unique(_fingerprints(tiles), return_index=True, return_inverse=True)
        tiles, ids = tiles[kept], same[number]
        texels: list[NDArray[np.uint16]] = []
        tables: list[NDArray[np.int32]] = []
        levels = np.zeros((LEVELS, 3), np.int64)
        stored = entries = 0
        for level in range(LEVELS):
            kinds, kind = _distinct(_with_neighbours(ids))
            texels.append(_bordered(tiles, kinds))
            tables.append((stored + kind).astype(np.int32).ravel())
            levels[level] = entries, ids.shape[1], ids.shape[0]
            stored, entries = stored + len(kinds), entries + kind.size
            if level + 1 < LEVELS:
                corners = (ids[::2, ::2], ids[::2, 1::2], ids[1::2, ::2], ids[1::2, 1::2])
                kinds, ids = _distinct(np.stack(corners, axis=-1))
                tiles = _halved(tiles, kinds)
        return cls(
            texels=np.concatenate(texels),
            table=np.concatenate(tables) * np.int32(2 * STRIDE * STRIDE),
            levels=levels,
            column=column,
            row=row,
        )

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.texels.nbytes + self.table.nbytes

    @cached_property
    def descriptor(self) -> NDArray[np.int64]:
        """``i8[HEADER + 3 * LEVELS]`` for the kernels; good while this object lives."""
        head = (self.texels.ctypes.data, self.table.ctypes.data, self.column, self.row)
        return np.concatenate((np.array(head, np.int64), self.levels.ravel()))


class _Cache:
    """The ground maps asked for last, up to a number of bytes.

    A map that was dropped is still found as long as somebody else holds it, so that cameras which look at
    more of them at once than fit do not paint them again at each decision.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self.nbytes = 0
        self._maps: OrderedDict[str, GroundMap] = OrderedDict()
        self._alive: WeakValueDictionary[str, GroundMap] = WeakValueDictionary()
        self._lock = Lock()

    def get(self, digest: str, paint: Callable[[], GroundMap]) -> GroundMap:
        with self._lock:
            known = self._alive.get(digest)
            if digest in self._maps:
                self._maps.move_to_end(digest)
        if known is not None:
            return known
        ground = paint()
        with self._lock:
            known = self._alive.setdefault(digest, ground)
            if known is not ground:
                return known  # another thread was faster
            self._maps[digest] = ground
            self.nbytes += ground.nbytes
            while len(self._maps) > 1 and self.nbytes > self.capacity_bytes:
                self.nbytes -= self._maps.popitem(last=False)[1].nbytes
        return ground

    def __len__(self) -> int:
        return len(self._maps)


_cache = _Cache(capacity_bytes=300_000_000)
"""About 50 winding roads; all worlds of highway-env together take about 100 MB (``docs/worlds.md``)."""

_digests: WeakKeyDictionary[RoadNetwork, str] = WeakKeyDictionary()


def _digest_of_paint(network: RoadNetwork) -> str:
    """Of what can be seen of a network, so that those which differ in their rules only share one map."""
    lane_float, lane_int = network.lane_float, network.lane_int
    samples = [
        lane_float[lane, first:]
        for lane, first in enumerate(lane_int[:, LaneInt.SAMPLES].tolist())
        if lane_int[lane, LaneInt.KIND] == LaneKind.POLYLINE
    ]
    lines, runs = [LaneInt.LINE_LEFT, LaneInt.LINE_RIGHT], [LaneInt.KNOTS, LaneInt.POSES, LaneInt.WIDTHS]
    columns = [LaneInt.KIND, LaneInt.ROAD_LANES, *lines, *runs]
    return array_digest(lane_float[:, : LaneFloat.SPEED_LIMIT], lane_int[:, columns], *samples)


def _with_neighbours(ids: NDArray[Any]) -> NDArray[Any]:
    """``[rows, columns, 4]``: each tile with the ones to its right, below, and below right."""
    padded = np.pad(ids, ((0, 1), (0, 1)), mode="edge")
    return np.stack((padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]), axis=-1)


def _distinct(quadruples: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different quadruples of ids ``i8[K, 4]``, and which of them stands where ``i8[rows, columns]``."""
    base = int(quadruples.max()) + 1
    if base**4 >= 2**63:
        raise ConfigurationError(
            f"a road network needs {base} different ground tiles of {TILE_M:.1f} m; expected fewer than "
            "55,000. Divide it."
        )
    keys = np.zeros(quadruples.shape[:-1], np.int64)
    for k in range(4):
        keys = keys * base + quadruples[..., k]
    distinct, which = np.unique(keys, return_inverse=True)
    members = np.stack([distinct // base**power % base for power in (3, 2, 1, 0)], axis=-1)
    return members, which.reshape(keys.shape)


@kernel
def _fingerprints(tiles: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """64-bit FNV-1a hash of each tile (http://www.isthe.com/chongo/tech/comp/fnv/)."""
    count = tiles.shape[0]
    flat = tiles.reshape(count, tiles.size // count)
    hashes = np.empty(count, np.uint64)
    for tile in range(count):
        value = np.uint64(0xCBF29CE484222325)
        for i in range(flat.shape[1]):
            value = (value ^ np.uint64(flat[tile, i])) * np.uint64(0x100000001B3)
        hashes[tile] = value
    return hashes


@kernel
def _halved(tiles: NDArray[np.uint8], kinds: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Average 2 x 2 texels: ``kinds[k]`` names the four tiles (two above, two below) that make tile k."""
    half = TILE // 2
    result = np.empty((kinds.shape[0], 2, TILE, TILE), np.uint8)
    for k in range(kinds.shape[0]):
        for corner in range(4):
            source = tiles[kinds[k, corner]]
            top, left = (corner >> 1) * half, (corner & 1) * half
            for channel in range(2):
                plane = source[channel]
                for j in range(half):
                    for i in range(half):
                        total = int(plane[2 * j, 2 * i]) + int(plane[2 * j, 2 * i + 1])
                        total += int(plane[2 * j + 1, 2 * i]) + int(plane[2 * j + 1, 2 * i + 1])
                        result[k, channel, top + j, left + i] = np.uint8((total + 2) >> 2)
    return result


@kernel
def _bordered(tiles: NDArray[np.uint8], kinds: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Tiles as texels, with the first row and column of their neighbours (own, right, below, below right)."""
    result = np.empty((kinds.shape[0], 2, STRIDE, STRIDE), np.uint16)
    for k in range(kinds.shape[0]):
        for j in range(STRIDE):
            for i in range(STRIDE):
                source = tiles[kinds[k, 2 * (j // TILE) + i // TILE]]
                asphalt = np.uint16(source[0, j % TILE, i % TILE])
                mark = np.uint16(source[1, j % TILE, i % TILE])
                texel = asphalt | np.uint16(mark << np.uint16(8))
                result[k, 0, j, i] = texel
                result[k, 1, i, j] = texel
    return result
