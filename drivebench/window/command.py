"""``drivebench drive``: drive with the keyboard, and record it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["drive"]


def drive(
    scenario: Annotated[str, typer.Argument(help="Id of a scenario.")],
    out: Annotated[Path, typer.Option(help="Folder for the demonstrations: a new one, or one to add to.")],
    condition: Annotated[str, typer.Option(help="Of all episodes.")] = "nominal",
    seed: Annotated[
        int | None, typer.Option(help="First seed, in the training split; the first free one by default.")
    ] = None,
    view: Annotated[
        Literal["both", "top", "driver"], typer.Option(help="From above, through the windscreen, or both.")
    ] = "both",
    driver: Annotated[str, typer.Option(help="Name of who drives, in the records.")] = "human",
) -> None:
    """Drive with the keyboard in a window; what you save is a data set like any other.

    Arrows or WASD drive, Space brakes hard, Enter starts and saves, H shows all keys. The world takes the
    same actions at the same rate as everywhere, 5 a second, so that what is recorded can be driven again
    bit for bit. Each episode is on disk before the next begins. Episodes are saved whole: from the start to
    the goal, the end of the time, or the accident.

    Example: drivebench drive merge-v1 --out data/mine

    Example: drivebench drive lane-keeping-v1 --condition off-course --driver ada --out data/ada
    """
    from drivebench.progress import say
    from drivebench.scenario import load_scenario
    from drivebench.window.drive import drive_in_window
    from drivebench.window.scene import Layout
    from drivebench.window.session import Seat, Session

    say("preparing the first episode (for a minute or two when drivebench was just installed)")
    session = Session(
        Seat(
            scenario=load_scenario(scenario), condition=condition, driver=driver, folder=out, first_seed=seed
        )
    )
    drive_in_window(session, Layout(view), say)
    if session.saved:
        typer.echo(f"{len(session.saved)} episodes of {driver} saved: {out}")
    else:
        typer.echo("nothing was saved: no episode came to its end, or all were discarded")
