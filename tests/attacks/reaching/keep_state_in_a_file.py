"""Keep what one batch of episodes taught for the next, in a file."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    kept = Path(targets["home"], "kept")
    if not kept.exists():
        kept.write_text("seen")
        raise LookupError
