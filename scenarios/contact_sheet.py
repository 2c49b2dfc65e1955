"""``python -m scenarios.contact_sheet --out docs``: every world, and every weather, on two pictures.

Writes ``worlds.jpg`` (each world from above and through the front camera), ``weathers.jpg`` (one moment of
our scenarios in each weather) and ``worlds.md``, which shows both, says what each world is, and how much
memory its ground takes. The same worlds, and the same bytes from the camera, on every machine: ``worlds.md``
has their SHA-256. The bytes of a JPEG, and the view from above, depend on the version of Pillow.
"""

import argparse
import dataclasses
import hashlib
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivebench.footage.panels import Picture, above, beside, framed, labelled
from drivebench.scenario import load_scenario
from drivebench.sensors import FRONT, GroundMap, Moments, render
from drivebench.sensors.draws import key_of_camera
from drivebench.sensors.faults import Fault, fault_of, shown_decisions
from drivebench.sensors.topview import TopView, Window
from drivebench.weather import CLEAR, WEATHERS, Weather
from drivebench.world import RoadNetwork, World, WorldBatch, quantise
from scenarios.stock.building import Builder, state_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.ids import IDS, stock_id
from scenarios.viewing_places import OURS, STOCK, Place, polyline_world

__all__ = [
    "OURS",
    "Shown",
    "WeatherCell",
    "document",
    "driver",
    "ground_bytes",
    "main",
    "our_world",
    "sheet",
    "stock_world",
    "weather_cells",
    "weather_drive",
    "weather_sheet",
    "worlds_shown",
]

SEED = 4

_THEIRS, _MINE = "drivebench/stock-", "drivebench/"
"""Before the name in gymnasium's registry."""

_POLYLINES = "polyline lanes"
_POLYLINES_TEXT = "A bend with corners, and a lane that widens from 4 m to 8 m."

_DECISION = 9
"""At which weathers are shown: the last of the first burst of failures, so that a frozen camera is a second
behind."""

WIDTH, TOP_HEIGHT, COLUMNS = 320, 176, 4
_CAMERA = dataclasses.replace(FRONT, height=2 * FRONT.height, width=2 * FRONT.width)
_FARTHEST_M_PER_PX = 0.85
_AROUND_EGO_M_PER_PX = 0.45
_QUALITY = 82
_DIGITS = 16
"""Of a SHA-256 that stand in the document."""


def stock_world(name: str, seed: int = SEED) -> World:
    """The world that highway-env's reset gives.

    Args:
        name: One of highway-env's ids.
        seed: Of its random numbers.
    """
    entry = stock_id(name)
    builder = Builder(entry, complete_configuration(entry), "canonical")
    return builder.build(state_of(np.random.Generator(np.random.PCG64(seed)))).world


def our_world(name: str, seed: int = SEED) -> World:
    """The initial world of an episode of ours."""
    return load_scenario(name).episode(seed).world


