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
    from leaderboard.index import read_runs
    from leaderboard.scores import score_run
    from leaderboard.summary import summary

    scores = [score_run(run) for run in read_runs(runs)]
    if as_json:
        content = {"schema": 1, "runs": [{"path": str(s.run.path), **s.as_json()} for s in scores]}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        sys.stdout.write("\n".join(summary(each) for each in scores))


def table(
    runs: Runs,
    form: Annotated[
        Literal["text", "md", "latex", "html", "csv", "json"],
        typer.Option("--format", help="What to print."),
    ] = "text",
    by: Annotated[
        Literal["family", "ability", "condition", "drop", "aggregate"] | None,
        typer.Option(help="Break the score down, or give other aggregates, instead of the parts."),
    ] = None,
    claim: Annotated[
        Literal["checkpoint", "method"],
        typer.Option(help="A row is a policy, over episodes, or a method, over training seeds."),
    ] = "checkpoint",
    literature: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file with numbers from papers; marked, and never ranked."),
    ] = None,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print what to cite instead.")] = False,
) -> None:
    """Print runs as a leaderboard table, each mean with its 95 % interval and n.

    Privileged references are listed apart. Runs of another suite or metric cannot share a table.

    Example: drivebench table runs/* --format latex --by family

    Example: drivebench table runs/* --claim method --literature papers.toml
    """
    from leaderboard.citations import bibtex as entries
    from leaderboard.formats import FORMATS
    from leaderboard.index import read_runs
    from leaderboard.literature import read_literature
    from leaderboard.table import make_table

    stated = [row for path in literature or () for row in read_literature(path)]
    read = read_runs(runs)
    made = make_table(read, by, claim=claim, literature=stated)
    sys.stdout.write(entries(read, stated) if bibtex else FORMATS[form](made))
