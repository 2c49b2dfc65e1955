"""Take memory that does not count as the process's: a file without a name."""

import os

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    os.memfd_create("hoard")
