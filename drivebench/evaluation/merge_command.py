"""``drivebench merge``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["merge"]


def merge(
    runs: Annotated[list[Path], typer.Argument(help="All shards of a run, in any order.")],
    out: Annotated[Path, typer.Option(help="The run directory to write; nothing is ever overwritten.")],
) -> None:
    """Merge the shards of a run, driven apart with `evaluate --shard`, into one run.

    The result is byte for byte that of an undivided run. Shards that overlap, leave a gap, or are not of the
    same policy, suite, settings and version are refused.

    Example: drivebench merge runs/bc-1 runs/bc-2 runs/bc-3 runs/bc-4 --out runs/bc-test
    """
    from drivebench.evaluation.machine import PROCESSOR
    from drivebench.evaluation.merge import merge_runs
    from drivebench.progress import say

    run = merge_runs(runs, out)
    kinds = {str(attempt.machine.get(PROCESSOR, "unknown")) for attempt in run.manifest.attempts}
    if len(kinds) > 1:
        say(
            f"the shards were driven on {len(kinds)} kinds of processors ({', '.join(sorted(kinds))}): a "
            "network's last bits may differ between them; each episode can be verified all the same"
        )
    typer.echo(f"{out}: {len(runs)} shards, {len(run.episodes)} episodes, results {run.results[:16]}")
    typer.echo(f"next: drivebench verify {out}")
