"""``drivebench compare``: two policies, or two methods, held against each other."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["compare"]


def compare(
    first: Annotated[str, typer.Argument(help="A run; or a pattern in quotes, for the runs of a method.")],
    second: Annotated[str, typer.Argument(help="The other one.")],
    form: Annotated[
        Literal["text", "md", "latex", "json"], typer.Option("--format", help="What to print.")
    ] = "text",
) -> None:
    """Compare two policies on common seeds, or two methods over training seeds, for a paper.

    Differences with 95 % intervals, by family and overall, p-values with Holm's correction, effect sizes,
    the seeds on which policies differ most, and one honest sentence.

    Example: drivebench compare runs/mine leaderboard/records/test/behavior-cloning-seed-0.zip

    Example: drivebench compare 'runs/mine-seed-*' 'leaderboard/records/test/behavior-cloning-*'
    """
    from leaderboard.comparison.difference import compare_methods, compare_policies
    from leaderboard.comparison.report import FORMATS
    from leaderboard.index import read_runs

    one, other = _paths(first), _paths(second)
    read = read_runs([*one, *other])
    if len(one) == len(other) == 1:
        found = compare_policies(*read)
    else:
        found = compare_methods(read[: len(one)], read[len(one) :])
    sys.stdout.write(FORMATS[form](found))


def _paths(given: str) -> list[Path]:
    """The run of that name, or all that a pattern fits."""
    from glob import glob

    from drivebench.errors import ConfigurationError

    if Path(given).exists():
        return [Path(given)]
    found = sorted(map(Path, glob(given)))  # noqa: PTH207 (Path.glob takes no absolute pattern)
    if not found:
        raise ConfigurationError(
            f"there is no {given}; expected a run directory, a packed run, or a pattern in quotes"
        )
    return found
