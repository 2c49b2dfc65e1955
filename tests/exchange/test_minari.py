"""Minari: what its own classes load is what was recorded, and what comes back is the same, bit for bit."""

from pathlib import Path

import minari
import numpy as np
import pytest
from minari import MinariDataset

import drivebench  # noqa: F401 (registers the environments)
from drivebench.demonstrations import Demonstrations, FrameBatches, read, write
from drivebench.demonstrations.collect import collect
from drivebench.errors import ConfigurationError, DataError
from drivebench.exchange import minari_export
from drivebench.exchange.merge import brought_together
from drivebench.exchange.minari_export import data_set_id, export_minari
from drivebench.exchange.trajectory import STATE_SENSORS, actions_of
from drivebench.sensors import FRONT, MIRROR_LEFT, load_sensor
from drivebench.world import quantise

CONDITION = "dropout"


@pytest.fixture(scope="module")
def mixed() -> Demonstrations:
    """Two scenarios, two conditions, two drivers on one seed."""
    parts = [
        collect(("lane-keeping-v1",), episodes=2, driver="idm"),
        collect(("merge-v1",), episodes=1, driver="idm", condition="fog", first_seed=40),
        collect(("merge-v1",), episodes=1, driver="expert", condition="fog", first_seed=40),
    ]
    return Demonstrations(episodes=tuple(each for part in parts for each in part.episodes))


