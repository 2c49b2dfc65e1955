"""``drivebench show``: see an episode, through the cameras or from above, as a picture or a video."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.weather import WEATHERS, weather_named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivebench.footage import Footage
    from drivebench.footage.panels import Picture
    from drivebench.scenario import Episode

__all__ = ["show"]

VIEWS = ("driver", "top")
FORMATS = (".png", ".mp4")
_PICTURE_S = 3.0
_SHORTEST_S = 0.2


def show(
    scenario: Annotated[str, typer.Argument(help="Id of a scenario.")],
    out: Annotated[Path, typer.Option(help="What to write: a .png or an .mp4.")],
    seed: Annotated[int, typer.Option(help="Of the episode.")] = 0,
    condition: Annotated[str, typer.Option(help="Of the episode.")] = "nominal",
    weather: Annotated[
        str | None,
        typer.Option(help=f"See it in this weather: {', '.join(WEATHERS)}."),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(help="driver (the default): the cameras; top: from above, with the route."),
    ] = None,
    driver: Annotated[
        str | None, typer.Option(help="Who drives: expert (the default), idm, or idle.")
    ] = None,
    at: Annotated[
        float | None,
        typer.Option(min=0.0, help="Time of a picture in s; of replays, the first end of one by default."),
    ] = None,
    duration: Annotated[
        float, typer.Option(min=_SHORTEST_S, help="Longest duration of a video in s.")
    ] = 15.0,
    mirrors: Annotated[bool, typer.Option("--mirrors", help="Driver's view: show the mirrors, too.")] = False,
    run: Annotated[
        list[Path] | None,
        typer.Option(
            help="Replay this episode from a run directory; repeat it to compare runs side by side."
        ),
    ] = None,
) -> None:
    """See an episode: driven by a driver, or replayed from the action logs of runs.

    The driver's view is what a policy gets: left, front and right camera. Replays show each run from above
    and through its front camera.

    Example: drivebench show merge-v1 --seed 7 --view top --out merge.png

    Example: drivebench show lane-keeping-v1 --seed 7 --driver idm --mirrors --out drive.mp4

    Example: drivebench show merge-v1 --seed 7 --weather night --out night.png

    Example: drivebench show merge-v1 --seed 2000000 --run runs/a --run runs/b --out replay.mp4
    """
    if view is not None and view not in VIEWS:
        raise UnknownNameError("view", view, VIEWS)
    if run:
        _refuse({"--view": view is not None, "--driver": driver is not None, "--mirrors": mirrors}, "--run")
    elif view == "top":
        _refuse({"--mirrors": mirrors, "--weather": weather is not None}, "--view top")
    if weather is not None:
        weather_named(weather)
    if out.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"--out is {out.name!r}; expected a name that ends with .png or .mp4")
    from drivebench.footage import driver_scene, film_driver, replay_scene, top_scene
    from drivebench.scenario import load_scenario

    is_video = out.suffix.lower() == ".mp4"
    episode = load_scenario(scenario).episode(seed, condition)
    if weather is not None:
        episode = episode.under(weather_named(weather))
    if run:
        footages = [_replayed(path, episode) for path in run]
        at = min(footage.duration_s for footage in footages) if at is None else at
        _write(lambda frame: replay_scene(footages, frame), footages, out, duration if is_video else at)
        return
    at = _PICTURE_S if at is None else at
    shown_s = duration if is_video else at
    footage = film_driver(episode, driver or "expert", duration_s=max(shown_s, _SHORTEST_S))
    if view == "top":
        _write(lambda frame: top_scene(footage, frame), [footage], out, shown_s)
    else:
        _write(lambda frame: driver_scene(footage, frame, mirrors=mirrors), [footage], out, shown_s)


def _refuse(given: dict[str, bool], beside: str) -> None:
    """Refuse options that mean nothing beside another one, rather than ignore them.

    Args:
        given: By option: whether it was given.
        beside: The other one.

    Raises:
        ConfigurationError: At least one was given.
    """
    idle = ", ".join(option for option, is_given in given.items() if is_given)
    if idle:
        raise ConfigurationError(f"{idle} says nothing about {beside}; leave out the one or the other")


def _replayed(path: Path, episode: "Episode") -> "Footage":
    """The footage of an episode of a run."""
    import numpy as np

    from drivebench.evaluation.record import load_run
    from drivebench.footage import film_actions

    recorded = load_run(path)
    key = f"{episode.scenario}/{episode.condition}/{episode.seed}"
    known = {record.key: record for record in recorded.episodes}
    if key not in known:
        raise UnknownNameError(f"episode of {path}", key, known)
    log = known[key].actions
    actions = np.load(path / log.file, allow_pickle=False)[log.start : log.start + log.decisions]
    return film_actions(recorded.manifest.policy.name, episode, actions, reference=known[key].reference)


def _write(
    scene: "Callable[[int], Picture]", footages: "Sequence[Footage]", out: Path, shown_s: float
) -> None:
    """Write the picture at a time, or the video until then."""
    from drivebench.footage import write_picture, write_video
    from drivebench.progress import say, track
    from drivebench.world.clock import SIMULATION_HZ

    longest = max(len(footage) for footage in footages)
    last = min(max(round(shown_s * SIMULATION_HZ), 0), longest - 1)
    if out.suffix.lower() == ".mp4":
        with track(f"show {out.name}", last + 1, "pictures") as advance:
            write_video(scene, last + 1, out, advance)
    else:
        write_picture(scene(last), out)
    say(f"{out} written ({out.stat().st_size / 1000:,.0f} kB)")
