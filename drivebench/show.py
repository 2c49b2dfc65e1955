"""``drivebench show``: see an episode, through the cameras or from above, as a picture or a video."""

from dataclasses import replace
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
FORMATS = (".png", ".mp4", ".gif")
_PICTURE_S = 3.0
_VIDEO_S = 15.0
_SHORTEST_S = 0.2


def show(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="Id of a scenario; or, with --episode, a folder of demonstrations or a run."
        ),
    ],
    out: Annotated[Path, typer.Option(help="What to write: a .png, an .mp4 or a .gif.")],
    seed: Annotated[int | None, typer.Option(help="Of the episode; 0 by default.")] = None,
    condition: Annotated[str | None, typer.Option(help="Of the episode; nominal by default.")] = None,
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
        float | None,
        typer.Option(
            min=_SHORTEST_S, help="Longest duration of a video, or of a sheet, in s; a video: 15 by default."
        ),
    ] = None,
    mirrors: Annotated[bool, typer.Option("--mirrors", help="Driver's view: show the mirrors, too.")] = False,
    run: Annotated[
        list[Path] | None,
        typer.Option(help="Replay this episode from a run; repeat it to compare runs side by side."),
    ] = None,
    episode: Annotated[
        str | None,
        typer.Option(help="Of WHAT was recorded: a number from 0, or SCENARIO/CONDITION/SEED."),
    ] = None,
) -> None:
    """See an episode: driven by a driver, replayed from the action logs of runs, or out of a data set.

    The driver's view is what a policy gets: left, front and right camera. Replays show each run from above
    and through its front camera. With --episode, a .png is a sheet of twelve moments (one, with --at), a
    video is the whole episode, and what went wrong is framed in red.

    Example: drivebench show merge-v1 --seed 7 --view top --out merge.png

    Example: drivebench show lane-keeping-v1 --seed 7 --driver idm --mirrors --out drive.mp4

    Example: drivebench show merge-v1 --seed 7 --weather night --out night.png

    Example: drivebench show data/mine --episode 0 --view top --out mine.png

    Example: drivebench show runs/a --episode merge-v1/nominal/2000000 --out replay.mp4

    Example: drivebench show merge-v1 --seed 2000000 --run runs/a --run runs/b --out replay.mp4
    """
    if view is not None and view not in VIEWS:
        raise UnknownNameError("view", view, VIEWS)
    if out.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"--out is {out.name!r}; expected a name that ends with .png, .mp4 or .gif")
    is_picture = out.suffix.lower() == ".png"
    if not is_picture:
        _refuse({"--at": at is not None}, f"a {out.suffix}")
    if view == "top":
        _refuse({"--mirrors": mirrors, "--weather": weather is not None}, "--view top")
    if weather is not None:
        weather_named(weather)
    if episode is not None:
        idle = {"--seed": seed, "--condition": condition, "--driver": driver, "--run": run or None}
        _refuse({name: value is not None for name, value in idle.items()}, "--episode")
        _refuse({"--duration": at is not None and duration is not None}, "--at")
        _show_recorded(
            Path(scenario),
            episode,
            out,
            view=view,
            weather=weather,
            at=at,
            duration=duration,
            mirrors=mirrors,
        )
        return
    if is_picture:
        _refuse({"--duration": duration is not None}, "a .png, which --at is for")
    if run:
        _refuse({"--view": view is not None, "--driver": driver is not None, "--mirrors": mirrors}, "--run")
    from drivebench.footage import driver_scene, film_driver, replay_scene, top_scene
    from drivebench.scenario import load_scenario

    _refuse_recorded(scenario)
    driven = load_scenario(scenario).episode(seed or 0, condition or "nominal")
    if weather is not None:
        driven = driven.under(weather_named(weather))
    duration = _VIDEO_S if duration is None else duration
    if run:
        footages = [_replayed(path, driven) for path in run]
        at = min(footage.duration_s for footage in footages) if at is None else at
        _write(lambda frame: replay_scene(footages, frame), footages, out, at if is_picture else duration)
        return
    at = _PICTURE_S if at is None else at
    shown_s = at if is_picture else duration
    footage = film_driver(driven, driver or "expert", duration_s=max(shown_s, _SHORTEST_S))
    if view == "top":
        _write(lambda frame: top_scene(footage, frame), [footage], out, shown_s)
    else:
        _write(lambda frame: driver_scene(footage, frame, mirrors=mirrors), [footage], out, shown_s)


