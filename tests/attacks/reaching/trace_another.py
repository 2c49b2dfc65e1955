"""Take control of another process by ptrace."""

import ctypes
import os

STOPPED_FROM = "landlock"
NEEDS_ROOT = True  # or a kernel that lets anybody trace
SEIZE, DETACH = 0x4206, 17


def attack(targets: dict[str, str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(SEIZE, int(targets["victim"]), None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    libc.ptrace(DETACH, int(targets["victim"]), None, None)
