"""Read another process's memory by process_vm_readv."""

import ctypes
import os

STOPPED_FROM = "landlock"
NEEDS_ROOT = True  # or a kernel that lets anybody trace


class Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attack(targets: dict[str, str]) -> None:
    kept = ctypes.create_string_buffer(1)
    mine, theirs = Piece(ctypes.addressof(kept), 1), Piece(int(targets["victim_address"]), 1)
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
    if libc.process_vm_readv(int(targets["victim"]), *arguments) != 1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
