"""``drivebench leaderboard``: the store of published runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from drivebench.evaluation.record import Run
    from drivebench.evaluation.verify import Verification

__all__ = ["leaderboard"]

SHOWN_DISAGREEMENTS = 3

leaderboard = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="""Keep published runs, each as one file that anybody can verify.

    Example: drivebench leaderboard add runs/bc-test""",
)


@leaderboard.command()
def add(
    runs: Annotated[list[Path], typer.Argument(help="Finished run directories, or packed runs.")],
    to: Annotated[
        Path | None,
        typer.Option(help="Folder of records; leaderboard/records when that is there.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the record of a single run; that of its directory by default.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite another record of that name.")
    ] = False,
    suite: Annotated[
        str | None, typer.Option(help="Manifest of their suite, if drivebench does not know that by name.")
    ] = None,
) -> None:
    """Verify runs and add each to the published ones, as one file SUITE/NAME.zip.

    Every episode is driven again from its action log, as by `drivebench verify`; what does not agree is not
    added, nor is a run over a part of its suite. The file is taken wherever a run directory is, and
    `python -m zipfile -e FILE DIR` unpacks it.

    Example: drivebench leaderboard add runs/bc-test --name behavior-cloning-seed-0

    Example: drivebench leaderboard add runs/* --to my-records
    """
    from drivebench.errors import ConfigurationError
    from drivebench.evaluation.publish import (
        is_published,
        publish,
        record_path,
        records_folder,
        refuse_partial,
    )
    from drivebench.evaluation.record import load_run
    from drivebench.evaluation.verify import verify_loaded
    from drivebench.progress import track

    if name is not None and len(runs) > 1:
        raise ConfigurationError(f"--name {name!r} for {len(runs)} runs; expected one run beside --name")
    folder = records_folder(to, "--to")
    records: dict[Path, Run] = {}
    for run in map(load_run, runs):
        refuse_partial(run)
        record = record_path(run, folder, name)
        if record in records:
            raise ConfigurationError(
                f"{records[record].path} and {run.path} would both be {record}; add them one by one, with "
                "--name"
            )
        records[record] = run
    there = {record: is_published(run, record, replace=replace) for record, run in records.items()}
    for record, run in records.items():
        what = f"{len(run.episodes)} episodes, results {run.results[:16]}"
        if there[record]:
            typer.echo(f"{record} is there already: {what}")
            continue
        with track(f"verify {run.path}", len(run.episodes), "episodes") as advance:
            _check(verify_loaded(run, advance, suite))
        publish(run, record)
        typer.echo(f"{record} added: {what}, {record.stat().st_size / 1000:,.0f} kB")


def _check(verification: "Verification") -> None:
    from drivebench.errors import RecordError

    if not verification.agrees:
        found = verification.disagreements
        shown = "; ".join(f"{each.episode}: {each.what}" for each in found[:SHOWN_DISAGREEMENTS])
        more = f"; and {len(found) - SHOWN_DISAGREEMENTS} more" if len(found) > SHOWN_DISAGREEMENTS else ""
        raise RecordError(
            f"{verification.run.path} is not added: its numbers are not what its action logs give. "
            f"{shown}{more}."
        )
