"""Open a setting of the kernel for writing: the way out of a container for who is root."""

import os

STOPPED_FROM = "landlock"
NEEDS_ROOT = True


def attack(targets: dict[str, str]) -> None:
    os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
