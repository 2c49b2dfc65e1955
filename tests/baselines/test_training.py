"""Training, small: it learns, repeats itself, goes on after a stop, and what it writes is a submission."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from baselines import driving_network, trainer
from baselines.phase import Phase
from baselines.reproducible import reproducible
from drivebench import registry
from drivebench.baseline import Baseline, TrainReport, TrainRequest, load_baseline
from drivebench.cli import app
from drivebench.demonstrations import collected, read, write
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.demand import Demand
from drivebench.errors import ConfigurationError, DataError, UnknownNameError
from drivebench.submission import Track, read_submission

SHORT: dict[str, dict[str, str]] = {
    "behavior-cloning": {},
    "behavior-cloning-kinematics": {},
    "augmented-cloning": {},
    "camera-correction": {"shift_m": "0.5", "turn_deg": "3"},
    "frame-stack": {},
    "recurrent": {"streams": "2", "window": "8"},
    "dagger": {"steps_last": "3", "memory": "lstm", "streams": "2", "window": "8"},
    "dagger-kinematics": {
        "iterations": "2",
        "steps_again": "2",
        "steps_last": "3",
        "teacher_share": "0.5",
    },
    "privileged-distillation": {
        "steps_last": "2",
        "teacher_steps": "3",
        "teacher_steps_again": "2",
        "command": "branches",
        "side_task": "0.5",
    },
}
"""Methods that learn, and settings that make them short; all learn for six steps of eight pictures."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    demand = Demand(scenarios=("lane-keeping-v1",), episodes={"tiny": 3})
    return collected(demand, "tiny", tmp_path_factory.mktemp("data"))


def train(name: str, data: Path | None, out: Path, seed: int = 0, **settings: str) -> TrainReport:
    short = {"steps": "6", "batch_size": "8", **SHORT[name], **settings}
    request = TrainRequest(out=out, data=data, seed=seed, budget="smoke", settings=short)
    return load_baseline(name).train(request)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", SHORT)
