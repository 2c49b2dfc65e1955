"""Whether canonical episodes are the same bits here as where their digests were written down.

Who has such digests registers a function under ``drivebench.digests`` (see ``DigestCheck``); ``drivebench
bench --digests`` calls them all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivebench import registry

__all__ = ["DigestCheck", "DigestRow", "check_digests"]


@dataclass(frozen=True, kw_only=True)
class DigestRow:
    """One entry of a table of digests.

    Attributes:
        name: What was driven.
        episodes: How many episodes.
        worlds_same: Whether their initial worlds are the same bits as in the table.
        steps_same: Whether stepping is, over the episodes whose initial world is the same.
        note: What to know about a difference; empty if there is none.
    """

    name: str
    episodes: int
    worlds_same: bool
    steps_same: bool
    note: str = ""

    @property
    def same(self) -> bool:
        """Whether everything is as in the table."""
        return self.worlds_same and self.steps_same


DigestCheck = Callable[[], Iterator[DigestRow]]
"""Drives episodes and compares them with a table, entry by entry."""


def check_digests() -> Iterator[DigestRow]:
    """All registered tables, entry by entry."""
    for name in registry.names("digests"):
        check: DigestCheck = registry.load("digests", name)
        yield from check()
