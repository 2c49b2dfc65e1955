"""``drivebench score`` and ``drivebench table``: from records to numbers, without a simulator."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["score", "table"]

Runs = Annotated[
    list[Path], typer.Argument(help="Run directories that `drivebench evaluate` wrote, or packed runs.")
]


def score(
    runs: Runs,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Derive the scores of runs from their records alone.

    A run that was truncated or edited is refused by name (exit code 1).

    Example: drivebench score runs/camera-correction --json
    """
    from drivebench.evaluation.record import load_run
    from leaderboard.scores import score_run
    from leaderboard.summary import summary

    scores = [score_run(load_run(path)) for path in runs]
    if as_json:
        content = {"schema": 1, "runs": [{"path": str(s.run.path), **s.as_json()} for s in scores]}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        sys.stdout.write("\n".join(summary(each) for each in scores))


def table(
    runs: Runs,
    form: Annotated[
        Literal["text", "md", "latex", "csv", "json"], typer.Option("--format", help="What to print.")
    ] = "text",
    by: Annotated[
        Literal["family", "ability", "condition", "drop"] | None,
        typer.Option(help="Break the score down, or show what is lost under shifts, instead of the parts."),
    ] = None,
) -> None:
    """Print runs as a leaderboard table, each mean with its 95 % interval and n.

    Privileged references are listed apart. Runs of another suite or metric cannot share a table.

    Example: drivebench table runs/* --format latex --by family
    """
    from drivebench.evaluation.record import load_run
    from leaderboard.formats import FORMATS
    from leaderboard.table import make_table

    sys.stdout.write(FORMATS[form](make_table([load_run(path) for path in runs], by)))
