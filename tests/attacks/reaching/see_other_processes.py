"""See which other processes run."""

from pathlib import Path

STOPPED_FROM = "bubblewrap"


def attack(targets: dict[str, str]) -> None:
    Path("/proc", targets["harness"]).stat()
