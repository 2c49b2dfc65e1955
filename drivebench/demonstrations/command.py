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
    expert: Annotated[
        list[str] | None, typer.Option(help="Registered driver; each of several drives the same seeds.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="Condition; each of several has the same seeds.")
    ] = None,
    seed_start: Annotated[int, typer.Option(help="First seed, in the training split.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Record what a driver that sees everything does: actions and states; images follow from the states.

    The driver is the expert and the condition nominal, when they are left out. To put folders together, of a
    human driver and of the expert, say, use `drivebench import A B --out BOTH`.

    Example: drivebench collect --scenario lane-keeping-v1 --episodes 100 --out data/lane-keeping

    Example: drivebench collect --scenario merge-v1 --episodes 50 --expert expert --expert idm --out data/two
    """
    from drivebench.demonstrations.collect import collect as collect_demonstrations
    from drivebench.demonstrations.record import Demonstrations
    from drivebench.demonstrations.store import write
    from drivebench.errors import ConfigurationError
    from drivebench.new_folder import refuse_existing

    refuse_existing(out)
    drivers, conditions = expert or ["expert"], condition or ["nominal"]
    for given in (scenario, drivers, conditions):
        if len(set(given)) < len(given):
            raise ConfigurationError(f"{', '.join(given)}: one of them is given twice; expected each once")
    recorded = [
        collect_demonstrations(
            tuple(scenario), episodes=episodes, driver=name, condition=under, first_seed=seed_start
        )
        for name in drivers
        for under in conditions
    ]
    demonstrations = Demonstrations(episodes=tuple(each for part in recorded for each in part.episodes))
    write(demonstrations, out)
    succeeded = sum(episode.success for episode in demonstrations.episodes)
    size = sum(file.stat().st_size for file in out.iterdir())
    if as_json:
        summary = {
            "folder": str(out),
            "digest": demonstrations.digest,
            "drivers": list(demonstrations.drivers),
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
