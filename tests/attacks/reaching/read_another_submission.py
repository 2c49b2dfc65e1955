"""Copy somebody else's submission."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    Path(targets["other"], "policy.py").read_bytes()