def _show_recorded(
    path: Path,
    name: str,
    out: Path,
    *,
    view: str | None,
    weather: str | None,
    at: float | None,
    duration: float | None,
    mirrors: bool,
) -> None:
    """Show an episode out of a data set or a run, with what went wrong in it."""
    from drivebench.footage import driver_scene, top_scene, write_picture
    from drivebench.footage.infractions import infractions_of, marked
    from drivebench.footage.recorded import film_recorded, is_recorded
    from drivebench.footage.sheet import contact_sheet, sheet_frames
    from drivebench.progress import say
    from drivebench.world.clock import SIMULATION_HZ

    if not is_recorded(path):
        raise ConfigurationError(
            f"--episode {name!r} of {path}, which is neither a folder of demonstrations nor a run; expected "
            "what `drivebench collect`, `drivebench drive` or `drivebench evaluate` wrote"
        )
    footage = film_recorded(path, name)
    if weather is not None:
        footage = replace(footage, episode=footage.episode.under(weather_named(weather)))
    wrong = infractions_of(footage)

    def plain(frame: int) -> "Picture":
        if view == "top":
            return top_scene(footage, frame)
        return driver_scene(footage, frame, mirrors=mirrors)

    def scene(frame: int) -> "Picture":
        return marked(plain(frame), wrong, frame)

    longest_s = footage.duration_s if duration is None else duration
    if at is not None or out.suffix.lower() != ".png":
        _write(scene, [footage], out, longest_s if at is None else at)
    else:
        frames = min(len(footage), round(longest_s * SIMULATION_HZ) + 1)
        page = contact_sheet(plain, sheet_frames(frames, wrong), wrong)
        write_picture(page, out)
        say(f"{out} written ({out.stat().st_size / 1000:,.0f} kB)")
    for each in wrong:
        say(f"{each.first / SIMULATION_HZ:.1f} s: {each.text}")


def _refuse_recorded(what: str) -> None:
    """Say what is missing when somebody gives a folder but no episode."""
    from drivebench.footage.recorded import is_recorded

    if is_recorded(Path(what)):
        raise ConfigurationError(
            f"{what} holds recorded episodes; expected --episode as well: a number from 0, or "
            "SCENARIO/CONDITION/SEED"
        )


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
    """The footage of an episode of a run, in the weather of the given one."""
    from drivebench.footage.recorded import film_of_run

    footage = film_of_run(path, f"{episode.scenario}/{episode.condition}/{episode.seed}")
    return replace(footage, episode=episode)


def _write(
    scene: "Callable[[int], Picture]", footages: "Sequence[Footage]", out: Path, shown_s: float
) -> None:
    """Write the picture at a time, or the video until then."""
    from drivebench.footage import write_gif, write_picture, write_video
    from drivebench.progress import say, track
    from drivebench.world.clock import SIMULATION_HZ

    longest = max(len(footage) for footage in footages)
    last = min(max(round(shown_s * SIMULATION_HZ), 0), longest - 1)
    writer = {".mp4": write_video, ".gif": write_gif}.get(out.suffix.lower())
    if writer is not None:
        with track(f"show {out.name}", last + 1, "pictures") as advance:
            writer(scene, last + 1, out, advance)
    else:
        write_picture(scene(last), out)
    say(f"{out} written ({out.stat().st_size / 1000:,.0f} kB)")
