"""Find a suite, a seed or a path of the run among arguments, environment and open files."""

import os
import sys
from pathlib import Path

STOPPED_FROM = "process"


def attack(targets: dict[str, str]) -> None:
    told = [*sys.argv[1:], *os.environ.values(), str(Path.cwd())]
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            told.append(str(descriptor.readlink()))
        except OSError:  # the one that lists
            continue
    if not any(targets["run"] in text or "hunter2" in text or "suite" in text for text in told):
        raise LookupError
