"""One tree of errors. Every message says what was given, what was expected, and what to do."""

import difflib
from collections.abc import Iterable

__all__ = [
    "ActionError",
    "ConfigurationError",
    "DataError",
    "DrivebenchError",
    "PolicyError",
    "RecordError",
    "UnknownNameError",
    "nearest",
]


class DrivebenchError(Exception):
    """Root of all errors that a caller of drivebench can cause or meet."""


class ConfigurationError(DrivebenchError, ValueError):
    """A setting is outside of what the thing it configures accepts."""


class ActionError(DrivebenchError, ValueError):
    """An action has the wrong shape or type, or is not finite."""


class PolicyError(DrivebenchError):
    """A policy broke the protocol: it raised, hung, exited, or answered with something else than actions."""


class DataError(DrivebenchError):
    """Demonstrations or weights on disk are missing, truncated, or of another version."""


class RecordError(DrivebenchError):
    """A run directory is incomplete, edited, or does not agree with itself; the message names the record."""


class UnknownNameError(DrivebenchError, KeyError):
    """A name is not registered; the message suggests the nearest one that is."""

    def __init__(self, kind: str, given: str, known: Iterable[str]) -> None:
        names = sorted(known)
        suggestion = nearest(given, names)
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        self.message = f"unknown {kind} {given!r}.{hint} Known: {', '.join(names) or 'none'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The registered name that is most like the given one, or None when nothing is alike.

    Args:
        given: What the caller wrote.
        known: The names that exist.
    """
    by_folded = {name.casefold().replace("_", "-"): name for name in known}
    matches = difflib.get_close_matches(given.casefold().replace("_", "-"), list(by_folded), n=1, cutoff=0.5)
    return by_folded[matches[0]] if matches else None
