"""Elementary functions in two kinds of numerics from one source.

Every function takes ``numerics`` first. Its **type** chooses the kind, so that numba compiles one
specialisation for each and prunes the other branch:

* ``None``: **canonical**. Only IEEE-754 basic operations and the square root, in a fixed order, without
  branches: the same bits on every machine, and loops over them vectorise. These decide episodes and scores.
* an integer (``PARITY``): **parity**. The C library's functions, which is what stock highway-env uses through
  NumPy when AVX512 is switched off. At zero, where most vehicles' angles are, they are exact and not called.

The polynomials and the argument reductions are those of FDLIBM 5.3 (https://www.netlib.org/fdlibm/, files
named at each function), Copyright (C) 1993, 2004 Sun Microsystems, "Permission to use, copy, modify, and
distribute this software is freely granted, provided that this notice is preserved"; its branches on the
argument's size are replaced by selections. Bounds on the error, in units in the last place, are tested.
"""

import math
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from drivebench.compiled import inlined_kernel

__all__ = [
    "PARITY",
    "asin",
    "atan",
    "atan2",
    "cos",
    "cos_sin",
    "exp",
    "floor",
    "log",
    "power",
    "rint",
    "rotate",
    "rotate_column",
    "sin",
    "square_of_scalar",
    "tan",
    "wrap_angle",
]

PARITY = 1
"""Pass this as ``numerics`` to compute with the C library."""

PI = math.pi
TWO_PI = 2 * math.pi
_ROUNDER = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to an integer, half to even
_ROUNDER_BITS = 0x4338000000000000


