"""Start a process, the first of a fork bomb."""

import os

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
