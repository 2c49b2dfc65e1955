"""The network of the baselines without code of the submission: it drives as its own code does."""

import importlib
import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baselines import architecture, driving_network
from baselines.driving_network import DrivingNetwork, Spec
from drivebench import architectures
from drivebench.errors import UnknownNameError
from drivebench.evaluation.competitor import of_submission
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.submission import read_submission
from drivebench.submission_codes import Code, ContentError

SPEC = Spec(view="kinematics", memory="gru", width=16)
SHAPES = {"kinematics": (8, 5), "route-geometry": (10,), "goal-pose": (5,), "speed": (1,), "command": (6,)}
SLOTS = 3


def written(folder: Path, spec: Spec = SPEC) -> Path:
    """A weights-only submission."""
    folder.mkdir()
    sensors = json.dumps(list(spec.sensors))
    (folder / "submission.toml").write_text(
        f'name = "x"\nauthors = ["A"]\ntraining_data = "none"\nsensors = {sensors}\n'
        'architecture = "driving-network-v1"\n'
    )
    torch.manual_seed(0)
    network = DrivingNetwork(spec)
    spec.write(folder)
    save_file(network.state_dict(), folder / "weights.safetensors")
    return folder


def test_it_drives_as_its_code_does_and_nothing_of_the_directory_runs(tmp_path: Path) -> None:
    directory = written(tmp_path / "s")
    for name in ("torch", "policy", "baselines", "timm"):
        (directory / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    submission = read_submission(directory)
    card = of_submission(submission).card
    assert (card.form, card.track) == ("architecture driving-network-v1", "kinematics")
    rng = np.random.default_rng(0)
    shapes = {name: ("<f4", (SLOTS, *shape)) for name, shape in SHAPES.items()}
    observations = [
        {name: rng.normal(size=shape).astype(np.float32) for name, (_, shape) in shapes.items()}
        for _ in range(3)
    ]
    own = driving_network.load(directory)
    own.reset(np.arange(SLOTS))
    limits = Limits(start_up_s=300.0, decision_s=60.0)
    with PolicyProcess(submission, Layout.of(shapes, []), SLOTS, limits, choose()) as process:
        process.load(seed=0)
        process.reset(np.arange(SLOTS))
        for observation in observations:
            for name, values in observation.items():
                process.observation[name][:] = values
            assert np.array_equal(process.act({}), own.act(observation, np.arange(SLOTS)))
    assert not (tmp_path / "ran").exists()


REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([], "settings"),
    "a setting that there is not": ({"view": "kinematics", "pretrained": True}, "pretrained"),
    "a number as a text": ({"width": "16"}, "width"),
    "a truth as a number": ({"width": True}, "width"),
    "a choice that there is not": ({"view": "lidar"}, "lidar"),
    "a huge network": ({"width": 1 << 30}, "1073741824"),
    "a long stack": ({"memory": "stack", "frames": 10_000}, "10000"),
    "an encoder from the network": ({"encoder": "hf-hub:somebody/something"}, "hf-hub"),
    "an encoder from a folder": ({"encoder": "local-dir:/tmp"}, "local-dir"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_settings_of_no_network_are_refused(what: str, tmp_path: Path) -> None:
    settings, named = REFUSED[what]
    directory = written(tmp_path / "s")
    (directory / "network.json").write_text(json.dumps(settings))
    with pytest.raises(ContentError, match=named) as caught:
        architecture.load(directory)
    assert caught.value.code is Code.NETWORK


@pytest.mark.parametrize("text", ["", "{" * 1000, '"', "[" * 100_000, " " * 70_000])
def test_settings_that_are_no_json_are_refused(text: str, tmp_path: Path) -> None:
    directory = written(tmp_path / "s")
    (directory / "network.json").write_text(text)
    with pytest.raises(ContentError, match=r"network\.json"):
        architecture.load(directory)


def test_every_registered_architecture_is_a_function_that_loads() -> None:
    names = [entry.name for entry in entry_points(group=architectures.GROUP)]
    assert "driving-network-v1" in names
    for name in names:
        module, _, function = architectures.where(name).partition(":")
        assert callable(getattr(importlib.import_module(module), function))
    with pytest.raises(UnknownNameError, match="Did you mean 'driving-network-v1'"):
        architectures.where("driving-network")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    directory = written(tmp_path / "s")
    Spec(view="kinematics", memory="gru", width=17).write(directory)
    with pytest.raises(ContentError, match="does not fit") as caught:
        architecture.load(directory)
    assert caught.value.code is Code.NETWORK
