"""Worlds as they are right after they were loaded into a batch, to be put back without loading them again.

``WorldBatch.load`` reads a world's description and takes some hundred microseconds; putting many rows back is
one copy for each array.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.batch import STATE, WorldBatch
from drivebench.world.world import World

__all__ = ["Shelf"]


class Shelf:
    """Room for so many worlds of one batch.

    When the batch has to make more room for a world, or takes other roads, the shelf is empty again:
    ``holds`` says what is there.
    """

    def __init__(self, batch: WorldBatch, size: int) -> None:
        """An empty shelf.

        Args:
            batch: Into which worlds are loaded.
            size: How many worlds it has room for.
        """
        self._batch, self._size = batch, size
        self._empty()

    def _empty(self) -> None:
        self._capacity, self._networks = self._batch.capacity, list(self._batch.networks)
        self._rows = {
            name: np.empty(
                (self._size, *getattr(self._batch, name).shape[1:]), getattr(self._batch, name).dtype
            )
            for name in STATE
        }
        self._worlds: list[World | None] = [None] * self._size

    def holds(self, row: int) -> bool:
        """Whether a world was kept there, and there was no need of more room since."""
        self._check()
        return self._worlds[row] is not None

    def _check(self) -> None:
        """Rows fit only into arrays of their size, and name a network by its place in the pool."""
        if self._batch.capacity is not self._capacity or self._batch.networks != self._networks:
            self._empty()

    def keep(self, row: int, slot: int) -> None:
        """Keep the world that was loaded into a slot just now.

        Args:
            row: Where on the shelf.
            slot: Of the batch.
        """
        self._check()
        for name, rows in self._rows.items():
            rows[row] = getattr(self._batch, name)[slot]
        self._worlds[row] = self._batch.worlds[slot]

    def put(self, rows: Sequence[int], slots: Sequence[int]) -> None:
        """Put worlds back into slots, as if they were loaded again.

        Args:
            rows: Which worlds.
            slots: Into which slots of the batch, one for each.

        Raises:
            ConfigurationError: A world that is not there.
        """
        worlds = [self._worlds[row] if self.holds(row) else None for row in rows]
        if len(worlds) != len(slots) or any(world is None for world in worlds):
            raise ConfigurationError(f"worlds {list(rows)} for slots {list(slots)}; not all of them are kept")
        sources = np.array(rows, dtype=np.int64)
        targets: npt.NDArray[np.int64] = np.array(slots, dtype=np.int64)
        for name, kept in self._rows.items():
            getattr(self._batch, name)[targets] = kept[sources]
        for slot, world in zip(slots, worlds, strict=True):
            if world is not None:
                self._batch.worlds[slot] = world
        self._batch.note_contents()
