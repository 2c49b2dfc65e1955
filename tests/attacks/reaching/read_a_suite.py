"""Read a suite, with its seeds."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    Path(targets["suite"]).read_bytes()