def test_what_is_written_is_a_submission_that_drives(name: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "submission"
    report = train(name, data, out)
    assert report.submission == out
    assert report.speed["samples_per_s"] > 0.0
    assert 0.0 <= report.speed["waiting"] <= 1.0
    training = json.loads((out / "training.json").read_text())
    assert training["demonstrations"]["digest"] == read(data).digest
    assert training["open_loop"] == report.metrics
    assert set(report.metrics) == {
        "steering_r2",
        "acceleration_r2",
        "steering_mae_rad",
        "acceleration_mae_mps2",
        "frames",
    }
    own = sum(training["labelled_on_own_drives"].values())
    assert (own > 0) == (name in {"dagger", "dagger-kinematics", "privileged-distillation"})
    submission = read_submission(out)
    kinematics = name.endswith("kinematics")
    assert submission.manifest.track is (Track.KINEMATICS if kinematics else Track.CAMERA)
    assert (out / "policy.py").read_bytes() == Path(driving_network.__file__).read_bytes()
    assert not list(tmp_path.glob(".*"))  # nothing is left of the work
    policy = driving_network.load(out)
    assert [sensor.name for sensor in submission.manifest.sensors] == list(policy.sensors)


def test_the_loss_falls(data: Path, tmp_path: Path) -> None:
    train("behavior-cloning", data, tmp_path / "out", steps="150", batch_size="16")
    losses = json.loads((tmp_path / "out" / "training.json").read_text())["losses"]["cloning"]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("name", ["augmented-cloning", "recurrent", "dagger-kinematics"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    name: str, data: Path, tmp_path: Path
) -> None:
    for folder, seed in (("one", 0), ("two", 0), ("other", 1)):
        torch.manual_seed(hash(folder) % 1000)  # whatever the caller did before
        train(name, data, tmp_path / folder, seed)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    weights = [files(tmp_path / folder)["weights.safetensors"] for folder in ("one", "other")]
    assert weights[0] != weights[1]


class StoppedError(Exception):
    pass


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("augmented-cloning", {"answer": "gaussian"}),
        ("recurrent", {"memory": "lstm"}),
        ("dagger", {"side_task": "0.5"}),
    ],
)
def test_an_interrupted_training_goes_on_to_the_same_bytes(
    name: str, settings: dict[str, str], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(name, data, tmp_path / "whole", **settings)
    monkeypatch.setattr(trainer, "CHECKPOINT_S", 0.0)
    step = Phase.step
    taken = 0

    def stop_now_and_then(self: Any, *arguments: Any) -> Any:
        nonlocal taken
        taken += 1
        if taken % 4 == 0:
            raise StoppedError
        return step(self, *arguments)

    monkeypatch.setattr(Phase, "step", stop_now_and_then)
    stops = 0
    while not (tmp_path / "parts").exists():
        try:
            train(name, data, tmp_path / "parts", **settings)
        except StoppedError:
            stops += 1
            assert not (tmp_path / "parts").exists()
    assert stops >= 1
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_another_request_does_not_go_on_with_what_was_begun(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Phase.step

    def stop(self: Any, number: int, *arguments: Any) -> Any:
        if number == 3:
            raise StoppedError
        return step(self, number, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(trainer, "CHECKPOINT_S", 0.0)
        patched.setattr(Phase, "step", stop)
        with pytest.raises(StoppedError):
            train("behavior-cloning", data, tmp_path / "out")
    with pytest.raises(ConfigurationError, match=r"steps was 6, now 7. Give the same arguments to go on"):
        train("behavior-cloning", data, tmp_path / "out", steps="7")
    train("behavior-cloning", data, tmp_path / "out")


def test_a_damaged_checkpoint_is_told(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_S", 0.0)
    step, taken = Phase.step, 0

    def stop(self: Any, *arguments: Any) -> Any:
        nonlocal taken
        taken += 1
        if taken == 3:
            raise StoppedError
        return step(self, *arguments)

    monkeypatch.setattr(Phase, "step", stop)
    with pytest.raises(StoppedError):
        train("behavior-cloning", data, tmp_path / "out")
    checkpoint = tmp_path / ".out.training" / "cloning.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged"):
        train("behavior-cloning", data, tmp_path / "out")


def test_settings_are_checked(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'batch_size'"):
        train("behavior-cloning", data, tmp_path / "out", batchsize="3")
    for settings, match in (
        ({"steps": "many"}, "whole number"),
        ({"steps": "0"}, "positive"),
        ({"mirrors": "yes"}, "true or false"),
        ({"memory": "stack"}, "two frames or more"),
        ({"command": "flim"}, "film, branches, add"),
        ({"encoder": "resnet-none"}, "timm"),
        ({"side_task": "-1"}, "a weight, 0 or more"),
        ({"side_task": "1", "view": "kinematics"}, "expected the view 'camera'"),
        ({"encoder": "resnet18", "encoder_weights": "nowhere.safetensors"}, "there is no file"),
    ):
        with pytest.raises(ConfigurationError, match=match):
            train("behavior-cloning", data, tmp_path / "out", **settings)
    with pytest.raises(ConfigurationError, match="expected 0 for this method"):
        train("camera-correction", data, tmp_path / "out", side_task="1")
    with pytest.raises(UnknownNameError, match="augmentation"):
        train("augmented-cloning", data, tmp_path / "out", augment="jiter")


def test_a_backbone_starts_from_the_weights_of_a_file(data: Path, tmp_path: Path) -> None:
    import timm
    from safetensors.torch import load_file, save_file

    torch.manual_seed(5)
    backbone = timm.create_model("resnet10t", num_classes=0)
    save_file(backbone.state_dict(), tmp_path / "weights.safetensors")
    settings = {"encoder": "resnet10t", "encoder_weights": str(tmp_path / "weights.safetensors")}
    train("behavior-cloning", data, tmp_path / "out", steps="1", learning_rate="0", **settings)
    learnt = load_file(tmp_path / "out" / "weights.safetensors")
    assert torch.equal(learnt["front.backbone.conv1.0.weight"], backbone.state_dict()["conv1.0.weight"])


def test_training_leaves_torch_as_it_was() -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    state = torch.random.get_rng_state()
    with reproducible(3):
        torch.rand(5)
        assert torch.get_num_threads() == 1
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["idle", "random"])
def test_references_are_submissions_too(name: str, tmp_path: Path) -> None:
    report = load_baseline(name).train(TrainRequest(out=tmp_path / name, data=None))
    assert read_submission(report.submission).manifest.name == name
    assert dict(report.metrics) == {}


@pytest.mark.parametrize("name", [*SHORT, "idle", "random"])
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


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="torch finds none"):
        load_baseline("recurrent").train(TrainRequest(out=tmp_path / "out", data=data, device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("name", ["behavior-cloning", "recurrent", "dagger"])
def test_a_gpu_trains_the_same_method(name: str, data: Path, tmp_path: Path) -> None:
    short = {"steps": "6", "batch_size": "8", **SHORT[name]}
    request = TrainRequest(out=tmp_path / "out", data=data, budget="smoke", settings=short, device="cuda")
    report = load_baseline(name).train(request)
    assert np.isfinite(report.metrics["steering_mae_rad"])


def test_no_data_no_training(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="drivebench collect"):
        train("behavior-cloning", None, tmp_path / "out")
    with pytest.raises(DataError, match=r"demonstrations\.json"):
        train("behavior-cloning", tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="exists already"):
        train("behavior-cloning", data, tmp_path / "out")


def test_the_command_trains_and_prints_open_loop_figures(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "submission"
    arguments = ["train", "camera-correction", "--data", str(data), "--budget", "smoke", "--out", str(out)]
    done = CliRunner().invoke(app, [*arguments, "--set", "steps=3"])
    assert done.exit_code == 0, done.output
    assert "steering R²" in done.output
    assert "samples/s" in done.output
    assert read_submission(out).manifest.name == "camera-correction"
    assert CliRunner().invoke(app, arguments).exit_code == 1
    misspelt = CliRunner().invoke(app, ["train", "camera-corection", "--out", str(tmp_path / "x")])
    assert misspelt.exit_code == 2
    assert "Did you mean 'camera-correction'" in misspelt.output
    odd = CliRunner().invoke(app, [*arguments[:-1], str(tmp_path / "x"), "--set", "steps"])
    assert odd.exit_code == 2
    assert "NAME=VALUE" in odd.output


def test_the_command_collects_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    demand = Demand(scenarios=("lane-keeping-v1",), episodes={"smoke": 2})
    monkeypatch.setitem(load_baseline("behavior-cloning").__dict__, "demand", demand)
    short = ["--set", "steps=3", "--set", "batch_size=8"]
    done = CliRunner().invoke(
        app, ["train", "behavior-cloning", "--budget", "smoke", "--out", "runs/bc", *short]
    )
    assert done.exit_code == 0, done.output
    assert len(read(tmp_path / "data" / demand.name("smoke")).episodes) == 2
    assert read_submission(tmp_path / "runs" / "bc")


def test_a_subset_is_learnt_from_and_named(tmp_path: Path) -> None:
    demonstrations = collect(("lane-keeping-v1",), episodes=10, driver="idm")
    write(demonstrations, tmp_path / "data")
    train("behavior-cloning", tmp_path / "data", tmp_path / "a", steps="2")
    arguments = ["train", "behavior-cloning", "--data", str(tmp_path / "data"), "--budget", "smoke"]
    arguments += ["--set", "steps=2"]
    done = CliRunner().invoke(
        app, [*arguments, "--out", str(tmp_path / "b"), "--subset", "idm", "--subset", "50%"]
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


def test_the_method_of_the_documentation_learns(data: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
    source = page.split("```python\n")[1].split("```")[0]
    module: dict[str, Any] = {"__name__": "my_method"}
    exec(compile(source, "docs/baselines.md", "exec"), module)
    request = TrainRequest(out=tmp_path / "out", data=data, budget="smoke", settings={"steps": "2"})
    module["BASELINE"].train(request)
    training = json.loads((tmp_path / "out" / "training.json").read_text())
    assert list(training["losses"]) == ["cloning", "again"]
    assert training["labelled_on_own_drives"]["drive"] > 0
