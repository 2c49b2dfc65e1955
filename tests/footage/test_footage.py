"""Pictures and videos: what is in them, how large they are, and that a replay is what was driven."""

import json
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.footage import (
    driver_scene,
    film_actions,
    film_driver,
    replay_scene,
    replay_video,
    top_scene,
    write_video,
)
from drivebench.metric.measurement import Ending
from drivebench.scenario import Episode, load_scenario
from drivebench.sensors import FRONT, GroundMap, Moments, render
from drivebench.sensors.topview import EGO, MARK, TopView, Window, window_around
from drivebench.world import WorldBatch, quantise
from drivebench.world.clock import SIMULATION_HZ, SUBSTEPS


def episode(scenario: str = "lane-keeping-v1", seed: int = 4) -> Episode:
    return load_scenario(scenario).episode(seed)


def frames_of(path: Path) -> tuple[tuple[int, int], list[NDArray[np.uint8]]]:
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    width, height = meta["size"]
    return (width, height), [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]


def test_footage_is_what_the_world_does() -> None:
    driven = episode("highway-v1")
    actions = quantise(np.random.default_rng(0).uniform(-0.01, 0.01, (6, 2)))
    footage = film_actions("somebody", driven, actions)
    worlds = WorldBatch([driven.world])
    assert len(footage) == 1 + 6 * SUBSTEPS
    assert np.array_equal(footage.states[0, :, 0], worlds.x[0])
    for step, action in enumerate(actions):
        worlds.step(action[None])
        for column, view in enumerate((worlds.x, worlds.y, worlds.heading, worlds.speed)):
            assert np.array_equal(footage.states[(step + 1) * SUBSTEPS, :, column], view[0])
    slots = np.zeros(1, np.int64)
    seen = render(FRONT, Moments.from_worlds(worlds, slots))
    assert np.array_equal(render(FRONT, footage.moment(len(footage) - 1)), seen)


def test_footage_ends_with_the_episode() -> None:
    """A car that only steers leaves the road; what happens afterwards is not shown."""
    lost = film_actions("lost", episode(), quantise([[0.5, 0.4]] * 60))
    assert lost.measurement.ended_by is Ending.OFF_ROAD
    assert lost.duration_s == pytest.approx(lost.measurement.duration_s)
    assert len(lost) < 1 + 60 * SUBSTEPS
    assert (np.diff(lost.progress_m) >= -1.0).all()


def test_drivers_by_name() -> None:
    assert film_driver(episode(), "idle", duration_s=1.0).duration_s == pytest.approx(1.0)
    followed = film_driver(episode(), "idm", duration_s=2.0)
    assert followed.progress_m[-1] > 5.0
    with pytest.raises(UnknownNameError, match="Did you mean 'expert'"):
        film_driver(episode(), "exprt", duration_s=1.0)
    with pytest.raises(ConfigurationError, match="expected more than 0"):
        film_driver(episode(), "idle", duration_s=0.0)


def test_driver_scene_shows_what_a_policy_gets() -> None:
    footage = film_driver(episode("highway-v1"), "idle", duration_s=1.0)
    picture = driver_scene(footage, 5)
    assert picture.shape[1] > 3 * 3 * FRONT.width
    front = render(FRONT, footage.moment(5))[0].transpose(1, 2, 0).repeat(3, axis=0).repeat(3, axis=1)
    found = np.lib.stride_tricks.sliding_window_view(picture, front.shape)[..., 0, :, :, :]
    assert any((each == front).all() for each in found[:, 486:494].reshape(-1, *front.shape))
    taller = driver_scene(footage, 5, mirrors=True)
    assert taller.shape[0] > picture.shape[0]
    assert taller.shape[1] == picture.shape[1]


def test_top_scene_is_one_map_for_all_frames() -> None:
    footage = film_driver(episode("merge-v1"), "idm", duration_s=2.0)
    first, last = top_scene(footage, 0), top_scene(footage, len(footage) - 1)
    assert first.shape == last.shape
    changed = (first != last).any(axis=-1)
    assert 0 < changed.mean() < 0.2


