"""``drivebench plot``: figures for papers, from records."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["plot"]


def plot(
    kind: Annotated[
        Literal["ranking", "profile", "abilities", "horizon", "drop", "data"],
        typer.Argument(
            help="ranking: scores with intervals; profile: share of episodes above each score; "
            "abilities: bars; horizon: cost against time; drop: what is lost under shifts; "
            "data: score against demonstrations."
        ),
    ],
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or packed runs.")],
    out: Annotated[Path, typer.Option(help="What to write: a .svg or a .pdf.")],
    claim: Annotated[
        Literal["checkpoint", "method"],
        typer.Option(
            help="Of ranking, abilities and drop: rows are policies, or methods over training seeds."
        ),
    ] = "checkpoint",
) -> None:
    """Draw a figure for a paper; the same records give the same bytes.

    Example: drivebench plot ranking runs/* --out ranking.pdf

    Example: drivebench plot abilities runs/* --claim method --out abilities.svg
    """
    from leaderboard.index import read_runs
    from leaderboard.plots.data import draw_data
    from leaderboard.plots.figure import save, style
    from leaderboard.plots.horizon import draw_horizon
    from leaderboard.plots.parts import draw_abilities, draw_drops
    from leaderboard.plots.profile import draw_profiles
    from leaderboard.plots.ranking import draw_ranking
    from leaderboard.table import make_table

    read = read_runs(runs)
    with style():
        match kind:
            case "ranking":
                figure = draw_ranking(make_table(read, "ability", claim=claim))
            case "abilities":
                figure = draw_abilities(make_table(read, "ability", claim=claim))
            case "drop":
                figure = draw_drops(make_table(read, "drop", claim=claim))
            case "profile":
                figure = draw_profiles(read)
            case "horizon":
                figure = draw_horizon(read)
            case "data":
                figure = draw_data(read)
        save(figure, out)
    typer.echo(f"{out}: {kind} of {len(read)} runs")
