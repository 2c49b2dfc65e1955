"""Every world of highway-env and of ours renders, also in one batch, in little memory; the docs show it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drivebench import registry
from drivebench.footage.panels import Picture
from drivebench.sensors import FRONT, Camera, GroundMap, Moments, render
from drivebench.sensors.faults import BURST
from drivebench.sensors.models import CAR, GOAL, HIDDEN, OBSTACLE, WALL
from drivebench.world import World, WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from scenarios.contact_sheet import (
    OURS,
    Shown,
    document,
    driver,
    ground_bytes,
    our_world,
    sheet,
    stock_world,
    weather_cells,
    weather_drive,
    weather_sheet,
)
from scenarios.stock.ids import IDS
from scenarios.viewing_places import STOCK

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {name: stock_world(name) for name in IDS} | {f"our {name}": our_world(name) for name in OURS}


def driver_view(world: World, camera: Camera = FRONT) -> NDArray[np.uint8]:
    return render(camera, Moments.from_worlds(WorldBatch([world]), np.zeros(1, np.int64)))[0]


def test_every_world_is_seen_from_the_car(worlds: dict[str, World]) -> None:
    for name, world in worlds.items():
        picture = driver_view(world).astype(np.float64)
        before = picture[:, -6:, 70:90].mean(axis=(1, 2))
        assert np.ptp(before) < 25.0, f"{name}: no asphalt before the car, but {before}"
        assert picture[2, :15].mean() > 180.0, f"{name}: no sky"
        assert picture.std() > 30.0, name


def test_all_worlds_in_one_batch_are_what_each_is_alone(worlds: dict[str, World]) -> None:
    batch = WorldBatch(list(worlds.values()))
    together = render(FRONT, Moments.from_worlds(batch, np.arange(len(worlds))))
    for picture, world in zip(together, worlds.values(), strict=True):
        assert np.array_equal(picture, driver_view(world))


def test_ground_maps_of_all_worlds_take_less_than_300_mb(worlds: dict[str, World]) -> None:
    assert len(worlds) == 31 + len(registry.names("scenario"))
    assert ground_bytes(list(worlds.values())) < 200e6  # 300 MB are allowed; 167 MB with thirteen families
    for name, world in worlds.items():
        assert GroundMap.of(world.network).nbytes < 20e6, (
            name
        )  # 17 MB: a course of the long haul, which is 2 km long and winds


def test_worlds_with_the_same_roads_share_one_map(worlds: dict[str, World]) -> None:
    for first, second in (
        ("racetrack-v0", "racetrack-v1"),
        ("intersection-v0", "intersection-multi-agent-v2"),
    ):
        networks = worlds[first].network, worlds[second].network
        assert networks[0] is not networks[1]
        assert GroundMap.of(networks[0]) is GroundMap.of(networks[1])
    assert GroundMap.of(worlds["racetrack-v0"].network) is not GroundMap.of(worlds["merge-v0"].network)


@pytest.mark.parametrize("name", ["parking-v0", "parking-parked-v0"])
def test_a_car_park_has_asphalt_walls_a_goal_and_parked_cars(worlds: dict[str, World], name: str) -> None:
    moments = Moments.from_worlds(WorldBatch([worlds[name]]), np.zeros(1, np.int64))
    looks = (moments.looks[0] & 15).tolist()
    assert looks.count(WALL) == 4
    assert looks.count(GOAL) == 1
    assert looks.count(CAR) == (10 if name == "parking-parked-v0" else 0)
    assert looks.count(HIDDEN) == 1
    assert OBSTACLE not in looks


def test_the_goal_is_painted_where_it_is(worlds: dict[str, World]) -> None:
    """Moved before the car, it is seen as a cyan frame exactly where a pinhole camera must see it."""
    world = worlds["parking-v0"]
    batch = WorldBatch([world])
    goal = int(np.flatnonzero(batch.kind[0] == EntityKind.LANDMARK)[0])
    ego = world.ego
    ahead, camera = 9.0, FRONT
    floats = world.entity_float
    heading = float(floats[EntityFloat.HEADING, ego])
    x = float(floats[EntityFloat.X, ego]) + ahead * np.cos(heading)
    y = float(floats[EntityFloat.Y, ego]) + ahead * np.sin(heading)
    moments = Moments.from_worlds(batch, np.zeros(1, np.int64))
    moments.boxes[0, goal, :3] = x, y, heading
    seen = render(camera, moments)[0].astype(np.int64)
    cyan = (seen[2] - seen[0] > 40) & (seen[1] - seen[0] > 40) & (np.arange(64) > 28)[:, None]
    rows, columns = np.nonzero(cyan)
    focal = 80.0 / np.tan(np.radians(40.0))
    pitch = np.radians(camera.pitch_deg)
    half = float(floats[EntityFloat.LENGTH, goal]) / 2
    for distance, edge in ((ahead - half, rows.max() + 1), (ahead + half, rows.min())):
        down = np.arctan2(camera.z_m, distance - camera.x_m) - pitch
        assert edge == pytest.approx(32.0 + focal * np.tan(down), abs=1.0)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(79.5, abs=1.0)
    assert world.entity_int[EntityInt.KIND, goal] == EntityKind.LANDMARK


def test_viewing_places_are_on_the_roads_and_move_nobody_else() -> None:
    for name, place in STOCK.items():
        world = stock_world(name)
        shown = Shown.of(name, place.text, world, place)
        start = Shown.of(name, place.text, world)
        x, y, heading = shown.moment.poses[0].tolist()
        lane = world.network.lane(place.lane)
        assert world.network.local_coordinates(lane, x, y) == pytest.approx((place.along_m, 0.0), abs=1e-6)
        assert heading == world.network.heading_at(lane, place.along_m)
        moved = (shown.moment.boxes != start.moment.boxes).any(axis=2)[0]
        assert np.flatnonzero(moved).tolist() == [world.ego], name
        assert np.array_equal(shown.moment.boxes[0, world.ego, :3], shown.moment.poses[0])


def test_the_frozen_cell_is_a_second_old_and_the_black_one_black() -> None:
    cells = {cell.label.split(" ")[-1]: cell.pictures for cell in weather_cells()}
    for name in OURS:
        assert not cells["(black)"][name].any()
        missing = (cells["missing)"][name] != cells["clear"][name]).any(axis=2)
        assert not cells["missing)"][name][missing].any()
        assert 0.2 < missing.mean() < 0.5
        frozen = weather_drive(our_world(name))[BURST - 1]
        assert np.array_equal(cells["s)"][name], driver(frozen))
        assert not np.array_equal(cells["s)"][name], cells["clear"][name])


@pytest.mark.slow
def test_the_document_is_the_generated_one() -> None:
    """When this fails: ``python -m scenarios.contact_sheet --out docs``, and look at the pictures."""
    assert (DOCS / "worlds.md").read_text(encoding="utf-8") == document()
    assert set(STOCK) <= set(IDS)


def farthest_block(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Greatest difference between means over 16 x 16 pixels, which a JPEG keeps and fonts hardly move."""
    height, width = (side // 16 for side in first.shape[:2])
    means = [
        each[: height * 16, : width * 16]
        .reshape(height, 16, width, 16, 3)
        .mean(axis=(1, 3), dtype=np.float64)
        for each in (first, second)
    ]
    return float(np.abs(means[0] - means[1]).max())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "made"), [("worlds.jpg", sheet), ("weathers.jpg", weather_sheet)])
def test_the_pictures_in_the_docs_are_the_generated_ones(name: str, made: Callable[[], Picture]) -> None:
    """When this fails: as above. Digests tell of one pixel, but could stand beside a picture of last year."""
    assert 50_000 < (DOCS / name).stat().st_size < 1_000_000
    shown, picture = np.asarray(Image.open(DOCS / name).convert("RGB")), made()
    assert shown.shape == picture.shape
    assert farthest_block(shown, picture) < 6.0
    cars = picture.copy()
    cars[60:76, 60:76] = 255 - cars[60:76, 60:76]
    assert farthest_block(shown, cars) > 12.0, "a square as small as a car would be noticed"
