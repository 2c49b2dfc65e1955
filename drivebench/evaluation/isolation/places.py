"""Where a policy's process may read: its submission, and what Python and its libraries consist of.

Everything else is left out by not being named: homes, run directories, suites, other submissions. Packages
that provide scenarios or suites are left out although they lie among the libraries, so that a policy cannot
build the worlds that it is driven in.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from drivebench import architectures, registry

__all__ = ["library_places", "scenario_packages", "without_scenarios"]

_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
)
_OF_PYTHON = ("bin", "lib", "lib64", "pyvenv.cfg")
_SETTINGS = ("PYTHONPATH", "LD_LIBRARY_PATH")
"""What a user names in these is meant to be found."""


def library_places() -> tuple[Path, ...]:
    """Files and folders with all that a policy may import, drivebench among it; those that exist."""
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    interpreter = Path(sys.executable).resolve()
    prefixes.add(str(interpreter.parent.parent))  # where a link in a virtual environment leads to
    places = [Path(prefix) / part for prefix in sorted(prefixes) for part in _OF_PYTHON]
    places += [Path(entry) for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]
    for setting in _SETTINGS:
        places += [Path(entry).absolute() for entry in os.environ.get(setting, "").split(os.pathsep) if entry]
    places += [Path(__file__).parents[2], *architectures.packages().values()]
    return tuple(dict.fromkeys(place for place in [*map(Path, _SYSTEM), *places] if place.exists()))


def without_scenarios(places: tuple[Path, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Leave out the packages that provide scenarios and suites.

    Args:
        places: Files and folders.

    Returns:
        What may be read, with all in it; and folders of which the names may be read, because only a part of
        what is in them may be.
    """
    hidden = tuple(scenario_packages())
    opened = {folder for package in hidden for folder in package.parents}
    listable = [place for place in places if place.resolve() in opened]
    readable = [str(part) for place in places for part in _parts(place, hidden, opened)]
    return tuple(readable), tuple(map(str, listable))


def _parts(place: Path, hidden: tuple[Path, ...], opened: set[Path]) -> Iterator[Path]:
    """What is left of a place without the hidden folders."""
    where = place.resolve()
    if where in opened:
        for part in place.iterdir():
            yield from _parts(part, hidden, opened)
    elif where not in hidden:
        yield place


def scenario_packages() -> Iterator[Path]:
    """Folders of the packages that provide scenarios and suites."""
    modules = {registry.where(kind, name) for kind in ("scenario", "suite") for name in registry.names(kind)}
    for package in sorted({module.partition(":")[0].partition(".")[0] for module in modules}):
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            yield Path(folder).resolve()