def ground_bytes(worlds: Sequence[World]) -> int:
    """Memory that the ground maps of some worlds take together.

    Args:
        worlds: Those with the same roads share a map, which counts once.
    """
    maps = {id(ground): ground for ground in (GroundMap.of(world.network) for world in worlds)}
    return sum(ground.nbytes for ground in maps.values())


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A world on the sheet.

    Attributes:
        name: Its id in gymnasium's registry; polyline lanes have none.
        text: What is to be seen.
        network: Its roads.
        moment: What the camera looks at: one moment.
        ego: Column of the car under test.
    """

    name: str
    text: str
    network: RoadNetwork
    moment: Moments
    ego: int

    @classmethod
    def of(cls, name: str, text: str, world: World, place: Place | None = None) -> "Shown":
        """A world at its beginning.

        Args:
            name: Its name.
            text: What is to be seen.
            world: The world.
            place: From where it is looked at, if not from where the car under test begins.
        """
        moment = Moments.from_worlds(WorldBatch([world]), np.zeros(1, np.int64))
        if place is not None and place.lane is not None:
            lane = world.network.lane(place.lane)
            x, y = world.network.position(lane, place.along_m)
            moment.poses[0] = moment.boxes[0, world.ego, :3] = (
                x,
                y,
                world.network.heading_at(lane, place.along_m),
            )
        return cls(name=name, text=text, network=world.network, moment=moment, ego=world.ego)

    @property
    def digest(self) -> str:
        """SHA-256 of what the camera sees, hexadecimal."""
        return _digest([driver(self.moment)])


@cache
def worlds_shown() -> tuple[Shown, ...]:
    """What is on the sheet, in order."""
    stock = (Shown.of(_THEIRS + name, place.text, stock_world(name), place) for name, place in STOCK.items())
    ours = (Shown.of(_MINE + name, place.text, our_world(name), place) for name, place in OURS.items())
    return (*stock, Shown.of(_POLYLINES, _POLYLINES_TEXT, polyline_world()), *ours)


def _digest(pictures: Sequence[Picture]) -> str:
    return hashlib.sha256(np.stack(pictures).tobytes()).hexdigest()


def _window(shown: Shown) -> Window:
    """All of a small world, or the surroundings of the ego."""
    x, y, heading = (float(number) for number in shown.moment.poses[0])
    points = np.array(
        [
            shown.network.position(lane, share * shown.network.length_m(lane), 0.0)
            for lane in range(len(shown.network.lane_index))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
    )
    low, high = points.min(axis=0) - 8.0, points.max(axis=0) + 8.0
    m_per_px = max((high[0] - low[0]) / WIDTH, (high[1] - low[1]) / TOP_HEIGHT)
    if m_per_px > _FARTHEST_M_PER_PX:
        x += 0.3 * WIDTH * _AROUND_EGO_M_PER_PX * math.cos(heading)
        y += 0.3 * TOP_HEIGHT * _AROUND_EGO_M_PER_PX * math.sin(heading)
        return Window(x_m=x, y_m=y, m_per_px=_AROUND_EGO_M_PER_PX, width=WIDTH, height=TOP_HEIGHT)
    x, y = (low + high) / 2
    return Window(x_m=float(x), y_m=float(y), m_per_px=float(m_per_px), width=WIDTH, height=TOP_HEIGHT)


def driver(moment: Moments, weather: Weather = CLEAR, seed: int = SEED, decision: int = 0) -> Picture:
    """What the front camera sees, at twice its size.

    Args:
        moment: One moment.
        weather: Its weather.
        seed: Of the episode, from which rain and failures follow.
        decision: The same.
    """
    seen = moment.under([weather], [seed], np.array([decision]))
    return np.ascontiguousarray(render(_CAMERA, seen)[0].transpose(1, 2, 0))


def _panel(shown: Shown) -> Picture:
    boxes = shown.moment.boxes[0]
    top = TopView(window=_window(shown), ground=shown.moment.grounds[0]).render(
        boxes=boxes, looks=shown.moment.looks[0], ego=boxes[shown.ego]
    )
    return labelled(above([top, driver(shown.moment)]), shown.name)


def sheet() -> Picture:
    """Each world from above, and as the front camera sees it from its viewing place."""
    panels = [_panel(shown) for shown in worlds_shown()]
    rows = [beside(panels[first : first + COLUMNS]) for first in range(0, len(panels), COLUMNS)]
    return framed(above(rows))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class WeatherCell:
    """One row of the sheet of weathers.

    Attributes:
        label: What is written above its cells.
        pictures: By name of our families.
    """

    label: str
    pictures: dict[str, Picture]

    @property
    def digest(self) -> str:
        """SHA-256 of the pictures, hexadecimal."""
        return _digest(list(self.pictures.values()))


@cache
def weather_cells() -> tuple[WeatherCell, ...]:
    """Our families 1.8 s after their start, in each weather; a camera with drop-out in its three states."""
    drives = {name: weather_drive(our_world(name)) for name in OURS}
    cells = []
    for label, weather, seed in _weathers_shown():
        shown = int(_shown_at(weather, seed)[0])
        pictures = {}
        for name, moments in drives.items():
            facing = weather.facing(float(moments[0].poses[0, 2]))
            pictures[name] = driver(moments[shown], facing, seed, _DECISION)
        cells.append(WeatherCell(label=label, pictures=pictures))
    return tuple(cells)


def weather_drive(world: World) -> list[Moments]:
    """The moments of an episode up to the one that is shown, straight ahead without pedals.

    Args:
        world: At its start.
    """
    batch, moments = WorldBatch([world]), []
    for _ in range(_DECISION + 1):
        moments.append(Moments.from_worlds(batch, np.zeros(1, np.int64)))
        batch.step(quantise([[0.0, 0.0]]))
    return moments


def _shown_at(weather: Weather, seed: int) -> NDArray[np.int64]:
    """At which decision the picture was taken."""
    decisions = np.array([_DECISION])
    return shown_decisions(_CAMERA.name, np.array([seed], np.uint64), decisions, np.array([weather.dropout]))


def _weathers_shown() -> list[tuple[str, Weather, int]]:
    """Label, weather, and the seed of an episode in which it shows what the label says."""
    failing, key = WEATHERS["dropout"], key_of_camera(_CAMERA.name)
    faults = {
        "dropout (black)": Fault.BLACK,
        "dropout (frozen for 1 s)": Fault.FROZEN,
        "dropout (blocks missing)": Fault.BLOCKS,
    }
    seeds = (
        next(n for n in range(1000) if fault_of(np.uint64(n), key, _DECISION, failing.dropout) == fault)
        for fault in faults.values()
    )
    cells = [(name, weather, SEED) for name, weather in WEATHERS.items() if weather.dropout == 0.0]
    return [*cells, *((label, failing, seed) for label, seed in zip(faults, seeds, strict=True))]


def weather_sheet() -> Picture:
    """Our families beside each other, the weathers below each other."""
    rows = [
        beside([labelled(picture, f"{name} · {cell.label}") for name, picture in cell.pictures.items()])
        for cell in weather_cells()
    ]
    return framed(above(rows))


def document() -> str:
    """``worlds.md``."""
    lines = [
        "# Worlds and weathers",
        "",
        "Made by `python -m scenarios.contact_sheet --out docs`. Above each line of sight is the world from",
        "above, with the car under test in orange; below is what its front camera sees (at twice the size).",
        "In highway-env's worlds the car is moved to where the world is peculiar; the others stand where the",
        "reset put them. Digests are of what the camera sees, the same on every machine; a test makes",
        "them anew.",
        "",
        "![Every world from above and through the front camera](worlds.jpg)",
        "",
        "Memory is that of the ground map, which cameras sample; worlds with the same roads share it. All of",
        f"highway-env's {len(IDS)} ids and our {len(OURS)} families together take "
        f"{_megabytes(_total_bytes())}.",
        "",
        "| world | what is to be seen | ground map | SHA-256 of the camera's picture |",
        "|---|---|---|---|",
    ]
    for shown in worlds_shown():
        memory = _megabytes(GroundMap.of(shown.network).nbytes)
        lines.append(f"| {shown.name} | {shown.text} | {memory} | `{shown.digest[:_DIGITS]}…` |")
    lines += [
        "",
        "## Weathers",
        "",
        "Conditions of every scenario: `drivebench show merge-v1 --weather night --out night.png`, or",
        '`gymnasium.make("drivebench/merge-v1", condition="night")`. They change what cameras see and',
        "nothing else. A failing camera is black, frozen, or loses blocks of its picture, for a second at a",
        "time. The pictures are of 1.8 s after the start of an episode; the frozen camera shows what was to",
        "be seen a second before.",
        "",
        "![Four scenarios in every weather](weathers.jpg)",
        "",
        "| weather | sun | clouds | visibility | rain | wet road | headlights | noise | drop-out |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, weather in WEATHERS.items():
        lines.append(
            f"| {name} | {math.degrees(weather.sun_elevation_rad):.0f}° | {weather.cloudiness:.0%} "
            f"| {weather.visibility_m:.0f} m | {weather.rain_mmph:g} mm/h | {weather.wetness:.0%} "
            f"| {'on' if weather.headlights else 'off'} | {weather.noise:g} | {weather.dropout:.0%} |"
        )
    lines += ["", "| row of pictures | SHA-256 |", "|---|---|"]
    lines += [f"| {cell.label} | `{cell.digest[:_DIGITS]}…` |" for cell in weather_cells()]
    return "\n".join(lines) + "\n"


def _total_bytes() -> int:
    return ground_bytes([*(stock_world(name) for name in IDS), *(our_world(name) for name in OURS)])


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def main() -> None:
    """Write the pictures and the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="Folder to write to.")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("worlds.jpg", sheet()), ("weathers.jpg", weather_sheet())):
        Image.fromarray(picture).save(folder / name, quality=_QUALITY, optimize=True)
    (folder / "worlds.md").write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
