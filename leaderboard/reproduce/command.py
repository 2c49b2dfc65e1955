"""``drivebench reproduce``: train and drive the published table again, and say what differs."""

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["reproduce"]


def reproduce(
    baselines: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BASELINE]...", help="The whole published table when left out."),
    ] = None,
    budget: Annotated[
        Literal["smoke", "full"],
        typer.Option(help="smoke: minutes, does it work? full: the published sizes, hours."),
    ] = "smoke",
    seed: Annotated[
        list[int] | None, typer.Option(help="Of the trainings; may be repeated. 0, 1, 2 are published.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for everything; reproduce/BUDGET when left out.")
    ] = None,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="Where networks are trained.")] = "cpu",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Commands at a time; one a processor, at most four, when left out."),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(help="Folder of records to compare with; those of the repository when left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train and drive the published table again, and say of each row whether it is what was published.

    After an interruption the same command goes on. A run that fails stops no other. The exit code is 1 when a
    run failed, or differs from the published one by more than training seeds do.

    Example: drivebench reproduce --budget full --seed 0 --out reproduce/full

    Example: drivebench reproduce behavior-cloning camera-correction --seed 0 --seed 1 --budget full
    """
    from drivebench.progress import duration, say
    from leaderboard.jobs.crew import Crew, hands_here
    from leaderboard.jobs.ledger import Ledger
    from leaderboard.reproduce.compare import PUBLISHED
    from leaderboard.reproduce.plan import Layout, entrants, table_names
    from leaderboard.reproduce.report import as_json as json_of
    from leaderboard.reproduce.report import as_text, comparisons

    started = time.monotonic()
    wanted = entrants(baselines or table_names(), seed or [0])
    hands = workers or hands_here()
    layout = Layout(out=out or Path("reproduce") / budget, budget=budget, device=device, workers=hands)
    ledger = Ledger(layout.out, "reproduce", {"budget": budget, "device": device})
    crew = Crew(ledger, [layout.job(entrant) for entrant in wanted], hands)
    crew.work()
    found = comparisons(layout, wanted, crew.failed, published or PUBLISHED)
    sys.stdout.write(json_of(layout, found) if as_json else as_text(layout, found))
    say(f"done in {duration(time.monotonic() - started)}; runs are in {layout.out / 'runs'}")
    if not all(each.good for each in found):
        raise typer.Exit(1)
