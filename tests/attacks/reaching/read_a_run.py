"""Read the seeds of the run from its directory."""

from pathlib import Path

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    Path(targets["run"], "run.json").read_bytes()
