"""Training, small: it learns, it repeats itself, and what it writes is a submission."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from baselines import behavior_cloning, camera_correction, camera_network, fitting
from drivebench import registry
from drivebench.baseline import Baseline, TrainRequest, load_baseline
from drivebench.cli import app
from drivebench.demonstrations import collected, read, write
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.demand import Demand
from drivebench.errors import ConfigurationError, DataError, UnknownNameError
from drivebench.submission import Track, read_submission

METHODS = (behavior_cloning, camera_correction)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    demand = Demand(scenarios=("lane-keeping-v1",), episodes={"tiny": 3})
    return collected(demand, "tiny", tmp_path_factory.mktemp("data"))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Shortens the smoke budget of both methods to a number of steps of 32 images."""

    def shorten(steps: int) -> None:
        for method in METHODS:
            config = method.Config(steps=steps, batch_size=32)
            monkeypatch.setattr(method, "smoke", lambda config=config: config)

    return shorten


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_falls_and_the_submission_loads(
    method: ModuleType, data: Path, tmp_path: Path, short: Callable[[int], None]
) -> None:
    short(100)
    out = tmp_path / "submission"
    report = method.train(TrainRequest(out=out, data=data, budget="smoke"))
    assert report.submission == out
    training = json.loads((out / "training.json").read_text())
    assert training["losses"][-1] < 0.6 * training["losses"][0]
    assert training["demonstrations"]["digest"] == read(data).digest
    assert training["open_loop"] == report.metrics
    assert set(report.metrics) == {
        "steering_r2",
        "acceleration_r2",
        "steering_mae_rad",
        "acceleration_mae_mps2",
        "frames",
    }
    submission = read_submission(out)
    assert submission.manifest.track is Track.CAMERA
    assert [sensor.name for sensor in submission.manifest.sensors] == ["front", "speed", "command"]
    assert (out / "policy.py").read_bytes() == Path(camera_network.__file__).read_bytes()
    policy = camera_network.load(out)
    seen = {
        "front": np.zeros((2, 3, 64, 160), np.uint8),
        "speed": np.ones((2, 1), np.float32),
        "command": np.eye(6, dtype=np.float32)[:2],
    }
    assert policy.act(seen, np.arange(2)).shape == (2, 2)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    method: ModuleType, data: Path, tmp_path: Path, short: Callable[[int], None]
) -> None:
    short(5)
    for name, seed in (("one", 0), ("two", 0), ("other", 1)):
        torch.manual_seed(hash(name) % 1000)  # whatever the caller did before
        method.train(TrainRequest(out=tmp_path / name, data=data, seed=seed, budget="smoke"))
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "other")]
    assert weights[0] != weights[1]


def test_the_two_methods_differ_in_cameras_and_labels_only(data: Path, tmp_path: Path) -> None:
    """On pictures of the front camera alone, both ask the network for the same."""
    from drivebench.demonstrations import FrameBatches
    from drivebench.sensors import FRONT, LEFT, RIGHT

    cameras = (FRONT, LEFT, RIGHT)
    frames = FrameBatches(read(data).episodes, cameras=cameras)
    config = camera_correction.Config(steps=1)
    some = np.arange(0, len(frames), 10)
    front = frames.batch(some, np.zeros(len(some), np.int64))
    assert np.array_equal(camera_correction.targets(front, cameras, config), behavior_cloning.targets(front))
    left = frames.batch(some, np.ones(len(some), np.int64))
    right = frames.batch(some, np.full(len(some), 2))
    wanted = [camera_correction.targets(batch, cameras, config)[:, 0] for batch in (left, front, right)]
    assert (wanted[0] > wanted[1]).all()  # seen from the left, steer more to the right
    assert (wanted[1] > wanted[2]).all()


def test_training_leaves_torch_as_it_was() -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    state = torch.random.get_rng_state()
    with fitting.reproducible(3):
        torch.rand(5)
        assert torch.get_num_threads() == 1
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["idle", "random"])
def test_references_are_submissions_too(name: str, tmp_path: Path) -> None:
    report = load_baseline(name).train(TrainRequest(out=tmp_path / name, data=None))
    assert read_submission(report.submission).manifest.name == name
    assert dict(report.metrics) == {}


@pytest.mark.parametrize("name", ["behavior-cloning", "camera-correction", "idle", "random"])
def test_every_registered_baseline_is_one(name: str) -> None:
    assert name in registry.names("baseline")
    baseline = load_baseline(name)
    assert isinstance(baseline, Baseline)
    assert baseline.name == name


