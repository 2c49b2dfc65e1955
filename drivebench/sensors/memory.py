"""Reading arrays by address, so that one compiled loop can render from many ground maps of different sizes.

A kernel cannot take a list of arrays without copying or locking it. It can take their addresses as integers;
whoever calls it keeps the arrays alive until it returns.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["load_i32", "load_u32_at_even", "load_u8"]


def _loader(bits: int, alignment: int, result: Any) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def load(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            return builder.load(pointer, align=alignment)

        return result(types.int64), generate

    return load


load_i32 = _loader(32, 4, types.int32)
"""``load_i32(address)``: the 32-bit integer there."""

load_u32_at_even = _loader(32, 2, types.uint32)
"""``load_u32_at_even(address)``: two neighbouring 16-bit numbers at once, the first in the low half."""

load_u8 = _loader(8, 1, types.uint8)
"""``load_u8(address)``: the byte there."""
