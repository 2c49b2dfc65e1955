"""Asking the kernel for what Python's standard library has no function for."""

import ctypes
import os
from typing import Any

__all__ = ["ConfinementError", "call", "prctl"]


class ConfinementError(Exception):
    """A mechanism of isolation is not there or does not come into force; says which and why."""


def call(problem: str, number: int, *arguments: Any) -> int:
    """Make a system call.

    Args:
        problem: What it means if it fails, for the message.
        number: Of the call.
        arguments: Integers, pointers or None.

    Raises:
        ConfinementError: It failed.
    """
    return _checked(problem, _libc().syscall(ctypes.c_long(number), *map(_as_c, arguments)))


def prctl(problem: str, option: int, *arguments: int) -> int:
    """Set a property of this process, as ``prctl(2)`` does.

    Args:
        problem: What it means if it fails, for the message.
        option: Which, of ``linux/prctl.h``.
        arguments: Up to four.

    Raises:
        ConfinementError: It failed.
    """
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(problem, _libc().prctl(option, *(ctypes.c_ulong(value) for value in padded)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _as_c(argument: Any) -> Any:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _checked(problem: str, result: int) -> int:
    if result < 0:
        raise ConfinementError(f"{problem}: {os.strerror(ctypes.get_errno())}")
    return result
