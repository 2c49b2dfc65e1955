"""Take control of another process by ptrace."""

import ctypes
import os

STOPPED_FROM = "landlock"
NEEDS_ROOT = True  # or a kernel that lets anybody trace
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17


def attack(targets: dict[str, str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(SEIZE, int(targets["victim"]), None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    libc.ptrace(INTERRUPT, int(targets["victim"]), None, None)
    os.waitpid(int(targets["victim"]), 0x40000000)  # __WALL
    libc.ptrace(DETACH, int(targets["victim"]), None, None)
