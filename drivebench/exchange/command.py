"""``drivebench export`` and ``drivebench import``."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["export", "import_"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def export(
    data: Annotated[Path, typer.Argument(help="Folder that `drivebench collect` wrote.")],
    form: Annotated[Literal["minari", "lerobot"], typer.Option("--format", help="Minari 0.5 or LeRobot v3.")],
    out: Annotated[Path, typer.Option(help="New folder for the data set.")],
    images: Annotated[
        str, typer.Option(help="Cameras to render, lossless, such as front,left,right; none by default.")
    ] = "",
    sensors: Annotated[
        str, typer.Option(help="What else is observed, instead of speed,command,kinematics,route-geometry.")
    ] = "",
    subset: Annotated[
        list[str] | None, typer.Option(help="Export a named part; several: what is in all of them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write demonstrations as a data set that Minari or LeRobot loads.

    Every episode is driven again on the way, so that the data set has exactly the observations and rewards of
    the gymnasium environment; each keeps its seed, scenario, condition, driver, score and success.

    Example: drivebench export data/lanes --format minari --images front --out exports/lanes-v0

    Example: drivebench export data/lanes --format lerobot --images front --subset expert --out lerobot
    """
    from drivebench.demonstrations.store import read
    from drivebench.exchange.trajectory import STATE_SENSORS, checked_sensors
    from drivebench.new_folder import refuse_existing

    refuse_existing(out)
    state = _names(sensors) or STATE_SENSORS
    names = checked_sensors(state, _names(images))
    whole = read(data)
    demonstrations = whole.subset(*(subset or ()))
    if form == "minari":
        from drivebench.exchange.minari_export import export_minari

        export_minari(demonstrations, out, names, whole)
    else:
        from drivebench.exchange.lerobot_export import export_lerobot

        export_lerobot(demonstrations, out, names, whole)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    if as_json:
        summary = {
            "folder": str(out),
            "format": form,
            "digest": demonstrations.digest,
            "episodes": len(demonstrations.episodes),
            "frames": demonstrations.frames,
            "sensors": list(names),
            "bytes": size,
        }
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
        return
    typer.echo(
        f"{len(demonstrations.episodes)} episodes, {demonstrations.frames} frames of {', '.join(names)}, "
        f"{size / 1e6:.1f} MB as a {form} data set: {out} (README.md there tells how to load it)"
    )


def import_(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Folders of demonstrations or Minari data sets, or Minari ids."
        ),
    ],
    out: Annotated[Path, typer.Option(help="New folder for the demonstrations.")],
    driver: Annotated[
        str | None, typer.Option(help="Who drove, where a Minari data set does not say.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make one folder of demonstrations from others and from Minari data sets.

    Minari data sets must be of drivebench scenarios: exported by drivebench, or recorded from its gymnasium
    environments with the seed of each reset. Their actions are driven again and compared with what was
    recorded; logs that stop before their episode does are left out, and named.

    Example: drivebench import exports/lanes-v0 --out data/lanes-again

    Example: drivebench import data/expert data/human --out data/both
    """
    from drivebench import progress
    from drivebench.demonstrations.store import write
    from drivebench.exchange.merge import brought_together
    from drivebench.new_folder import refuse_existing

    refuse_existing(out)
    demonstrations, left_out = brought_together(sources, driver)
    for log in left_out:
        progress.say(f"left out: {log.origin} stops after {len(log.actions)} actions, before its end")
    write(demonstrations, out)
    if as_json:
        summary = {
            "folder": str(out),
            "digest": demonstrations.digest,
            "drivers": list(demonstrations.drivers),
            "episodes": len(demonstrations.episodes),
            "frames": demonstrations.frames,
            "left_out": [log.origin for log in left_out],
        }
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
        return
    typer.echo(
        f"{len(demonstrations.episodes)} episodes of {', '.join(demonstrations.drivers)}, "
        f"{demonstrations.frames} frames, {len(left_out)} left out: {out}"
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
