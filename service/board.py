"""From finished runs to the table of the leaderboard, and to what a participant is told of a run.

Made by the jobs, as reading runs takes time: the web process hands out what they wrote.
"""

import shutil
from collections import Counter
from dataclasses import replace
from typing import Any

from filelock import FileLock

from drivebench.evaluation.command import attempts_summary
from drivebench.evaluation.record import Run
from drivebench.evaluation.run_directory import write_atomically
from drivebench.evaluation.run_files import PACKED
from leaderboard.comparable import differs
from leaderboard.formats.html import as_piece
from leaderboard.index import read_runs
from leaderboard.outcomes import Outcomes
from leaderboard.scores import estimate_json, score_run
from leaderboard.site.write import write_site
from leaderboard.table import make_table
from service.settings import Places

__all__ = ["result_of", "write_pages", "write_table"]

SHOWN_REASONS = 10


def result_of(run: Run) -> dict[str, Any]:
    """What a run came to, derived from its records.

    Args:
        run: A finished run.
    """
    score = score_run(run)
    return {
        "policy": run.manifest.policy.name,
        "track": run.manifest.policy.track,
        "digest": run.manifest.policy.digest,
        "dbs": estimate_json(score.overall.dbs),
        "success": estimate_json(score.overall.measure("success")),
        "families": {name: estimate_json(group.dbs) for name, group in score.families.items()},
        "episodes": len(run.episodes),
        "failures": dict(Counter(record.status.value for record in run.failures)),
        "isolation": run.manifest.isolation,
        "attempts": attempts_summary(run.manifest),
        "reasons": dict(Counter(record.reason for record in run.failures).most_common(SHOWN_REASONS)),
        "results": run.results,
    }


def write_table(places: Places, *, revealed: bool) -> None:
    """Write the table of all records, the parts of the score and the families one below the other.

    Records of another version of the world or the metric than the latest one are left out.

    Args:
        places: Of the service.
        revealed: Whether names of episodes, and what policies said of their failures, may be shown.
    """
    with FileLock(places.private / "table.lock"):
        runs = _of_latest_version(places)
        if not revealed:
            runs = [replace(run, first_failures=()) for run in runs]
        tables = [make_table(runs, "family"), make_table(runs)] if runs else []
        write_atomically(places.table, (as_piece(tables) if tables else "").encode())


def write_pages(places: Places) -> None:
    """Write the pages of all runs in the table, with replays, in place of those that are there.

    They name seeds, and tell what policies did: only of a suite that is not hidden.

    Args:
        places: Of the service.
    """
    made, before = places.pages.with_suffix(".new"), places.pages.with_suffix(".old")
    with FileLock(places.private / "pages.lock"):
        for left in (made, before):  # by somebody who was killed
            shutil.rmtree(left, ignore_errors=True)
        write_site([run.path for run in _of_latest_version(places)], made)
        if places.pages.is_dir():
            places.pages.rename(before)
        made.rename(places.pages)
        shutil.rmtree(before, ignore_errors=True)


def _of_latest_version(places: Places) -> list[Outcomes]:
    """The records that may share a table with the latest, the oldest first."""
    records = sorted(places.records.rglob(f"*{PACKED}"), key=lambda path: path.stat().st_mtime_ns)
    runs = read_runs(records)
    return [run for run in runs if differs(run, runs[-1]) is None]
