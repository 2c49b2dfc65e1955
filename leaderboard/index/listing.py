"""Published runs as a list: what each is, and its score."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivebench.metric.score import metric_digest
from leaderboard.board import Board
from leaderboard.comparable import differs, episodes_of
from leaderboard.formats.cells import NOTHING
from leaderboard.formats.columns import in_columns
from leaderboard.outcomes import Outcomes
from leaderboard.scores import estimate_json
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["Listed", "as_json", "as_text", "listed"]

SCHEMA = 1
DIGITS = 12
"""Of a digest, so many are printed."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A published run.

    Attributes:
        run: What it says.
        dbs: Its score; None where another version of the metric has measured it.
    """

    run: Outcomes
    dbs: Estimate | None

    @property
    def failed(self) -> int:
        """Episodes in which the policy failed."""
        return sum(status != "driven" for status in self.run.statuses)

    def as_json(self) -> dict[str, Any]:
        """The documented object of ``drivebench leaderboard list --json``."""
        manifest = self.run.manifest
        return {
            "path": str(self.run.path),
            "policy": self.run.name,
            "track": self.run.track,
            "training_seed": self.run.training_seed,
            "suite": {
                "name": manifest.suite.name,
                "version": manifest.suite.version,
                "digest": manifest.suite.digest,
            },
            "engine_digest": manifest.engine_digest,
            "metric_digest": manifest.metric_digest,
            "drivebench": manifest.drivebench,
            "results": self.run.results,
            "episodes": len(self.run.statuses),
            "failed_episodes": self.failed,
            "dbs": estimate_json(self.dbs),
        }


def listed(runs: Sequence[Outcomes]) -> list[Listed]:
    """Score runs of any suites.

    Args:
        runs: In the order of the list.
    """
    dbs: dict[int, Estimate] = {}
    for places in _comparable(runs):
        those = [runs[place] for place in places]
        if those[0].manifest.metric_digest == metric_digest():
            scored = Board(those, episodes_of(those)).scored("dbs")
            dbs |= dict(zip(places, scored.estimates, strict=True))
    return [Listed(run=run, dbs=dbs.get(place)) for place, run in enumerate(runs)]


def _comparable(runs: Sequence[Outcomes]) -> list[list[int]]:
    """Places of the runs that may share a table."""
    groups: list[list[int]] = []
    for place, run in enumerate(runs):
        own = next((group for group in groups if differs(runs[group[0]], run) is None), None)
        if own is None:
            groups.append([place])
        else:
            own.append(place)
    return groups


def as_text(folder: Path, found: Sequence[Listed]) -> str:
    """The list for a terminal.

    Args:
        folder: Of the records.
        found: What is there.
    """
    heads = ("record", "policy", "track", "seed", "DBS", "episodes", "failed", "suite", "results")
    lines = in_columns([heads, *map(_row, found)])
    interval = f"[low, high]: {100 * LEVEL:.0f} % interval over episodes"
    return "\n".join((*lines, "", f"{len(found)} runs in {folder}; {interval}.")) + "\n"


def _row(each: Listed) -> tuple[str, ...]:
    run, suite = each.run, each.run.manifest.suite
    return (
        f"{run.path.parent.name}/{run.path.stem}",
        run.name,
        run.track,
        NOTHING if run.training_seed is None else str(run.training_seed),
        NOTHING if each.dbs is None else _shown(each.dbs),
        str(len(run.statuses)),
        str(each.failed),
        f"{suite.name} v{suite.version} {suite.digest[:DIGITS]}",
        run.results[:DIGITS],
    )


def _shown(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.1f}"
    return f"{estimate.value:.1f} [{estimate.low:.1f}, {estimate.high:.1f}]"


def as_json(found: Sequence[Listed]) -> str:
    """The list for programs: one object with ``schema``, ``level`` and ``records``.

    Args:
        found: What is there.
    """
    content = {"schema": SCHEMA, "level": LEVEL, "records": [each.as_json() for each in found]}
    return json.dumps(content, indent=2, allow_nan=False) + "\n"
