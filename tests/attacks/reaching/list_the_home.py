"""List the home of whoever evaluates."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    list(Path(targets["home"]).iterdir())
