"""Read the harness's environment and memory below /proc."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    Path("/proc", targets["harness"], "environ").read_bytes()
