"""Kill a process of the same user: the harness, or another policy."""

import os
import signal

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    os.kill(int(targets["victim"]), signal.SIGCONT)
