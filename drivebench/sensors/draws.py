"""Random numbers without a state: a hash of what is asked for.

SplitMix64's output function (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014) and, where many small numbers are wanted, C. Wellons's 32-bit mixer ``lowbias32``
(https://nullprogram.com/blog/2018/07/31/). Integers only, so the same on every machine.
"""

import hashlib
from functools import cache

import numpy as np

from drivebench.compiled import inlined_kernel

__all__ = ["key_of_camera", "mixed32", "mixed64", "picture_key", "share_of"]

u32, u64 = np.uint32, np.uint64


@cache
def key_of_camera(name: str) -> np.uint64:
    """A number that stands for a camera: two cameras of one car fail and are rained upon independently.

    Args:
        name: Of the camera.
    """
    return u64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))


@inlined_kernel
def mixed64(value: int | np.uint64) -> np.uint64:
    """64 bits that look random, of any 64 bits."""
    mixed = u64(u64(value) + u64(0x9E3779B97F4A7C15))
    mixed = u64((mixed ^ (mixed >> u64(30))) * u64(0xBF58476D1CE4E5B9))
    mixed = u64((mixed ^ (mixed >> u64(27))) * u64(0x94D049BB133111EB))
    return u64(mixed ^ (mixed >> u64(31)))


@inlined_kernel
def mixed32(value: int | np.uint32) -> np.uint32:
    """32 bits that look random, of any 32 bits."""
    mixed = u32(u32(value) ^ u32(u32(value) >> u32(16)))
    mixed = u32(mixed * u32(0x7FEB352D))
    mixed = u32(mixed ^ u32(mixed >> u32(15)))
    mixed = u32(mixed * u32(0x846CA68B))
    return u32(mixed ^ u32(mixed >> u32(16)))


@inlined_kernel
def picture_key(
    seed: int | np.uint64, camera: int | np.uint64, moment: int | np.uint64, purpose: int
) -> np.uint64:
    """The key of one purpose in one picture: of an episode's seed, a camera, and a decision."""
    key = mixed64(u64(seed) ^ mixed64(u64(camera)))
    return mixed64(u64(key ^ mixed64(u64(u64(moment) * u64(8) + u64(purpose)))))


@inlined_kernel
def share_of(key: int | np.uint64) -> float:
    """A number from 0 to below 1, from the upper 53 bits of a key."""
    return float(u64(key) >> u64(11)) * (1.0 / 9007199254740992.0)
