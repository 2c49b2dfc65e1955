"""Read from an address where nothing is."""

import ctypes

STATUS, REASON, STOPPED_FROM = "exited", "killed by SIGSEGV", "process"


def attack() -> None:
    ctypes.string_at(1)
