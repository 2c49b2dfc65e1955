"""``python -m scenarios.contact_sheet --out docs``: every world, and every weather, on two pictures.

Writes ``worlds.jpg`` (each world from above and through the front camera), ``weathers.jpg`` (one moment of
our scenarios in each weather) and ``worlds.md``, which shows both, says what each world is, and how much
memory its ground takes. The same worlds on every machine; JPEG's bytes depend on the encoder.
"""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from drivebench.footage.panels import Picture, above, beside, framed, labelled
from drivebench.scenario import load_scenario
from drivebench.sensors import FRONT, GroundMap, Moments, render
from drivebench.sensors.topview import TopView, Window
from drivebench.weather import CLEAR, WEATHERS, Weather
from drivebench.world import World, WorldBatch
from scenarios.stock.building import Builder, state_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.ids import IDS, stock_id

__all__ = [
    "OURS",
    "STOCK",
    "document",
    "ground_bytes",
    "main",
    "our_world",
    "sheet",
    "stock_world",
    "weather_sheet",
]

SEED = 4

STOCK = {
    "highway-v0": "Four lanes, 10 km, dense traffic that keeps or changes lanes.",
    "highway-fast-v0": "The same with three lanes and fewer vehicles.",
    "merge-v0": "A ramp joins a motorway; its end is blocked.",
    "merge-generic-v0": "The same with other lengths and numbers of lanes.",
    "exit-v0": "A motorway of six lanes with an exit on the right.",
    "two-way-v0": "Overtaking into oncoming traffic on a road of two lanes.",
    "u-turn-v0": "Two lanes about a bend of half a turn.",
    "roundabout-v0": "Four arms, two lanes, traffic that has the right of way.",
    "roundabout-generic-v0": "The same with other radii and numbers of lanes.",
    "intersection-v0": "Four arms with priorities; vehicles appear and leave.",
    "intersection-v1": "The same with a car under continuous control.",
    "intersection-multi-agent-v0": "The same with two cars under control.",
    "lane-keeping-v0": "A winding road that another one joins, for a car with tyre forces.",
    "racetrack-v0": "A closed track with bends of many radii.",
    "racetrack-large-v0": "A longer track.",
    "racetrack-oval-v0": "A closed track of straights and quarter turns.",
    "parking-v0": "A car park: bays between walls, and a goal that is painted on the ground.",
    "parking-parked-v0": "The same with parked cars.",
}
"""highway-env's worlds by the first id that has them, and what is to be seen. The connected-lane versions
differ in the traffic's rules only."""

OURS = {
    "lane-keeping-v1": "A winding road, new for each seed.",
    "highway-v1": "Following and overtaking on a motorway.",
    "merge-v1": "Joining a motorway from a ramp.",
    "roundabout-v1": "Taking a given exit of a roundabout with traffic.",
}
"""drivebench's own families."""

_THEIRS, _MINE = "drivebench/stock-", "drivebench/"
"""Before the name in gymnasium's registry."""

WIDTH, TOP_HEIGHT, COLUMNS = 320, 176, 4
_CAMERA = dataclasses.replace(FRONT, height=2 * FRONT.height, width=2 * FRONT.width)
_FARTHEST_M_PER_PX = 0.85
_AROUND_EGO_M_PER_PX = 0.45
_QUALITY = 82


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


