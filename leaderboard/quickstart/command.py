"""``drivebench quickstart``: demonstrations, training, driving, the table, the lesson, the page."""

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["quickstart"]


def quickstart(
    budget: Annotated[
        Literal["smoke", "full"],
        typer.Option(help="smoke: minutes, few episodes. full: the published sizes."),
    ] = "smoke",
    out: Annotated[
        Path | None, typer.Option(help="Directory for everything; quickstart/BUDGET when left out.")
    ] = None,
) -> None:
    """Do the main job end to end: demonstrations, two baselines, closed-loop runs, table, lesson, page.

    Every stage is a command that you can type yourself; it is printed before it runs. After an interruption
    the same command goes on with what is not finished.

    Example: drivebench quickstart --budget smoke --out quickstart/smoke
    """
    from drivebench.progress import duration, say
    from leaderboard.quickstart.report import report
    from leaderboard.quickstart.stages import Stages

    started = time.monotonic()
    folder = out or Path("quickstart") / budget
    text = report(Stages(folder, budget), folder, budget)
    sys.stdout.write(text)
    say(f"page: {folder / 'page.html'}")
    say(f"done in {duration(time.monotonic() - started)}")
