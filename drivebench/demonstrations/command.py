"""``drivebench collect``: demonstrations of a privileged driver."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["collect"]


def collect(
    scenario: Annotated[list[str], typer.Option(help="Id of a scenario; may be given several times.")],
    episodes: Annotated[int, typer.Option(help="How many of each scenario.")],
    out: Annotated[Path, typer.Option(help="New folder for the demonstrations.")],
    expert: Annotated[str, typer.Option(help="Registered driver to be recorded.")] = "expert",
    condition: Annotated[str, typer.Option(help="Condition of all episodes.")] = "nominal",
    seed_start: Annotated[int, typer.Option(help="First seed, in the training split.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Record what a driver that sees everything does: actions and states; images follow from the states.

    Example: drivebench collect --scenario lane-keeping-v1 --episodes 100 --out data/lane-keeping
    """
    from drivebench.demonstrations.collect import collect as collect_demonstrations
    from drivebench.demonstrations.store import write
    from drivebench.new_folder import refuse_existing

    refuse_existing(out)
    demonstrations = collect_demonstrations(
        tuple(scenario), episodes=episodes, driver=expert, condition=condition, first_seed=seed_start
    )
    write(demonstrations, out)
    succeeded = sum(episode.success for episode in demonstrations.episodes)
    size = sum(file.stat().st_size for file in out.iterdir())
    if as_json:
        summary = {
            "folder": str(out),
            "digest": demonstrations.digest,
            "episodes": len(demonstrations.episodes),
            "succeeded": succeeded,
            "frames": demonstrations.frames,
            "bytes": size,
        }
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
        return
    typer.echo(
        f"{len(demonstrations.episodes)} episodes ({succeeded} without a fault), "
        f"{demonstrations.frames} frames, {size / demonstrations.frames:.0f} bytes a frame: {out}"
    )