def _window(world: World) -> Window:
    """All of a small world, or the surroundings of the ego."""
    batch = WorldBatch([world])
    x, y = float(batch.x[0, world.ego]), float(batch.y[0, world.ego])
    points = np.array(
        [
            world.network.position(lane, share * world.network.length_m(lane), 0.0)
            for lane in range(len(world.network.lane_index))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
    )
    low, high = points.min(axis=0) - 8.0, points.max(axis=0) + 8.0
    m_per_px = max((high[0] - low[0]) / WIDTH, (high[1] - low[1]) / TOP_HEIGHT)
    if m_per_px > _FARTHEST_M_PER_PX:
        heading = float(batch.heading[0, world.ego])
        x += 0.3 * WIDTH * _AROUND_EGO_M_PER_PX * math.cos(heading)
        y += 0.3 * TOP_HEIGHT * _AROUND_EGO_M_PER_PX * math.sin(heading)
        return Window(x_m=x, y_m=y, m_per_px=_AROUND_EGO_M_PER_PX, width=WIDTH, height=TOP_HEIGHT)
    x, y = (low + high) / 2
    return Window(x_m=float(x), y_m=float(y), m_per_px=float(m_per_px), width=WIDTH, height=TOP_HEIGHT)


def _driver(moments: Moments, weather: Weather = CLEAR, decision: int = 0) -> Picture:
    seen = moments.under([weather], [SEED], np.array([decision]))
    return np.ascontiguousarray(render(_CAMERA, seen)[0].transpose(1, 2, 0))


def _panel(name: str, world: World) -> Picture:
    moments = Moments.from_worlds(WorldBatch([world]), np.zeros(1, np.int64))
    ground = moments.grounds[0]
    top = TopView(window=_window(world), ground=ground).render(
        boxes=moments.boxes[0], looks=moments.looks[0], ego=moments.boxes[0, world.ego]
    )
    return labelled(above([top, _driver(moments)]), name)


def _grid(panels: Sequence[Picture], columns: int = COLUMNS) -> Picture:
    rows = [beside(panels[first : first + columns]) for first in range(0, len(panels), columns)]
    return framed(above(rows))


def sheet() -> Picture:
    """Each world from above, and as the front camera sees it at the start."""
    panels = [_panel(_THEIRS + name, stock_world(name)) for name in STOCK]
    return _grid([*panels, *(_panel(_MINE + name, our_world(name)) for name in OURS)])


def weather_sheet() -> Picture:
    """Our families at their start, in each weather; a camera with drop-out in its three states."""
    worlds = {name: our_world(name) for name in OURS}
    columns = []
    for name, world in worlds.items():
        moments = Moments.from_worlds(WorldBatch([world]), np.zeros(1, np.int64))
        heading = float(moments.poses[0, 2])
        cells = [
            labelled(_driver(moments, weather.facing(heading), decision), f"{name} · {label}")
            for label, weather, decision in _weather_cells()
        ]
        columns.append(above(cells))
    return framed(beside(columns))


def _weather_cells() -> list[tuple[str, Weather, int]]:
    """Label, weather, and a decision at which it shows what the label says."""
    from drivebench.sensors.draws import key_of_camera
    from drivebench.sensors.faults import Fault, fault_of

    cells = [(name, weather, 0) for name, weather in WEATHERS.items() if weather.dropout == 0.0]
    failing = WEATHERS["dropout"]
    key = key_of_camera(_CAMERA.name)
    decision = next(
        decision
        for decision in range(10_000)
        if fault_of(np.uint64(SEED), key, decision, failing.dropout) == Fault.BLOCKS
    )
    return [*cells, ("dropout (blocks missing)", failing, decision)]


def document() -> str:
    """``worlds.md``."""
    lines = [
        "# Worlds and weathers",
        "",
        "Made by `python -m scenarios.contact_sheet --out docs`. Above each line of sight is the world from",
        "above, with the car under test in orange; below is what its front camera sees (at twice the size).",
        "",
        "![Every world from above and through the front camera](worlds.jpg)",
        "",
        "Memory is that of the ground map, which cameras sample; worlds with the same roads share it. All of",
        f"highway-env's {len(IDS)} ids and our {len(OURS)} families together take "
        f"{_megabytes(_total_bytes())}.",
        "",
        "| world | what is to be seen | ground map |",
        "|---|---|---|",
    ]
    for prefix, table, build in ((_THEIRS, STOCK, stock_world), (_MINE, OURS, our_world)):
        for name, text in table.items():
            lines.append(f"| {prefix}{name} | {text} | {_megabytes(ground_bytes([build(name)]))} |")
    lines += [
        "",
        "## Weathers",
        "",
        "Conditions of every scenario: `drivebench show merge-v1 --weather night --out night.png`, or",
        '`gymnasium.make("drivebench/merge-v1", condition="night")`. They change what cameras see and',
        "nothing else. A failing camera is black, frozen, or loses blocks of its picture, for a second at a",
        "time.",
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
