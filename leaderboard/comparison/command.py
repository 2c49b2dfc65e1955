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
    from drivebench.progress import track
    from leaderboard.comparison.difference import compare_methods, compare_policies
    from leaderboard.comparison.report import FORMATS
    from leaderboard.outcomes import read_outcomes

    sides = [_paths(first), _paths(second)]
    read = []
    with track("read", sum(map(len, sides)), "runs") as advance:
        for side in sides:
            read.append([read_outcomes(path) for path in side])
            advance(len(side))
    if all(len(side) == 1 for side in read):
        found = compare_policies(read[0][0], read[1][0])
    else:
        found = compare_methods(*read)
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