def test_a_point_of_the_plane_is_where_the_window_says() -> None:
    """The ego's paint lies on its pixel; marks lie on the lane's edge, also when the map is turned."""
    footage = film_driver(episode("highway-v1"), "idle", duration_s=0.2)
    box = footage.boxes(0)[footage.ego]
    for heading in (-np.pi / 2, 0.0, 0.7):
        window = Window(
            x_m=box[0] + 6.0, y_m=box[1] - 9.0, heading_rad=heading, m_per_px=0.1, width=500, height=400
        )
        view = TopView(window=window, ground=footage.ground)
        column, row = np.floor(window.pixels(box[:2])).astype(int)
        picture = view.render(boxes=footage.boxes(0), looks=footage.looks, ego=box)
        assert tuple(picture[row, column]) == EGO
        road = view.render(boxes=footage.boxes(0)[:0], looks=footage.looks[:0])
        line = np.stack(
            (np.linspace(box[0], box[0] + 12.0, 60), np.full(60, _edge_y(footage.episode))), axis=-1
        )
        at = np.floor(window.pixels(line)).astype(int)
        inside = ((at >= 1) & (at < (499, 399))).all(axis=1)
        assert inside.sum() > 20
        assert (np.abs(road[at[inside, 1], at[inside, 0]].astype(int) - MARK) < 40).all()


def _edge_y(driven: Episode) -> float:
    """The left edge of the road, a continuous line."""
    network = driven.world.network
    return min(
        network.position(lane, 100.0, -network.width_m(lane) / 2)[1]
        for lane in range(len(network.lane_index))
    )


def test_window_around_holds_all_points() -> None:
    points = np.random.default_rng(2).uniform(-80, 300, (50, 2))
    window = window_around(points, width=320, height=200, margin_m=3.0)
    at = window.pixels(points)
    assert ((at > 0) & (at < (320, 200))).all()
    with pytest.raises(ConfigurationError, match="expected up to 8192"):
        Window(x_m=0.0, y_m=0.0, width=0)


def test_ground_is_not_needed_anew_for_each_picture() -> None:
    driven = episode()
    footage = film_driver(driven, "idle", duration_s=0.2)
    assert footage.ground is GroundMap.of(driven.world.network)


def test_replay_video_is_small_and_lasts_as_long_as_the_longest(tmp_path: Path) -> None:
    driven = episode()
    keeping = film_driver(driven, "idm", duration_s=4.0)
    straight = quantise([[0.2, 0.0]] * 20)
    path = tmp_path / "new" / "replay.mp4"
    replay_video(driven, {"straight on": straight, "also": straight[:5]}, path)
    size, frames = frames_of(path)
    lost = film_actions("straight on", driven, straight)
    scene = replay_scene([lost, keeping], 3)
    assert size == (scene.shape[1], scene.shape[0])
    assert len(frames) == len(lost) + SIMULATION_HZ
    assert path.stat().st_size < 25_000 * len(frames) / SIMULATION_HZ
    assert frames[0].std() > 20
    assert np.abs(frames[0].astype(int) - replay_scene([lost, lost], 0)).mean() < 12


def test_videos_need_pictures(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least one"):
        write_video(lambda frame: np.zeros((8, 8, 3), np.uint8), 0, tmp_path / "a.mp4")
    with pytest.raises(ConfigurationError, match="at least one"):
        replay_video(episode(), {}, tmp_path / "a.mp4")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["show", *arguments])
    return result.exit_code, result.output


def test_show_writes_pictures_and_videos(tmp_path: Path) -> None:
    top, film = tmp_path / "top.png", tmp_path / "film.mp4"
    start = ("roundabout-v1", "--seed", "5", "--driver", "idm")
    assert run(*start, "--view", "top", "--at", "2", "--out", str(top))[0] == 0
    assert Image.open(top).size[0] > 800
    assert run(*start, "--duration", "1", "--mirrors", "--out", str(film))[0] == 0
    assert len(frames_of(film)[1]) == 1 + 2 * SIMULATION_HZ


