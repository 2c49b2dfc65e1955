"""Fail with a text that is a megabyte long and takes over the terminal that shows it."""

STATUS, REASON, STOPPED_FROM = "raised", "RuntimeError: �]0;owned�", "process"


def attack() -> None:
    raise RuntimeError("\x1b]0;owned\x07" + "x" * 1_000_000)
