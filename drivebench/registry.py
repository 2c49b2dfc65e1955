"""Finding what other packages provide: scenarios, suites, drivers, baselines, sensors, commands, peers, ...

Everything is found through entry points, drivebench's own parts as well as a third party's, so that a new
scenario or baseline is one new file and one line in a ``pyproject.toml``. Names are listed without importing
anything; an object is imported when it is asked for.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["GROUPS", "load", "names", "where"]

GROUPS = {
    "scenario": "drivebench.scenarios",
    "suite": "drivebench.suites",
    "driver": "drivebench.drivers",
    "baseline": "drivebench.baselines",
    "sensor": "drivebench.sensors",
    "command": "drivebench.commands",
    "environment": "drivebench.environments",
    "peer": "drivebench.peers",
    "digests": "drivebench.digests",
}


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUPS[kind]):
        if entry.name in found and found[entry.name].value != entry.value:
            raise ConfigurationError(
                f"two packages register the {kind} {entry.name!r}: {found[entry.name].value} and "
                f"{entry.value}; expected one. Rename or uninstall one of them."
            )
        found[entry.name] = entry
    return found


def names(kind: str) -> tuple[str, ...]:
    """Registered names of one kind, sorted.

    Args:
        kind: One of the keys of ``GROUPS``.
    """
    return tuple(sorted(_entries(kind)))


def where(kind: str, name: str) -> str:
    """Where a registered name leads, ``module:attribute``, without importing it.

    Args:
        kind: One of the keys of ``GROUPS``.
        name: The registered name.

    Raises:
        UnknownNameError: No such name; the message suggests the nearest.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UnknownNameError(kind, name, entries)
    return entries[name].value


@cache
def load(kind: str, name: str) -> Any:
    """Import and return the object registered under a name.

    Args:
        kind: One of the keys of ``GROUPS``.
        name: The registered name.

    Raises:
        UnknownNameError: No such name; the message suggests the nearest.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UnknownNameError(kind, name, entries)
    return entries[name].load()
