"""How fast drivebench is, as ratios to others that are measured in the same run (``drivebench bench``)."""

from importlib import import_module
from typing import Protocol, cast

from drivebench.benchmarks.row import Row

__all__ = ["BENCHMARKS", "Benchmark", "Row", "load_benchmark"]

BENCHMARKS = ("world", "environments", "threads", "scaling", "phases", "camera", "isolation", "evaluation")
"""Modules of this package, in the order of the page; each is a ``Benchmark``."""


class Benchmark(Protocol):
    """What a group of benchmarks is.

    Attributes:
        ABOUT: What it measures, in Markdown, with a heading.
    """

    ABOUT: str

    def measure(self) -> list[Row]:
        """Measure."""
        ...


def load_benchmark(name: str) -> Benchmark:
    """One of ``BENCHMARKS``; what it needs is imported now."""
    return cast(Benchmark, import_module(f"drivebench.benchmarks.{name}"))
