"""How fast drivebench is, as ratios to others that are measured in the same run (``drivebench bench``)."""

from collections.abc import Callable, Mapping
from importlib import import_module

from drivebench.benchmarks.row import Row

__all__ = ["BENCHMARKS", "Row"]

_MODULES = {
    name: f"drivebench.benchmarks.{name}"
    for name in ("world", "environments", "threads", "scaling", "phases", "camera", "evaluation")
}


def _runner(module: str) -> Callable[[], list[Row]]:
    def run() -> list[Row]:
        rows: list[Row] = import_module(module).measure()
        return rows

    return run


BENCHMARKS: Mapping[str, Callable[[], list[Row]]] = {
    name: _runner(module) for name, module in _MODULES.items()
}
"""Name -> function that measures and returns its rows; what it needs is imported when it is called."""
