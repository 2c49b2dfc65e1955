"""How far a policy is kept from everything but its observation: tiers by name.

A tier that is asked for is in force or the run does not start; it is never lowered silently.
"""

from enum import StrEnum

from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["AVAILABLE", "NO_TIER", "Tier", "require_tier"]

NO_TIER = "none"
"""What is recorded of a privileged driver, which runs in the harness itself."""


class Tier(StrEnum):
    """Tiers, from the weakest."""

    PROCESS = "process"
    """A process of its own, whose observation is read-only and whose time and memory are limited. It has all
    rights of the user, over files and the network, too: run only code that you trust, until the higher tiers
    exist."""
    LANDLOCK = "landlock"
    """Besides, file system and system calls restricted by the kernel."""
    BUBBLEWRAP = "bubblewrap"
    """Besides, namespaces of its own."""
    GVISOR = "gvisor"
    """Besides, a kernel of its own in user space."""


AVAILABLE = (Tier.PROCESS,)
"""Tiers that this version can put in force."""


def require_tier(name: str) -> Tier:
    """The tier of a name, if it can be put in force.

    Args:
        name: As on the command line.

    Raises:
        UnknownNameError: There is no such tier; suggests the nearest.
        ConfigurationError: It is not available.
    """
    if name not in {tier.value for tier in Tier}:
        raise UnknownNameError("isolation tier", name, [tier.value for tier in Tier])
    tier = Tier(name)
    if tier not in AVAILABLE:
        known = ", ".join(available.value for available in AVAILABLE)
        raise ConfigurationError(
            f"isolation tier {name!r} is not available in this version of drivebench; available: {known}. A "
            "run never falls back to a weaker tier by itself: ask for one that is available, and evaluate "
            "only code that you trust."
        )
    return tier
