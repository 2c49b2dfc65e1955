"""Import the scenarios, to build worlds and to drive ahead in them."""

import importlib

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    importlib.import_module("scenarios.style")
