"""The names of the tiers of isolation."""

from enum import StrEnum

__all__ = ["NO_TIER", "Tier"]

NO_TIER = "none"
"""What is recorded of a privileged driver, which runs in the harness itself."""


class Tier(StrEnum):
    """Tiers, from the weakest; each has all that those before it have."""

    PROCESS = "process"
    """A process of its own, whose observation is read-only and whose time and memory are limited. It has all
    rights of the user, over files and the network, too: run only code that you trust."""
    LANDLOCK = "landlock"
    """Besides, the kernel refuses it all files but its own and its libraries', and all system calls but those
    of computing: no network, no program, no other process."""
    BUBBLEWRAP = "bubblewrap"
    """Besides, namespaces of its own, in which nothing else is to be seen."""
    GVISOR = "gvisor"
    """Besides, a kernel of its own, so that a fault in the machine's is no way out."""
