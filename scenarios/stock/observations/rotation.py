"""Products of a matrix of two rows and a vector, as highway-env computes them with NumPy's ``@``."""

from collections.abc import Callable
from typing import Any, cast

from numba.core import types
from numba.extending import intrinsic

from drivebench.compiled import inlined_kernel

__all__ = ["row_times"]


def _fused_multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


_fma = cast(Callable[[float, float, float], float], intrinsic(_fused_multiply_add))
"""a * b + c, rounded once."""


@inlined_kernel
def row_times(numerics: int | None, a: float, b: float, x: float, y: float) -> float:
    """One row (a, b) of a matrix in C order times a vector (x, y).

    In parity the first product is fused into the sum, as OpenBLAS's ``dgemv`` for Haswell does it.
    """
    if numerics is None:
        return a * x + b * y
    return _fma(a, x, b * y)
