"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["describe"]

LIBRARIES = ("drivebench", "highway-env", "gymnasium", "numba", "llvmlite", "numpy", "envpool")
_PROCESSORS = Path("/proc/cpuinfo")


def describe() -> dict[str, Any]:
    """Processor, its number, and versions; libraries that are not installed are left out."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "libraries": {name: number for name in LIBRARIES if (number := _version(name))},
    }


def _processor() -> str:
    """The model's name where the system tells it, else the architecture."""
    if _PROCESSORS.is_file():
        for line in _PROCESSORS.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
