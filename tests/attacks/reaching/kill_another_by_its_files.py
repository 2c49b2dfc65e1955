"""Have the kernel send the signal: SIGKILL to another process when a file becomes readable."""

import fcntl
import os

STOPPED_FROM = "landlock"
F_SETSIG = 10


def attack(targets: dict[str, str]) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, F_SETSIG, 18)  # SIGCONT will do
    fcntl.fcntl(reading, fcntl.F_SETOWN, int(targets["victim"]))
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writing, b"x")
