"""``drivebench leaderboard list`` and ``index``: what is published, and what is kept of it for tables."""

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["index", "list_"]

Folder = Annotated[
    Path | None,
    typer.Option(
        "--in", help="Folder of records; leaderboard/records when that is there.", show_default=False
    ),
]


def list_(
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the published runs, each with its score.

    They are sorted by name: a list is no ranking, which `drivebench table` makes. A record that was edited is
    refused by name (exit code 1).

    Example: drivebench leaderboard list

    Example: drivebench leaderboard list --in my-records --json
    """
    from drivebench.evaluation.publish import records_folder
    from drivebench.evaluation.run_files import PACKED
    from leaderboard.index.listing import as_json as json_of
    from leaderboard.index.listing import as_text, listed
    from leaderboard.index.reading import read_runs

    place = records_folder(folder, "--in")
    found = listed(read_runs(sorted(place.glob(f"*/*{PACKED}")), "read the published runs"))
    sys.stdout.write(json_of(found) if as_json else as_text(place, found))


def index(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Runs to be kept; those of leaderboard/records when left out.", show_default=False
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Throw away what is kept, and read every record anew.")
    ] = False,
) -> None:
    """Show the index that tables are made from, bring it up to date, or make it again.

    It keeps what tables need of each run that was read, so that a run whose files were not touched since is
    not read again. It may be deleted at any time, and proves nothing: `drivebench verify` reads everything.

    Example: drivebench leaderboard index

    Example: drivebench leaderboard index runs/* --rebuild
    """
    from drivebench.evaluation.publish import RECORDS
    from drivebench.evaluation.run_files import PACKED
    from leaderboard.index.database import Index
    from leaderboard.index.reading import read_runs

    kept = Index()
    if rebuild:
        kept.clear()
    before, paths = kept.count(), runs or sorted(RECORDS.glob(f"*/*{PACKED}"))
    read_runs(paths)
    after, size = kept.count(), kept.path.stat().st_size / 1e6 if kept.path.exists() else 0.0
    typer.echo(f"{kept.path}: {after} runs, {size:,.1f} MB; {after - before} of {len(paths)} were read now")
