"""Networks that drive submissions of weights alone, by name: entry points in ``drivebench.architectures``.

Each names a function ``load(directory) -> Policy`` that reads ``network.json`` and ``weights.safetensors`` of
a submission, trusts neither, and runs nothing of the directory. It is looked up here and imported only where
the policy lives. (The table of :mod:`drivebench.registry` is among the sources that the published runs name
by their digest, so that it does not grow with what decides no result.)
"""

import importlib.util
from importlib.metadata import entry_points
from pathlib import Path

from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["GROUP", "packages", "where"]

GROUP = "drivebench.architectures"


def where(name: str) -> str:
    """Where an architecture leads, ``module:function``, without importing it.

    Args:
        name: Of its entry point.

    Raises:
        UnknownNameError: There is none of the name; suggests the nearest.
        ConfigurationError: Two packages register different ones.
    """
    places = sorted({entry.value for entry in entry_points(group=GROUP, name=name)})
    if not places:
        raise UnknownNameError("architecture", name, {entry.name for entry in entry_points(group=GROUP)})
    if len(places) > 1:
        raise ConfigurationError(
            f"two packages register the architecture {name!r}: {' and '.join(places)}; expected one. "
            "Uninstall one of them."
        )
    return places[0]


def packages() -> dict[str, Path]:
    """The packages that registered architectures are in, by name, and their folders; none is imported.

    A policy's process may be kept from looking for them: see :mod:`drivebench.evaluation.isolation`.
    """
    found = {}
    for name in sorted(
        {entry.value.partition(":")[0].partition(".")[0] for entry in entry_points(group=GROUP)}
    ):
        package = importlib.util.find_spec(name)
        for folder in (package.submodule_search_locations or ()) if package else ():
            found[name] = Path(folder).resolve()
    return found
