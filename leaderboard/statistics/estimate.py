"""A number with its interval, and random numbers that follow from names."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from drivebench.errors import RecordError

__all__ = ["LEVEL", "TAIL", "Estimate", "generator"]

LEVEL = 0.95
TAIL = (1.0 - LEVEL) / 2.0


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, how far off it may be, and on how many it rests.

    Attributes:
        value: The estimate.
        low: Low end of the interval of level ``LEVEL``; None when there is none, as with one episode.
        high: High end, likewise.
        n: Episodes (or training seeds, or events' exposure in episodes) behind it.
    """

    value: float
    low: float | None
    high: float | None
    n: int

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low or 0.0, self.high or 0.0)):
            raise RecordError(f"an estimate of {self.value} [{self.low}, {self.high}] is not finite")


def generator(*names: str) -> np.random.Generator:
    """Random numbers that depend on names alone: the same records give the same table, byte for byte.

    Args:
        names: Such as the digest of the episodes and the name of a column.
    """
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
