"""How a process is started in a tier: a command around it, and what it does to itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drivebench.evaluation.isolation import bubblewrap
from drivebench.evaluation.isolation.confinement import Confinement
from drivebench.evaluation.isolation.places import library_places, without_scenarios
from drivebench.evaluation.isolation.tier import Tier

__all__ = ["Launch", "launch"]

_NOWHERE = "/nonexistent"


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A start.

    Attributes:
        command: To run.
        confinement: What the process then puts in force on itself; None in tier ``process``.
        environment: Variables that it gets besides.
        descriptors: Open files that it must inherit; to be closed when it has been started.
    """

    command: list[str]
    confinement: Confinement | None
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()


def launch(tier: Tier, command: Sequence[str], directory: Path) -> Launch:
    """How to start a command in a tier.

    Args:
        tier: Which.
        command: Of the process, which asks for its confinement.
        directory: Of the submission.

    Raises:
        ConfinementError: The tier needs what is not there.
    """
    if tier is Tier.PROCESS:
        return Launch(command=list(command), confinement=None, environment={})
    places = library_places()
    readable, listable = without_scenarios(places)
    user: int | None = None
    descriptors: tuple[int, ...] = ()
    if tier is Tier.BUBBLEWRAP:
        user = bubblewrap.user_inside()
        command, descriptors = bubblewrap.wrap(command, places, directory)
    return Launch(
        command=list(command),
        descriptors=descriptors,
        confinement=Confinement(readable=(*readable, str(directory)), listable=listable, user=user),
        environment={
            "HOME": _NOWHERE,
            "PATH": _NOWHERE,  # ctypes would look for a library by a compiler that it may not run
            "CUDA_VISIBLE_DEVICES": "",
            "TORCHINDUCTOR_CACHE_DIR": str(directory),  # torchvision's import makes it where it is not yet
        },
    )
