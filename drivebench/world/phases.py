"""Where the time of a simulation step goes: time stamps of the processor between its phases.

The step takes ``stamps``. In all that drives it is None, whose type prunes every mark when the step is
compiled, so that nothing is slowed; ``drivebench bench`` gives an array, for which the step is compiled anew.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from drivebench.compiled import inlined_kernel

__all__ = ["Phase", "begin", "mark"]

Stamps = npt.NDArray[np.int64]


class Phase(IntEnum):
    """Phases of a step; columns of ``stamps``, which holds ticks."""

    PRESENT = 0
    """Not a phase: when the last one ended."""
    LOADING = 1
    """Once a decision: directions and tables of the state that is found, and the actions."""
    REGULATION = 2
    OCCUPANTS = 3
    FOLLOWING = 4
    LANE_CHOICE = 5
    STEERING = 6
    ACCELERATION = 7
    MOTION = 8
    TABLES = 9
    LANES = 10
    COLLISIONS = 11
    RECORDING = 12


def _read_time_stamp(typing_context: Any) -> Any:  # noqa: ARG001 - numba reads the names
    def generate(_context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        counter = ir.FunctionType(ir.IntType(64), [])
        return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", (), counter), [])

    return types.int64(), generate


_time_stamp = cast(Callable[[], int], intrinsic(_read_time_stamp))
"""The processor's time stamp counter; its ticks have a constant length on all x86-64 of this century."""


@inlined_kernel
def begin(stamps: Stamps | None) -> None:
    """The first phase of a world begins."""
    if stamps is not None:
        stamps[0] = _time_stamp()


@inlined_kernel
def mark(stamps: Stamps | None, phase: int) -> None:
    """A phase has ended, and the next one begins."""
    if stamps is not None:
        now = _time_stamp()
        stamps[phase] += now - stamps[0]
        stamps[0] = now
