"""gVisor: a kernel of its own, in user space, between a policy and the kernel of the machine.

``runsc`` (https://gvisor.dev, from its own packages or those of some systems) runs a command in a sandbox
whose system calls it answers itself, so that a fault in the machine's kernel is no way out. What is in there
is described by an OCI bundle (https://github.com/opencontainers/runtime-spec): files and folders at the
paths that they have outside, nothing to write to, no network. gVisor has no Landlock; what the bundle leaves
out is not there at all. The filter of system calls and the limits are in force as in the other tiers.
"""

import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drivebench.evaluation.isolation.hidden_files import hidden_files
from drivebench.evaluation.isolation.kernel import ConfinementError
from drivebench.evaluation.isolation.places import scenario_packages

__all__ = ["wrap"]

PROGRAM = "runsc"
_CAPABILITIES = ["CAP_SETUID", "CAP_SETGID", "CAP_KILL"]
"""No more than a template needs for its policies to become somebody else, and to end them."""
_SETS = ("bounding", "effective", "permitted", "inheritable")
_NAMESPACES = ("pid", "network", "ipc", "uts", "mount")
_NOTHING_TO_WRITE = ("/tmp", "/dev/shm")
"""Where gVisor would put folders that anyone can write to."""
_FLAGS = ("--network=none", "--ignore-cgroups")
_AS_USER = "--rootless"


def wrap(
    command: Sequence[str],
    places: Sequence[Path],
    directory: Path,
    *,
    environment: Mapping[str, str],
    scratch: Path,
) -> list[str]:
    """The command that runs a command in there.

    Args:
        command: What to run.
        places: What is to be seen, at the paths that it has outside.
        directory: The submission; the working directory, too.
        environment: Variables of the command.
        scratch: A folder to make, for the bundle and for what runsc notes.

    Raises:
        ConfinementError: There is no runsc, or the submission may not be entered by others.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise ConfinementError(f"{PROGRAM} is not installed (https://gvisor.dev/docs/user_guide/install)")
    hidden = hidden_files(directory)
    root = scratch / "root"
    root.mkdir(parents=True)
    mounts = [_read_only(place, place) for place in _outermost([*places, directory])]
    for number, file in enumerate(hidden):
        copy = scratch / str(number)
        shutil.copyfile(file, copy)
        copy.chmod(0o444)
        mounts.append(_read_only(copy, file))
    empty = [folder for folder in scenario_packages() if set(folder.parents) & set(places)]
    mounts += [_empty(folder) for folder in [*empty, *map(Path, _NOTHING_TO_WRITE)]]
    bundle: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "hostname": "drivebench",
        "process": {
            "args": list(command),
            "cwd": str(directory),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "user": {"uid": 0, "gid": 0},
            "noNewPrivileges": True,
            "capabilities": dict.fromkeys(_SETS, _CAPABILITIES),
        },
        "root": {"path": str(root), "readonly": True},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["ro"]}, *mounts],
        "linux": {"namespaces": [{"type": kind} for kind in _NAMESPACES]},
    }
    (scratch / "config.json").write_text(json.dumps(bundle), encoding="utf-8")
    flags = [*_FLAGS, *([_AS_USER] if os.geteuid() != 0 else [])]
    return [
        program, *flags, "--root", str(scratch / "state"), "run", "--bundle", str(scratch), uuid.uuid4().hex,
    ]  # fmt: skip


def _outermost(places: Sequence[Path]) -> list[Path]:
    """Without those that lie in others."""
    return [place for place in places if not set(place.parents) & set(places)]


def _read_only(source: Path, place: Path) -> dict[str, Any]:
    return {"destination": str(place), "type": "bind", "source": str(source), "options": ["ro"]}


def _empty(folder: Path) -> dict[str, Any]:
    return {"destination": str(folder), "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}
