"""Two things that numba cannot say by itself: reading by address, and eight lanes at once.

A kernel cannot take a list of arrays of different sizes without copying them, but it can take addresses;
whoever calls it keeps the arrays alive until it returns. And LLVM does not vectorise a short loop with a
condition, such as the filling of a span of samples; so that one is written as vectors. LLVM compiles them for
any processor with the same results.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["LANES", "fill_lanes", "load_i32", "load_u8", "load_u32_at_even"]

LANES = 8


def _loader(bits: int, alignment: int, result: Any) -> Any:
    def load(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001 - numba's protocol
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            return builder.load(pointer, align=alignment)

        return result(types.int64), generate

    return intrinsic(load)


load_i32 = _loader(32, 4, types.int32)
"""``load_i32(address)``: the 32-bit integer there."""

load_u32_at_even = _loader(32, 2, types.uint32)
"""``load_u32_at_even(address)``: two neighbouring 16-bit numbers at once, the first in the low half."""

load_u8 = _loader(8, 1, types.uint8)
"""``load_u8(address)``: the byte there."""


def _fill_lanes(
    typing_context: Any,  # noqa: ARG001 - numba's protocol
    nearness: Any,  # noqa: ARG001 - numba's protocol
    colours: Any,  # noqa: ARG001 - numba's protocol
    column: Any,  # noqa: ARG001 - numba's protocol
    first: Any,  # noqa: ARG001 - numba's protocol
    end: Any,  # noqa: ARG001 - numba's protocol
    anchor: Any,  # noqa: ARG001 - numba's protocol
    base: Any,  # noqa: ARG001 - numba's protocol
    slope: Any,  # noqa: ARG001 - numba's protocol
    colour: Any,  # noqa: ARG001 - numba's protocol
) -> Any:
    floats, integers = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(32), LANES)
    lanes = ir.Constant(integers, list(range(LANES)))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001 - numba's protocol
        nearness, colours, column, first, end, anchor, base, slope, colour = arguments

        def every_lane(value: Any, kind: Any) -> Any:
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
            return builder.shuffle_vector(
                one, ir.Constant(kind, ir.Undefined), ir.Constant(integers, [0] * LANES)
            )

        near_at = builder.inttoptr(nearness, floats.as_pointer())
        colour_at = builder.inttoptr(colours, integers.as_pointer())
        columns = builder.add(every_lane(column, integers), lanes)
        from_anchor = builder.sitofp(builder.sub(columns, every_lane(anchor, integers)), floats)
        value = builder.fadd(every_lane(base, floats), builder.fmul(every_lane(slope, floats), from_anchor))
        near, old = builder.load(near_at, align=4), builder.load(colour_at, align=4)
        inside = builder.and_(
            builder.icmp_signed(">=", columns, every_lane(first, integers)),
            builder.icmp_signed("<", columns, every_lane(end, integers)),
        )
        hit = builder.and_(inside, builder.fcmp_ordered(">=", value, near))
        # the greater of two floats that are not negative is the greater of their bits as integers; a choice
        # by hit would become a store under a mask, which takes some processors as long as all the rest
        seen = builder.and_(builder.sext(inside, integers), builder.bitcast(value, integers))
        kind = ir.FunctionType(integers, (integers, integers))
        name = f"llvm.smax.v{LANES}i32"
        greater = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        nearer = builder.call(greater, (seen, builder.bitcast(near, integers)))
        builder.store(builder.bitcast(nearer, floats), near_at, align=4)
        builder.store(builder.select(hit, every_lane(colour, integers), old), colour_at, align=4)
        return context.get_dummy_value()

    i32, i64, f32 = types.int32, types.int64, types.float32
    return types.void(i64, i64, i32, i32, i32, i32, f32, f32, types.uint32), generate


fill_lanes: Any = intrinsic(_fill_lanes)
"""``fill_lanes(nearness, colours, column, first, end, anchor, base, slope, colour)``.

In the ``LANES`` samples from ``column`` on, whose addresses are given, compute ``base + slope * (column -
anchor)``; where that is not below the nearness and the column is in [first, end), write it, and the colour.
Nearnesses are never negative.
"""
