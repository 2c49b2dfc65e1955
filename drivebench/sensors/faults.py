"""How cameras fail: for a second at a time black, frozen, or with blocks of the picture missing.

Time is cut into bursts of ``BURST`` decisions. In each of them but the first a camera fails with the
probability ``Weather.dropout``, in one of three ways that are equally likely. A frozen camera goes on showing
what it showed at the last decision before the burst.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel
from drivebench.errors import ConfigurationError
from drivebench.sensors.draws import key_of_camera, picture_key, share_of
from drivebench.sensors.ground import GroundMap

__all__ = [
    "BURST",
    "Fault",
    "PictureMemory",
    "draw_missing_blocks",
    "fault_of",
    "is_kept",
    "shown_decisions",
]

BURST = 5
"""Decisions during which a failure lasts: one second of drivebench's own scenarios."""

BLOCK_PX = 8
"""Side of a block, as in most video codecs' transforms."""

MISSING = 0.35
"""Share of the blocks that are missing, and black, while a camera loses blocks."""

_FAILS, _KIND, _BLOCK = 0, 1, 2


class Fault(IntEnum):
    """State of a camera."""

    NONE = 0
    BLACK = 1
    FROZEN = 2
    BLOCKS = 3


_NONE, _FROZEN, _KINDS = int(Fault.NONE), int(Fault.FROZEN), len(Fault) - 1


@inlined_kernel
def fault_of(seed: int | np.uint64, camera: int | np.uint64, decision: int, dropout: float) -> int:
    """What ails a camera at a decision.

    Args:
        seed: Of the episode.
        camera: From ``key_of_camera``.
        decision: Counted from 0.
        dropout: Of the weather.
    """
    burst = decision // BURST
    if burst < 1 or dropout <= 0.0:
        return _NONE
    if share_of(picture_key(seed, camera, np.uint64(burst), _FAILS)) >= dropout:
        return _NONE
    return 1 + int(picture_key(seed, camera, np.uint64(burst), _KIND) % np.uint64(_KINDS))


@kernel
def _shown_decisions(
    seeds: NDArray[np.uint64],
    camera: np.uint64,
    decisions: NDArray[np.int64],
    dropouts: NDArray[np.float64],
    shown: NDArray[np.int64],
) -> None:
    for n in range(len(seeds)):
        decision = decisions[n]
        while fault_of(seeds[n], camera, decision, dropouts[n]) == _FROZEN:
            decision = decision // BURST * BURST - 1
        shown[n] = decision


def shown_decisions(
    camera: str, seeds: NDArray[np.uint64], decisions: NDArray[np.int64], dropouts: NDArray[np.float64]
) -> NDArray[np.int64]:
    """At which decision each picture was taken that a camera shows: an earlier one where it is frozen.

    Args:
        camera: Its name.
        seeds: ``u8[n]`` of the episodes.
        decisions: ``i8[n]`` of the moments.
        dropouts: ``f8[n]`` of the weathers.
    """
    shown = np.empty(len(decisions), np.int64)
    _shown_decisions(seeds, key_of_camera(camera), np.ascontiguousarray(decisions, np.int64), dropouts, shown)
    return shown


def is_kept(decisions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the picture of a decision may be shown at a later one: of the last before a burst.

    Args:
        decisions: Counted from 0.
    """
    kept: NDArray[np.bool_] = (decisions + 1) % BURST == 0
    return kept


@inlined_kernel
def draw_missing_blocks(picture: NDArray[np.uint8], key: np.uint64) -> None:
    """Blacken the blocks that are missing.

    Args:
        picture: ``u1[3, H, W]``.
        key: Of the picture.
    """
    height, width = picture.shape[1], picture.shape[2]
    block = 0
    for top in range(0, height, BLOCK_PX):
        for left in range(0, width, BLOCK_PX):
            if share_of(picture_key(key, np.uint64(0), np.uint64(block), _BLOCK)) < MISSING:
                picture[:, top : top + BLOCK_PX, left : left + BLOCK_PX] = np.uint8(0)
            block += 1


class PictureMemory:
    """The pictures that failing cameras showed last, by camera and slot, for when they freeze.

    Attributes:
        grounds: What cameras looked at last, kept alive for the next decision (see ``ground``).
    """

    def __init__(self) -> None:
        self.grounds: Sequence[GroundMap] = ()
        self._pictures: dict[tuple[str, int], tuple[int, int, NDArray[np.uint8]]] = {}

    def remember(self, camera: str, slot: int, seed: int, decision: int, picture: NDArray[np.uint8]) -> None:
        """Keep a picture.

        Args:
            camera: Its name.
            slot: Of the world.
            seed: Of the episode.
            decision: At which it was shown.
            picture: ``u1[3, H, W]``, copied.
        """
        self._pictures[camera, slot] = (seed, decision, picture.copy())

    def recall(self, camera: str, slot: int, seed: int, decision: int, shown: int) -> NDArray[np.uint8]:
        """What the camera showed at the last decision, and goes on showing.

        Args:
            camera: Its name.
            slot: Of the world.
            seed: Of the episode.
            decision: At which a frozen camera is looked at.
            shown: At which decision its picture was taken.

        Raises:
            ConfigurationError: The cameras were not looked at since then.
        """
        of_seed, last, picture = self._pictures.get((camera, slot), (seed, -1, np.zeros(0, np.uint8)))
        if of_seed != seed or not shown <= last <= decision:
            raise ConfigurationError(
                f"camera {camera!r} of world {slot} is frozen at decision {decision} and shows its picture "
                f"of decision {shown}, but these sensors did not observe it then; observe at every decision"
            )
        return picture
