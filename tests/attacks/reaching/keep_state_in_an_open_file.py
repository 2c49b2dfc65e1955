"""Keep what one batch of episodes taught for the next, in the position and the flags of an open file."""

import fcntl
import os

from drivebench.evaluation.protocol import MEMORY

STOPPED_FROM = "process"


def attack(targets: dict[str, str]) -> None:
    flags = {number: fcntl.fcntl(number, fcntl.F_GETFL) for number in range(MEMORY + 1)}
    kept = os.lseek(MEMORY, 7, os.SEEK_CUR) != 7
    for number, value in flags.items():
        kept |= bool(value & os.O_APPEND)
        fcntl.fcntl(number, fcntl.F_SETFL, value | os.O_APPEND)
    if not kept:
        raise LookupError
