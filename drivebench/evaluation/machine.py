"""What of a machine may matter to the last bits of a network's outputs: its processor, and its libraries."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["PROCESSOR", "machine_here", "versions_here"]

PROCESSOR = "processor"
_LIBRARIES = ("numpy", "numba", "highway-env", "gymnasium", "torch")


def machine_here() -> dict[str, Any]:
    """Architecture, kind and count of processors of this machine."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        PROCESSOR: _processor(),
    }


def versions_here() -> dict[str, str]:
    """Versions of Python and of the libraries that compute."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version(library)
    return versions


def _processor() -> str:
    """The processor's name as its maker has it; on Linux from where the kernel says it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            field, _, value = line.partition(":")
            if field.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
