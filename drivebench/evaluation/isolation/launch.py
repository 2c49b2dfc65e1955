"""How a process is started in a tier: a command around it, and what it does to itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivebench.evaluation.isolation import bubblewrap, gvisor
from drivebench.evaluation.isolation.confinement import Confinement
from drivebench.evaluation.isolation.hidden_files import NOBODY
from drivebench.evaluation.isolation.places import library_places, without_scenarios
from drivebench.evaluation.isolation.tier import Tier

__all__ = ["Launch", "launch"]

_NOWHERE = "/nonexistent"


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A start.

    Attributes:
        command: To run.
        environment: Its variables.
        confinement: What a policy's process then puts in force on itself; None in tier ``process``.
        descriptors: Open files that it must inherit; to be closed when it has been started.
    """

    command: list[str]
    environment: dict[str, str]
    confinement: Confinement | None
    descriptors: tuple[int, ...] = ()


def launch(
    tier: Tier, command: Sequence[str], directory: Path, *, environment: Mapping[str, str], scratch: Path
) -> Launch:
    """How to start a command in a tier.

    Args:
        tier: Which.
        command: Of the process, which asks for its confinement.
        directory: Of the submission.
        environment: Variables that it is to get.
        scratch: A folder for what must stay as long as the process runs; made where it is needed.

    Raises:
        ConfinementError: The tier needs what is not there.
    """
    if tier is Tier.PROCESS:
        return Launch(command=list(command), confinement=None, environment=dict(environment))
    places = library_places()
    variables = {
        **environment,
        "HOME": _NOWHERE,
        "PATH": _NOWHERE,  # ctypes would look for a library by a compiler that it may not run
        "CUDA_VISIBLE_DEVICES": "",
        "TORCHINDUCTOR_CACHE_DIR": str(directory),  # torchvision's import makes it where it is not yet
    }
    if tier is Tier.GVISOR:
        return Launch(
            command=gvisor.wrap(command, places, directory, environment=variables, scratch=scratch),
            confinement=Confinement(readable=(), listable=(), user=NOBODY, landlock=False),
            environment={},
        )
    readable, listable = without_scenarios(places)
    user: int | None = None
    descriptors: tuple[int, ...] = ()
    if tier is Tier.BUBBLEWRAP:
        user = bubblewrap.user_inside()
        command, descriptors = bubblewrap.wrap(command, places, directory)
    return Launch(
        command=list(command),
        descriptors=descriptors,
        confinement=Confinement(
            readable=(*readable, str(directory)), listable=listable, user=user, landlock=True
        ),
        environment=variables,
    )
