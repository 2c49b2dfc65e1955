"""Random numbers in mid-episode: NumPy's generator, compiled.

A stream is a row of six 64-bit words (columns ``RandomInt``) and part of a world's state. Every function
draws what the method of the same purpose of ``numpy.random.Generator`` with its default bit generator
``PCG64`` draws, bit for bit and from the same number of words, so that a world can go on where stock
highway-env's generator stopped.

The generator is PCG XSL RR 128/64: O'Neill, "PCG: A family of simple fast space-efficient statistically good
algorithms for random number generation", HMC-CS-2014-0905. Bounded integers: Lemire, "Fast random integer
generation in an interval", ACM Transactions on Modeling and Computer Simulation 29 (2019). Normal numbers:
see ``ziggurat``; their tail needs a logarithm, which is the C library's, and so has NumPy's bits, in parity
only.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.layout import RandomInt
from drivebench.world.numerics import exp, log
from drivebench.world.ziggurat import BOUNDS, DENSITIES, TAIL, TAIL_INVERSE, WIDTHS

__all__ = [
    "integer_below",
    "next_double",
    "next_integer",
    "shuffle",
    "standard_normal",
    "two_different",
    "uniform",
]

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_STATE_HIGH, _STATE_LOW = int(RandomInt.STATE_HIGH), int(RandomInt.STATE_LOW)
_INCREMENT_HIGH, _INCREMENT_LOW = int(RandomInt.INCREMENT_HIGH), int(RandomInt.INCREMENT_LOW)
_HAS_HALF, _HALF = int(RandomInt.HAS_HALF), int(RandomInt.HALF)

_FACTOR_HIGH, _FACTOR_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_0, _1, _8, _9, _11, _32 = (np.uint64(shift) for shift in (0, 1, 8, 9, 11, 32))
_58, _63 = np.uint64(58), np.uint64(63)
_LAYER, _MANTISSA = np.uint64(0xFF), np.uint64(0x000FFFFFFFFFFFFF)
_UNIT = 1.0 / 9007199254740992.0


@inlined_kernel
def _high_product(a: np.uint64, b: np.uint64) -> np.uint64:
    """Upper 64 bits of the product of two words."""
    a_low, a_high = a & _LOW_HALF, a >> _32
    b_low, b_high = b & _LOW_HALF, b >> _32
    crossed = a_high * b_low
    middle = a_low * b_high + (crossed & _LOW_HALF) + ((a_low * b_low) >> _32)
    return a_high * b_high + (crossed >> _32) + (middle >> _32)


@borrowing_kernel
def next_word(random: Words) -> np.uint64:
    """The next 64 bits."""
    low, high = random[_STATE_LOW], random[_STATE_HIGH]
    product_high = _high_product(low, _FACTOR_LOW) + high * _FACTOR_LOW + low * _FACTOR_HIGH
    product_low = low * _FACTOR_LOW
    low = product_low + random[_INCREMENT_LOW]
    carry = _1 if low < product_low else _0
    high = product_high + random[_INCREMENT_HIGH] + carry
    random[_STATE_LOW] = low
    random[_STATE_HIGH] = high
    folded = high ^ low
    turn = high >> _58
    return np.uint64((folded >> turn) | (folded << ((_0 - turn) & _63)))


@borrowing_kernel
def next_integer(random: Words) -> np.uint64:
    """The next 32 bits: the lower half of a new word, then its upper half."""
    if random[_HAS_HALF] != _0:
        random[_HAS_HALF] = _0
        return np.uint64(random[_HALF])
    word = next_word(random)
    random[_HAS_HALF] = _1
    random[_HALF] = word >> _32
    return word & _LOW_HALF


@inlined_kernel
def next_double(random: Words) -> float:
    """A number in [0, 1) (``Generator.random``)."""
    return float(next_word(random) >> _11) * _UNIT


@inlined_kernel
def uniform(random: Words, low: float, high: float) -> float:
    """A number between two others (``Generator.uniform``)."""
    return low + (high - low) * next_double(random)


@borrowing_kernel
def integer_below(random: Words, count: int) -> int:
    """An integer in [0, count), for 1 <= count < 2**32 (``Generator.integers``)."""
    if count <= 1:
        return 0
    span = np.uint64(count)
    product = next_integer(random) * span
    rest = product & _LOW_HALF
    if rest < span:
        threshold = (_LOW_HALF - (span - _1)) % span
        while rest < threshold:
            product = next_integer(random) * span
            rest = product & _LOW_HALF
    return int(np.int64(product >> _32))


@borrowing_kernel
def two_different(random: Words, count: int) -> tuple[int, int]:
    """Two different integers in [0, count) (``Generator.choice(range(count), size=2, replace=False)``).

    Floyd's method and a shuffle.
    """
    first = integer_below(random, count - 1)
    second = integer_below(random, count)
    if second == first:
        second = count - 1
    if integer_below(random, 2) == 0:
        return second, first
    return first, second


@borrowing_kernel
def shuffle(random: Words, items: Ints) -> None:
    """Bring fewer than 2**32 items into a random order (``Generator.shuffle``).

    NumPy draws each place by rejection of masked integers here.
    """
    for i in range(len(items) - 1, 0, -1):
        mask = 1
        while mask < i:
            mask = 2 * mask + 1
        k = i + 1
        while k > i:
            k = int(np.int64(next_integer(random))) & mask
        items[i], items[k] = items[k], items[i]


@inlined_kernel
def _exponential(numerics: int | None, random: Words) -> float:
    """Minus the logarithm of one minus a number in [0, 1); that difference is exact."""
    draw = next_double(random)
    if numerics is None:
        return -log(None, 1.0 - draw)
    return -math.log1p(-draw)


@borrowing_kernel
def standard_normal(numerics: int | None, random: Words) -> float:
    """A normal number with mean 0 and deviation 1 (``Generator.standard_normal``)."""
    while True:
        word = next_word(random)
        layer = int(np.int64(word & _LAYER))
        negative = (word >> _8) & _1 != _0
        mantissa = (word >> _9) & _MANTISSA
        x = float(float(mantissa) * WIDTHS[layer])
        if mantissa < BOUNDS[layer]:
            return -x if negative else x
        if layer == 0:
            while True:
                beyond = TAIL_INVERSE * _exponential(numerics, random)
                other = _exponential(numerics, random)
                if other + other > beyond * beyond:
                    x = TAIL + beyond
                    return -x if (mantissa >> _8) & _1 != _0 else x
        height = (DENSITIES[layer - 1] - DENSITIES[layer]) * next_double(random) + DENSITIES[layer]
        if height < exp(numerics, -0.5 * x * x):
            return -x if negative else x