@pytest.fixture(scope="module")
def exported(mixed: Demonstrations, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("minari") / "mixed-v3"
    export_minari(mixed, out, (*STATE_SENSORS, "front", "mirror-left"))
    return out


def test_minari_loads_it(mixed: Demonstrations, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = MinariDataset(exported / "data")
    assert data_set.id == "drivebench/mixed-v3"
    assert (data_set.total_episodes, data_set.total_steps) == (4, mixed.frames)
    assert set(data_set.observation_space.spaces) == {*STATE_SENSORS, "front", "mirror-left"}
    for name, space in data_set.observation_space.spaces.items():
        assert space == load_sensor(name).space()
    for episode, demonstration in zip(data_set, mixed.episodes, strict=True):
        assert len(episode) == demonstration.frames
        assert np.array_equal(quantise(episode.actions), demonstration.actions)
        assert all(action in data_set.action_space for action in episode.actions)
        first = {name: values[0] for name, values in episode.observations.items()}
        assert first in data_set.observation_space
        assert all(len(values) == demonstration.frames + 1 for values in episode.observations.values())
        assert not (episode.terminations | episode.truncations)[:-1].any()
        assert episode.terminations[-1] != episode.truncations[-1]
        assert "total_steps" in repr(episode)
    root = exported.parent / "root"
    (root / "drivebench").mkdir(parents=True, exist_ok=True)
    (root / "drivebench" / "mixed-v3").symlink_to(exported)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    assert minari.load_dataset("drivebench/mixed-v3").total_episodes == 4
    assert list(minari.list_local_datasets()) == ["drivebench/mixed-v3"]


def test_each_episode_keeps_its_names_and_figures(mixed: Demonstrations, exported: Path) -> None:
    data_set = MinariDataset(exported / "data")
    told = list(data_set.storage.get_episode_metadata(range(4)))
    for metadata, each in zip(told, mixed.episodes, strict=True):
        for name in ("seed", "scenario", "condition", "driver", "score", "success", "world_digest", "digest"):
            assert metadata[name] == getattr(each, name), name
    assert [metadata["split"] for metadata in told] == ["train", "train", "held-out", "held-out"]
    assert data_set.storage.metadata["drivebench"]["digest"] == mixed.digest
    assert data_set.storage.metadata["algorithm_name"] == "expert, idm"


def test_a_part_is_split_as_the_whole_is(mixed: Demonstrations, tmp_path: Path) -> None:
    export_minari(mixed.subset("merge-v1", "idm"), tmp_path / "part", ("speed",), mixed)
    export_minari(mixed.subset("lane-keeping-v1"), tmp_path / "other", ("speed",), mixed)
    for name, expected in (("part", ["held-out"]), ("other", ["train", "train"])):
        storage = MinariDataset(tmp_path / name / "data").storage
        told = storage.get_episode_metadata(range(storage.total_episodes))
        assert [metadata["split"] for metadata in told] == expected


@pytest.mark.parametrize("camera", [FRONT, MIRROR_LEFT])
def test_images_are_lossless(mixed: Demonstrations, exported: Path, camera: object) -> None:
    data_set = MinariDataset(exported / "data")
    assert data_set.storage.jpeg_encoding is False
    seen = np.concatenate([each.observations[camera.name][:-1] for each in data_set])
    frames = FrameBatches(mixed.episodes, cameras=(camera,))
    rendered = frames.batch(np.arange(len(frames)), np.zeros(len(frames), np.int64)).image
    assert seen.std() > 10.0
    assert np.array_equal(seen, rendered)


def test_the_environment_comes_back_and_repeats_every_byte(tmp_path: Path) -> None:
    one = collect(("lane-keeping-v1",), episodes=2, driver="idm", condition=CONDITION, first_seed=7)
    export_minari(one, tmp_path / "one", ("speed", "kinematics", "front"))
    data_set = MinariDataset(tmp_path / "one" / "data")
    environment = data_set.recover_environment()
    told = data_set.storage.get_episode_metadata(range(2))
    for episode, metadata in zip(data_set, told, strict=True):
        observation, _ = environment.reset(seed=metadata["seed"])
        for decision, action in enumerate(episode.actions):
            for name, values in episode.observations.items():
                assert np.array_equal(values[decision], observation[name]), (name, decision)
            observation, reward, terminated, truncated, _ = environment.step(action)
            assert reward == episode.rewards[decision]
            assert terminated == episode.terminations[decision]
            assert truncated == episode.truncations[decision]
        for name, values in episode.observations.items():
            assert np.array_equal(values[-1], observation[name])


def test_the_round_trip_gives_the_same_demonstrations(
    mixed: Demonstrations, exported: Path, tmp_path: Path
) -> None:
    back, left_out = brought_together([str(exported)])
    assert not left_out
    assert back.digest == mixed.digest
    write(mixed, tmp_path / "before")
    write(back, tmp_path / "after")
    for file in (tmp_path / "before").iterdir():
        assert file.read_bytes() == (tmp_path / "after" / file.name).read_bytes()
    assert read(tmp_path / "after").digest == mixed.digest


def test_every_action_survives_as_a_float() -> None:
    every = np.arange(-32767, 32768, dtype=np.int16)
    floats = (np.stack([every, every[::-1]], axis=1) / 32767.0).astype(np.float32)
    assert np.array_equal(quantise(floats)[:, 0], every)

    class Demonstration:
        actions = np.stack([every, every], axis=1)

    assert np.array_equal(quantise(actions_of(Demonstration())), Demonstration.actions)  # type: ignore[arg-type]


def test_the_card_names_the_sensors_and_how_to_load(exported: Path) -> None:
    text = (exported / "README.md").read_text()
    assert "minari.load_dataset('drivebench/mixed-v3')" in text
    assert "| `front` | uint8[3, 64, 160]" in text
    assert str(exported.parent) not in text


def test_a_changed_world_and_a_full_disk_leave_nothing(
    mixed: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    states = mixed.episodes[1].states.copy()
    states[30, 0, 0] += 1
    other = Demonstrations(episodes=(mixed.episodes[0], replace(mixed.episodes[1], states=states)))
    with pytest.raises(DataError, match="1 by idm comes to other states at decision 30"):
        export_minari(other, tmp_path / "other", ("speed",))
    other = Demonstrations(episodes=(replace(mixed.episodes[0], world_digest="0" * 64),))
    with pytest.raises(DataError, match="has changed since it was recorded"):
        export_minari(other, tmp_path / "other", ("speed",))
    longer = replace(
        mixed.episodes[0],
        **{
            name: np.concatenate([getattr(mixed.episodes[0], name)] * 2)
            for name in ("actions", "commands", "states")
        },
    )
    with pytest.raises(DataError, match="ends after 125 of its 250 actions"):
        export_minari(Demonstrations(episodes=(longer,)), tmp_path / "other", ("speed",))

    def disk_full(*_: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(minari_export, "card", disk_full)
    with pytest.raises(OSError, match="no space"):
        export_minari(Demonstrations(episodes=mixed.episodes[:1]), tmp_path / "other", ("speed",))
    assert not list(tmp_path.iterdir())


def test_without_minari_the_error_names_the_extra(
    mixed: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "minari.dataset.minari_storage", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'drivebench\[exchange\]'"):
        export_minari(mixed, tmp_path / "out", ("speed",))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("folder", "identity"),
    [("lanes", "lanes-v0"), ("lanes-v12", "lanes-v12"), ("my lanes.2", "my-lanes-2-v0")],
)
def test_the_folder_gives_the_id(folder: str, identity: str) -> None:
    assert data_set_id(Path("some") / folder) == f"drivebench/{identity}"