def test_a_misspelt_baseline_budget_or_device_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'behavior-cloning'"):
        load_baseline("behaviour_cloning")
    with pytest.raises(UnknownNameError, match="Did you mean 'smoke'"):
        TrainRequest(out=tmp_path, data=None, budget="smokey")
    with pytest.raises(UnknownNameError, match="'cuda'"):
        TrainRequest(out=tmp_path, data=None, device="cudaa")
    with pytest.raises(ConfigurationError, match="training seed -1"):
        TrainRequest(out=tmp_path, data=None, seed=-1)


def test_no_data_no_training(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="drivebench collect"):
        behavior_cloning.train(TrainRequest(out=tmp_path / "out", data=None))
    with pytest.raises(DataError, match=r"demonstrations\.json"):
        behavior_cloning.train(TrainRequest(out=tmp_path / "out", data=tmp_path / "nothing"))
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(data: Path, tmp_path: Path, short: Callable[[int], None]) -> None:
    short(2)
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="exists already"):
        behavior_cloning.train(TrainRequest(out=tmp_path / "out", data=data, budget="smoke"))


def test_the_command_trains_and_prints_open_loop_figures(
    data: Path, tmp_path: Path, short: Callable[[int], None]
) -> None:
    short(3)
    out = tmp_path / "submission"
    arguments = ["train", "camera-correction", "--data", str(data), "--budget", "smoke", "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "steering R²" in done.output
    assert read_submission(out).manifest.name == "camera-correction"
    assert CliRunner().invoke(app, arguments).exit_code == 1
    misspelt = CliRunner().invoke(app, ["train", "camera-corection", "--out", str(tmp_path / "x")])
    assert misspelt.exit_code == 2
    assert "Did you mean 'camera-correction'" in misspelt.output


def test_the_command_collects_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: Callable[[int], None]
) -> None:
    short(3)
    monkeypatch.chdir(tmp_path)
    demand = Demand(scenarios=("lane-keeping-v1",), episodes={"smoke": 2})
    monkeypatch.setitem(behavior_cloning.BASELINE.__dict__, "demand", demand)
    done = CliRunner().invoke(app, ["train", "behavior-cloning", "--budget", "smoke", "--out", "runs/bc"])
    assert done.exit_code == 0, done.output
    assert len(read(tmp_path / "data" / demand.name("smoke")).episodes) == 2
    assert read_submission(tmp_path / "runs" / "bc")


def test_seeds_of_the_training_file_are_training_seeds(data: Path) -> None:
    assert [episode.seed for episode in read(data).episodes] == [0, 1, 2]


def test_a_subset_is_learnt_from_and_named(tmp_path: Path, short: Callable[[int], None]) -> None:
    short(2)
    demonstrations = collect(("lane-keeping-v1",), episodes=10, driver="idm")
    write(demonstrations, tmp_path / "data")
    whole, part = ({"out": tmp_path / name, "data": tmp_path / "data", "budget": "smoke"} for name in "ab")
    behavior_cloning.train(TrainRequest(**whole))  # type: ignore[arg-type]
    arguments = ["train", "behavior-cloning", "--data", str(tmp_path / "data"), "--budget", "smoke"]
    done = CliRunner().invoke(
        app, [*arguments, "--out", str(part["out"]), "--subset", "idm", "--subset", "50%"]
    )
    assert done.exit_code == 0, done.output
    noted = [json.loads((tmp_path / name / "training.json").read_text()) for name in "ab"]
    assert noted[0]["demonstrations"]["subset"] == []
    assert noted[0]["demonstrations"]["episodes"] == 10
    assert noted[1]["demonstrations"]["subset"] == ["idm", "50%"]
    assert noted[1]["demonstrations"]["episodes"] == 5  # of nine to train on
    assert noted[0]["demonstrations"]["digest"] == noted[1]["demonstrations"]["digest"]
    assert noted[0]["open_loop"]["frames"] == noted[1]["open_loop"]["frames"]  # measured on the same
    manifest = (tmp_path / "b" / "submission.toml").read_text()
    assert "5 episodes of the driver idm" in manifest
    assert "subset idm and 50%" in manifest
    wrong = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "c"), "--subset", "expert"])
    assert wrong.exit_code == 2
    assert "unknown subset 'expert'" in wrong.output
    wrong = CliRunner().invoke(app, ["train", "idle", "--out", str(tmp_path / "c"), "--subset", "expert"])
    assert wrong.exit_code == 2
    assert "learns from no demonstrations" in wrong.output
    assert not (tmp_path / "c").exists()