def _bitcast_to_integer(typing_context: Any, value: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _bitcast_to_float(typing_context: Any, value: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


def _fused_product_and_sum(typing_context: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001 - as above
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


_fma = cast(Callable[[float, float, float], float], intrinsic(_fused_product_and_sum))
"""a * b + c, rounded once."""
_bits = cast(Callable[[float], int], intrinsic(_bitcast_to_integer))
"""The 64 bits of a float64 as an integer."""
_from_bits = cast(Callable[[int], float], intrinsic(_bitcast_to_float))
"""The float64 with these 64 bits."""


@inlined_kernel
def rint(x: float) -> float:
    """Round half to even, for |x| < 2**51, by two additions (``math.floor`` may call the C library)."""
    return (x + _ROUNDER) - _ROUNDER


@inlined_kernel
def floor(x: float) -> float:
    """The largest integer that is not above x, for |x| < 2**51."""
    nearest = rint(x)
    return nearest - 1.0 if nearest > x else nearest


# Pi/2 in three parts of 33, 33 and 53 bits (e_rem_pio2.c): good for |x| < 2**20 * pi/2.
_TWO_OVER_PI = 6.36619772367581382433e-01
_PIO2_1 = 1.57079632673412561417e00
_PIO2_2 = 6.07710050630396597660e-11
_PIO2_2T = 2.02226624879595063154e-21

_S1, _S2, _S3 = -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04
_S4, _S5, _S6 = 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10
_C1, _C2, _C3 = 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05
_C4, _C5, _C6 = -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11


@inlined_kernel
def _reduced_sin_cos(x: float) -> tuple[int, float, float]:
    """Quadrant, sine and cosine of x minus the quadrant times pi/2 (e_rem_pio2.c, k_sin.c, k_cos.c)."""
    shifted = x * _TWO_OVER_PI + _ROUNDER
    quadrant = _bits(shifted)
    k = shifted - _ROUNDER
    t = x - k * _PIO2_1
    w = k * _PIO2_2
    r = t - w
    w = k * _PIO2_2T - ((t - r) - w)
    y = r - w
    tail = (r - y) - w
    z = y * y
    v = z * y
    p = _S2 + z * (_S3 + z * (_S4 + z * (_S5 + z * _S6)))
    sine = y - ((z * (0.5 * tail - v * p) - tail) - v * _S1)
    q = z * (_C1 + z * (_C2 + z * (_C3 + z * (_C4 + z * (_C5 + z * _C6)))))
    half = 0.5 * z
    one = 1.0 - half
    cosine = one + (((1.0 - one) - half) + (z * q - y * tail))
    return quadrant, sine, cosine


@inlined_kernel
def sin(numerics: int | None, x: float) -> float:
    """Sine; canonical for |x| < 1.6e6, error below 1 ulp."""
    if numerics is None:
        quadrant, sine, cosine = _reduced_sin_cos(x)
        value = cosine if quadrant & 1 else sine
        return -value if quadrant & 2 else value
    if x == 0.0:
        return x
    return math.sin(x)


@inlined_kernel
def cos(numerics: int | None, x: float) -> float:
    """Cosine; canonical for |x| < 1.6e6, error below 1 ulp."""
    if numerics is None:
        quadrant, sine, cosine = _reduced_sin_cos(x)
        value = sine if quadrant & 1 else cosine
        return -value if (quadrant + 1) & 2 else value
    if x == 0.0:
        return 1.0
    return math.cos(x)


@inlined_kernel
def cos_sin(numerics: int | None, x: float) -> tuple[float, float]:
    """Cosine and sine at the price of one."""
    if numerics is None:
        quadrant, sine, cosine = _reduced_sin_cos(x)
        c = sine if quadrant & 1 else cosine
        s = cosine if quadrant & 1 else sine
        return -c if (quadrant + 1) & 2 else c, -s if quadrant & 2 else s
    if x == 0.0:
        return 1.0, x
    return math.cos(x), math.sin(x)


@inlined_kernel
def tan(numerics: int | None, x: float) -> float:
    """Tangent; canonical for |x| < 1.6e6, a quotient with an error below 2.5 ulp."""
    if numerics is None:
        quadrant, sine, cosine = _reduced_sin_cos(x)
        upper = -cosine if quadrant & 1 else sine
        lower = sine if quadrant & 1 else cosine
        return upper / lower
    if x == 0.0:
        return x
    return math.tan(x)


_PIO2_HI, _PIO2_LO = 1.57079632679489655800e00, 6.12323399573676603587e-17
_PS0, _PS1, _PS2 = 1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01
_PS3, _PS4, _PS5 = -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05
_QS1, _QS2 = -2.40339491173441421878e00, 2.02094576023350569471e00
_QS3, _QS4 = -6.88283971605453293030e-01, 7.70381505559019352791e-02


@inlined_kernel
def asin(numerics: int | None, x: float) -> float:
    """Arc sine (e_asin.c); canonical error below 2.5 ulp; NaN outside of [-1, 1]."""
    if numerics is None:
        a = abs(x)
        large = a >= 0.5
        t = (1.0 - a) * 0.5 if large else a * a
        p = t * (_PS0 + t * (_PS1 + t * (_PS2 + t * (_PS3 + t * (_PS4 + t * _PS5)))))
        q = 1.0 + t * (_QS1 + t * (_QS2 + t * (_QS3 + t * _QS4)))
        s = math.sqrt(t) if large else a
        value = s + s * (p / q)
        value = _PIO2_HI - (2.0 * value - _PIO2_LO) if large else value
        return math.copysign(value, x)
    if x == 0.0:
        return x
    return math.asin(x)


_AT_HI_05, _AT_LO_05 = 4.63647609000806093515e-01, 2.26987774529616870924e-17
_AT_HI_10, _AT_LO_10 = 7.85398163397448278999e-01, 3.06161699786838301793e-17
_AT_HI_15, _AT_LO_15 = 9.82793723247329054082e-01, 1.39033110312309984516e-17
_AT0, _AT1, _AT2 = 3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01
_AT3, _AT4, _AT5 = -1.11111104054623557880e-01, 9.09088713343650656196e-02, -7.69187620504482999495e-02
_AT6, _AT7, _AT8 = 6.66107313738753120669e-02, -5.83357013379057348645e-02, 4.97687799461593236017e-02
_AT9, _AT10 = -3.65315727442169155270e-02, 1.62858201153657823623e-02


@inlined_kernel
def _atan_of_ratio(upper: float, lower: float) -> float:
    """Arc tangent of upper/lower, both not negative (s_atan.c with its reduction done on the fraction).

    The five intervals of s_atan.c are kept; atan(u/l) = atan(c) + atan((u - c l)/(l + c u)).
    """
    r1 = 16.0 * upper >= 7.0 * lower
    r2 = 16.0 * upper >= 11.0 * lower
    r3 = 16.0 * upper >= 19.0 * lower
    r4 = 16.0 * upper >= 39.0 * lower
    a = upper if not r1 else 2.0 * upper - lower
    b = lower if not r1 else 2.0 * lower + upper
    a = a if not r2 else upper - lower
    b = b if not r2 else upper + lower
    a = a if not r3 else upper - 1.5 * lower
    b = b if not r3 else lower + 1.5 * upper
    a = a if not r4 else -lower
    b = b if not r4 else upper
    high = 0.0 if not r1 else _AT_HI_05
    low = 0.0 if not r1 else _AT_LO_05
    high = high if not r2 else _AT_HI_10
    low = low if not r2 else _AT_LO_10
    high = high if not r3 else _AT_HI_15
    low = low if not r3 else _AT_LO_15
    high = high if not r4 else _PIO2_HI
    low = low if not r4 else _PIO2_LO
    x = a / b
    z = x * x
    w = z * z
    odd = z * (_AT0 + w * (_AT2 + w * (_AT4 + w * (_AT6 + w * (_AT8 + w * _AT10)))))
    even = w * (_AT1 + w * (_AT3 + w * (_AT5 + w * (_AT7 + w * _AT9))))
    return high - ((x * (odd + even) - low) - x)


@inlined_kernel
def atan(numerics: int | None, x: float) -> float:
    """Arc tangent; canonical error below 2 ulp; infinities give pi/2."""
    if numerics is None:
        a = abs(x)
        return math.copysign(_atan_of_ratio(min(a, 1e300), 1.0), x)
    if x == 0.0:
        return x
    return math.atan(x)


@inlined_kernel
def atan2(numerics: int | None, y: float, x: float) -> float:
    """Angle of the vector (x, y); canonical error below 3 ulp, and a negative zero x counts as positive."""
    if numerics is None:
        a = abs(x)
        b = abs(y)
        empty = (a == 0.0) and (b == 0.0)
        angle = _atan_of_ratio(b, 1.0 if empty else a)
        angle = _PIO2_HI * 2.0 - (angle - _PIO2_LO * 2.0) if x < 0.0 else angle
        return math.copysign(angle, y)
    return math.atan2(y, x)


_INV_LN2 = 1.44269504088896338700e00
_LN2_HI, _LN2_LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_P1, _P2, _P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_P4, _P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
_LG1, _LG2, _LG3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
_LG4, _LG5, _LG6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
_LG7 = 1.479819860511658591e-01
_SQRT_HALF_BITS = 0x3FE6A09E00000000
_ONE_BITS = 0x3FF0000000000000
_SMALLEST_NORMAL = 2.2250738585072014e-308


@inlined_kernel
def exp(numerics: int | None, x: float) -> float:
    """Exponential (e_exp.c); canonical error below 1 ulp; 0 below -708, infinity above 709."""
    if numerics is None:
        bounded = min(max(x, -708.0), 709.0)
        shifted = bounded * _INV_LN2 + _ROUNDER
        k = shifted - _ROUNDER
        high = bounded - k * _LN2_HI
        low = k * _LN2_LO
        r = high - low
        t = r * r
        c = r - t * (_P1 + t * (_P2 + t * (_P3 + t * (_P4 + t * _P5))))
        y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
        value = y * _from_bits(((_bits(shifted) - _ROUNDER_BITS) << 52) + _ONE_BITS)
        value = 0.0 if x < -708.0 else value
        return math.inf if x > 709.0 else value
    return math.exp(x)


@inlined_kernel
def log(numerics: int | None, x: float) -> float:
    """Natural logarithm of a normal positive number (e_log.c); canonical error below 1 ulp."""
    if numerics is None:
        shifted = _bits(x) + (_ONE_BITS - _SQRT_HALF_BITS)
        k = _from_bits(((shifted >> 52) - 1023) + _ROUNDER_BITS) - _ROUNDER
        f = _from_bits((shifted & 0x000FFFFFFFFFFFFF) + _SQRT_HALF_BITS) - 1.0
        half_square = 0.5 * f * f
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        even = w * (_LG2 + w * (_LG4 + w * _LG6))
        odd = z * (_LG1 + w * (_LG3 + w * (_LG5 + w * _LG7)))
        r = even + odd
        return k * _LN2_HI - ((half_square - (s * (half_square + r) + k * _LN2_LO)) - f)
    return math.log(x)


@inlined_kernel
def power(numerics: int | None, x: float, y: float) -> float:
    """Power x ** y for x >= 0 and y > 0.

    Canonical: exp(y log x), with a relative error below (2 + |y log x|) * 2**-52; subnormal x count as 0.
    """
    if numerics is None:
        zero = x < _SMALLEST_NORMAL
        value = exp(None, y * log(None, 1.0 if zero else x))
        return 0.0 if zero else value
    return math.pow(x, y)


@inlined_kernel
def wrap_angle(numerics: int | None, x: float) -> float:
    """The angle in [-pi, pi) that differs from x by whole turns: ((x + pi) mod 2 pi) - pi, as in highway-env.

    Both kinds agree to the bit within one turn of zero.
    """
    shifted = x + PI
    if numerics is None:
        rest = shifted - floor(shifted * (1.0 / TWO_PI)) * TWO_PI
        rest = rest + TWO_PI if rest < 0.0 else rest
        rest = rest - TWO_PI if rest >= TWO_PI else rest
        return rest - PI
    if 0.0 <= shifted < TWO_PI:
        return shifted - PI
    return (shifted % TWO_PI) - PI


@inlined_kernel
def rotate(numerics: int | None, cosine: float, sine: float, x: float, y: float) -> tuple[float, float]:
    """The vector (x, y) turned by an angle, from (1, 0) towards (0, 1).

    The parity form is NumPy's product of a matrix with a vector, ``[[c, -s], [s, c]] @ [x, y]``: OpenBLAS
    (gemv for Haswell) fuses its first product with the sum, while its dot products are not fused.
    """
    if numerics is None:
        return cosine * x - sine * y, sine * x + cosine * y
    return _fma(cosine, x, -sine * y), _fma(sine, x, cosine * y)


@inlined_kernel
def rotate_column(
    numerics: int | None, cosine: float, sine: float, x: float, y: float
) -> tuple[float, float]:
    """The vector (x, y) turned by an angle, as one of several columns of a matrix.

    The parity form is NumPy's product of two matrices: OpenBLAS (gemm for Haswell) fuses the second product
    with the sum.
    """
    if numerics is None:
        return cosine * x - sine * y, sine * x + cosine * y
    return _fma(-sine, y, cosine * x), _fma(cosine, y, sine * x)


@inlined_kernel
def square_of_scalar(numerics: int | None, x: float) -> float:
    """The square of a number as Python and NumPy's scalars compute ``x ** 2``: by the C library's power.

    It differs from x * x in one of a thousand numbers. The exponent is spelt so that the compiler does not
    see that it is two, or it would multiply.
    """
    if numerics is None:
        return x * x
    return math.pow(x, float(numerics - PARITY) + 2.0)
