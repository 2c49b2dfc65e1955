"""Recording the expert: training seeds only, small on disk, and pictures that come back byte for byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.demonstrations import Demonstrations, FrameBatches, read, write
from drivebench.demonstrations.collect import collect
from drivebench.errors import ConfigurationError, DataError, UnknownNameError
from drivebench.scenario import DEV, TEST, TRAIN, load_scenario
from drivebench.sensors import FRONT, LEFT, RIGHT, Camera, Moments, render
from drivebench.world import WorldBatch

SCENARIOS = ("lane-keeping-v1", "highway-v1")
CAMERAS = (FRONT, LEFT, RIGHT)


@pytest.fixture(scope="module")
def demonstrations() -> Demonstrations:
    return collect(SCENARIOS, episodes=2)


@pytest.fixture(scope="module")
def folder(demonstrations: Demonstrations, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demonstrations") / "data"
    write(demonstrations, path)
    return path


def pictures_while_driving(demonstrations: Demonstrations, camera: Camera) -> np.ndarray:
    """What a camera on the car sees when the recorded actions are driven again in the simulator."""
    pictures = []
    for each in demonstrations.episodes:
        worlds = WorldBatch([load_scenario(each.scenario).episode(each.seed, each.condition).world])
        for action in each.actions:
            pictures.append(render(camera, Moments.from_worlds(worlds, np.array([0])))[0])
            worlds.step(action[None])
    return np.array(pictures)


@pytest.mark.parametrize("camera", [0, 1, 2])
def test_pictures_from_the_folder_are_those_seen_while_driving(
    demonstrations: Demonstrations, folder: Path, camera: int
) -> None:
    frames = FrameBatches(read(folder).episodes, cameras=CAMERAS)
    numbers = np.arange(len(frames))
    stored = frames.batch(numbers, np.full(len(frames), camera)).image
    seen = pictures_while_driving(demonstrations, CAMERAS[camera])
    assert seen.std() > 10.0
    assert np.array_equal(stored, seen)


def test_actions_commands_and_speeds_come_with_their_picture(folder: Path) -> None:
    stored = read(folder)
    frames = FrameBatches(stored.episodes, cameras=(FRONT,))
    second = stored.episodes[0].frames + 3  # the fourth frame of the second episode
    batch = frames.batch(np.array([second]), np.array([0]))
    episode = stored.episodes[1]
    assert batch.acceleration_mps2[0] == episode.actions[3, 0] / 32767 * 5.0
    assert batch.steering_rad[0] == pytest.approx(episode.actions[3, 1] / 32767 * np.pi / 4, abs=1e-12)
    assert batch.speed[0, 0] == np.float32(episode.trajectories[3, episode.ego, 3])
    assert batch.command[0].tolist() == np.eye(6)[episode.commands[3]].tolist()


def test_the_same_request_records_the_same(demonstrations: Demonstrations) -> None:
    assert collect(SCENARIOS, episodes=2).digest == demonstrations.digest
    assert collect(SCENARIOS, episodes=2, first_seed=1).digest != demonstrations.digest


def test_the_expert_succeeds(demonstrations: Demonstrations) -> None:
    assert all(episode.success for episode in demonstrations.episodes)
    assert min(episode.score for episode in demonstrations.episodes) > 90.0


def test_twenty_thousand_frames_fit_in_twenty_megabytes(
    demonstrations: Demonstrations, tmp_path: Path
) -> None:
    # with 20 to 50 cars a motorway is the most expensive
    motorway = tuple(e for e in demonstrations.episodes if e.scenario == "highway-v1")
    assert min(len(episode.kinds) for episode in motorway) >= 10
    write(Demonstrations(episodes=motorway), tmp_path / "motorway")
    size = sum(file.stat().st_size for file in (tmp_path / "motorway").iterdir())
    assert size / sum(episode.frames for episode in motorway) < 1000.0


def test_only_training_seeds_are_recorded() -> None:
    with pytest.raises(ConfigurationError, match="training seed"):
        collect(SCENARIOS, episodes=1, first_seed=DEV.start)
    with pytest.raises(ConfigurationError, match="training seed"):
        collect(SCENARIOS, episodes=1, first_seed=TEST.start)
    with pytest.raises(ConfigurationError, match="training seed"):
        collect(SCENARIOS, episodes=2, first_seed=TRAIN.stop - 1)
    with pytest.raises(ConfigurationError, match="no split"):
        collect(SCENARIOS, episodes=1, first_seed=-1)
    with pytest.raises(ConfigurationError, match="at least one"):
        collect(SCENARIOS, episodes=0)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="lane-keeping-v1"):
        collect(("lanekeeping-v1",), episodes=1)
    with pytest.raises(UnknownNameError, match="'expert'"):
        collect(SCENARIOS, episodes=1, driver="expret")


def test_a_scenario_that_has_changed_is_noticed(demonstrations: Demonstrations) -> None:
    other = replace(demonstrations.episodes[0], world_digest="0" * 64)
    with pytest.raises(DataError, match=r"lane-keeping-v1/nominal/0.*scenario has changed"):
        FrameBatches((other,), cameras=(FRONT,))


def test_cameras_of_several_sizes_are_refused(demonstrations: Demonstrations) -> None:
    with pytest.raises(ConfigurationError, match="same size"):
        FrameBatches(demonstrations.episodes, cameras=(FRONT, Camera(name="small", height=32)))
    with pytest.raises(ConfigurationError, match="none"):
        FrameBatches(demonstrations.episodes, cameras=())


def test_the_command_writes_a_folder_and_says_what_is_in_it(tmp_path: Path) -> None:
    out = tmp_path / "data"
    arguments = ["collect", "--scenario", "lane-keeping-v1", "--episodes", "1", "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "125 frames" in done.output
    assert read(out).drivers == ("expert",)
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output
