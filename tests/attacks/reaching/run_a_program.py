"""Run a program."""

import subprocess

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    subprocess.run(["true"], check=True)
