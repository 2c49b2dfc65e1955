"""Write a file, the first of those that fill the disk."""

import os
from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    for folder in ("/tmp", "/var/tmp", "/dev/shm", ".", targets["home"], "/"):
        try:
            place = Path(folder) / f"drivebench-attack-{os.getpid()}"
            place.write_bytes(b"x")
        except OSError:
            continue
        place.unlink()
        return
    raise PermissionError("there is nowhere to write")