def test_show_in_another_weather(tmp_path: Path) -> None:
    start = ("merge-v1", "--seed", "5", "--driver", "idle", "--at", "0.4")
    light = {}
    for weather in ("clear", "night"):
        out = tmp_path / f"{weather}.png"
        assert run(*start, "--weather", weather, "--out", str(out))[0] == 0
        light[weather] = np.asarray(Image.open(out))[40:].mean()
    assert run(*start, "--condition", "night", "--out", str(tmp_path / "condition.png"))[0] == 0
    by_condition = np.asarray(Image.open(tmp_path / "condition.png"))[40:]
    assert np.array_equal(by_condition, np.asarray(Image.open(tmp_path / "night.png"))[40:])
    assert light["night"] < 0.5 * light["clear"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("roundabot-v1", "--out", "a.png"), "roundabout-v1"),
        (("roundabout-v1", "--out", "a.bmp"), ".mp4"),
        (("roundabout-v1", "--out", "a.png", "--duration", "3"), "--duration says nothing"),
        (("roundabout-v1", "--out", "a.mp4", "--at", "3"), "--at says nothing"),
        (("data/none", "--out", "a.png", "--episode", "0"), "neither a folder of demonstrations nor a run"),
        (("data/none", "--out", "a.png", "--episode", "0", "--seed", "3"), "--seed says nothing"),
        (("roundabout-v1", "--out", "a.png", "--view", "topp"), "'top'"),
        (("roundabout-v1", "--out", "a.png", "--driver", "exprt"), "'expert'"),
        (("roundabout-v1", "--out", "a.png", "--condition", "nominl"), "'nominal'"),
        (("roundabout-v1", "--out", "a.png", "--weather", "nigt"), "'night'"),
        (("roundabout-v1", "--out", "a.png", "--view", "top", "--weather", "fog"), "--weather says nothing"),
        (("roundabout-v1", "--out", "a.png", "--at", "-1"), "--at"),
        (("roundabout-v1", "--out", "a.png", "--view", "top", "--mirrors"), "leave out"),
        (("roundabout-v1", "--out", "a.png", "--run", "runs/a", "--view", "driver"), "--view says nothing"),
        (("roundabout-v1", "--out", "a.png", "--run", "runs/a", "--driver", "idm"), "--driver says nothing"),
        (("roundabout-v1", "--out", "a.png", "--run", "runs/a", "--mirrors"), "--mirrors says nothing"),
    ],
)
def test_show_explains_itself(options: tuple[str, ...], message: str) -> None:
    code, output = run(*options)
    assert code == cli.WRONG_USAGE
    assert message in output


@pytest.mark.slow
def test_show_replays_runs_side_by_side(tmp_path: Path) -> None:
    """Two reference drivers on the smoke suite, then one of its episodes of both."""
    for who in ("idle", "idm"):
        command = ["evaluate", who, "--suite", "smoke", "--scenario", "lane-keeping-v1", "--limit", "1"]
        result = CliRunner().invoke(cli.app, [*command, "--workers", "1", "--out", str(tmp_path / who)])
        assert result.exit_code == 0, result.output
    key = json.loads((tmp_path / "idle" / "episodes.jsonl").read_text().splitlines()[0])
    start = (key["scenario"], "--condition", key["condition"], "--seed", str(key["seed"]))
    runs = ("--run", str(tmp_path / "idle"), "--run", str(tmp_path / "idm"))
    assert run(*start, *runs, "--out", str(tmp_path / "replay.png"))[0] == 0
    assert run(*start, *runs, "--duration", "1", "--out", str(tmp_path / "replay.mp4"))[0] == 0
    picture = np.asarray(Image.open(tmp_path / "replay.png"))
    assert frames_of(tmp_path / "replay.mp4")[0] == (picture.shape[1], picture.shape[0])
    code, output = run(key["scenario"], "--seed", "77", *runs, "--out", str(tmp_path / "b.png"))
    assert code == cli.WRONG_USAGE
    assert "unknown episode" in output
