"""``drivebench train``: from demonstrations to a submission directory."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["train"]


def train(
    name: Annotated[str, typer.Argument(metavar="BASELINE", help="Such as behavior-cloning.")],
    out: Annotated[Path, typer.Option(help="New directory for the submission.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder that `drivebench collect` wrote; collected into data/ when left out."),
    ] = None,
    subset: Annotated[
        list[str] | None,
        typer.Option(help="Learn from a named part: a driver, better, 10%, ...; several: what is in all."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the initial weights and the order of the frames.")] = 0,
    budget: Annotated[str, typer.Option(help="smoke (within a minute) or full (minutes).")] = "full",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting of the method; may be repeated."),
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder for TensorBoard's curves (needs the package tensorboard).")
    ] = None,
) -> None:
    """Train a baseline; prints how well it explains the expert on held-out frames, not how it drives.

    The card of a data set, README.md in its folder, lists its subsets. A training that was interrupted goes
    on, to the same bytes, when the same command is given again. docs/baselines.md has every method's
    settings.

    Example: drivebench train camera-correction --out runs/camera-correction --budget smoke

    Example: drivebench train behavior-cloning --data data/mine --subset expert --subset 10% --out few

    Example: drivebench train recurrent --set memory=lstm --set steps=2000 --tensorboard curves --out lstm
    """
    from drivebench.baseline import TrainRequest, load_baseline
    from drivebench.demonstrations import collected
    from drivebench.errors import ConfigurationError
    from drivebench.new_folder import refuse_existing

    baseline = load_baseline(name)
    refuse_existing(out)
    parts = tuple(subset or ())
    if parts and baseline.demand is None:
        raise ConfigurationError(
            f"{name} learns from no demonstrations, but a subset is given: {', '.join(parts)}; leave it out"
        )
    request = TrainRequest(
        out=out, data=data, subset=parts, seed=seed, budget=budget, device=device,
        settings=_settings(set_ or []), tensorboard=tensorboard,
    )  # fmt: skip
    if data is None and baseline.demand is not None:
        request = replace(request, data=collected(baseline.demand, budget, Path("data")))
    report = baseline.train(request)
    typer.echo(f"{baseline.name} (seed {seed}, {budget}) is in {report.submission}")
    if report.metrics:
        typer.echo(
            f"open loop, on {report.metrics['frames']:.0f} held-out expert frames: "
            f"steering R² {report.metrics['steering_r2']:.4f}, "
            f"acceleration R² {report.metrics['acceleration_r2']:.4f}"
        )
        if report.speed:
            typer.echo(
                f"speed: {report.speed['samples_per_s']:.0f} samples/s, "
                f"{100.0 * report.speed['waiting']:.1f} % of the time spent waiting for data"
            )
        typer.echo(f"closed loop: drivebench evaluate {report.submission} --suite dev --out RUN")


def _settings(given: list[str]) -> dict[str, str]:
    from drivebench.errors import ConfigurationError

    settings = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"--set {each!r}; expected NAME=VALUE, such as --set steps=2000")
        settings[name.strip()] = value.strip()
    return settings
