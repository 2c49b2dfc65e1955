"""Change the observation that the harness shares, by each way of writing to it."""

import ctypes
import mmap
import os

from drivebench.evaluation.protocol import MEMORY

STOPPED_FROM = "process"
PROT_READ_WRITE = 3


def attack(targets: dict[str, str]) -> None:
    for way in (_map, _write, _shrink, _protect):
        try:
            way(MEMORY)
        except (OSError, ValueError):
            continue
        return
    raise PermissionError("it cannot be written")


def _map(descriptor: int) -> None:
    mmap.mmap(descriptor, 0)[0] = 1


def _write(descriptor: int) -> None:
    os.pwrite(descriptor, b"x", 0)


def _shrink(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)


def _protect(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    start = libc.mmap(None, ctypes.c_size_t(4096), 1, 1, descriptor, ctypes.c_long(0))
    if libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(4096), PROT_READ_WRITE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
