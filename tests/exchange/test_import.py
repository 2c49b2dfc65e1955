"""What can be imported, and what is refused with a reason."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import h5py
import numpy as np
import pytest
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

import drivebench  # noqa: F401 (registers the environments)
from drivebench.demonstrations import Demonstrations, write
from drivebench.demonstrations.collect import collect
from drivebench.errors import ConfigurationError, DataError, UnknownNameError
from drivebench.exchange.merge import brought_together
from drivebench.exchange.minari_export import export_minari

ID = "drivebench/lane-keeping-v1"
SEED = 4_000_003  # of a generator that knows nothing of splits; the environment counts it within its split
Drive = Callable[[int], np.ndarray]


@pytest.fixture(scope="module")
def recorded() -> Demonstrations:
    return collect(("lane-keeping-v1",), episodes=2, driver="idm")


@pytest.fixture
def exported(recorded: Demonstrations, tmp_path: Path) -> Path:
    export_minari(recorded, tmp_path / "exported", ("speed",))
    return tmp_path / "exported"


def test_a_teachers_labels_stay_behind(recorded: Demonstrations, tmp_path: Path) -> None:
    first = recorded.episodes[0]
    labelled = Demonstrations(episodes=(replace(first, labels=-first.actions),))
    export_minari(labelled, tmp_path / "exported", ("speed",))
    (again,) = brought_together([str(tmp_path / "exported")])[0].episodes
    assert again.labels is None
    assert again.digest == first.digest


def driven_by_hand(
    out: Path,
    *,
    actions: Drive = lambda _: np.array([0.1, 0.0], np.float32),
    seed: int | None = SEED,
    at_most: int = 1000,
    sensors: tuple[str, ...] = ("speed", "command"),
    spec: dict[str, Any] | None = None,
    told: dict[str, Any] | None = None,
    **kwargs: object,
) -> Path:
    """A Minari data set of one episode, as somebody records it who knows gymnasium and Minari only."""
    environment = gymnasium.make(ID, sensors=list(sensors), **kwargs)
    observation, _ = environment.reset(seed=seed)
    seen, done, rewards, ends = [observation], [], [], []
    while len(done) < at_most and not (ends and any(ends[-1])):
        done.append(actions(len(done)))
        observation, reward, terminated, truncated, _ = environment.step(done[-1])
        seen.append(observation)
        rewards.append(reward)
        ends.append((terminated, truncated))
    storage = MinariStorage.new(
        out,
        observation_space=environment.observation_space,
        action_space=environment.action_space,
        env_spec=environment.spec if spec is None else gymnasium.envs.registration.EnvSpec(**spec),
    )
    storage.update_metadata({"dataset_id": "by/hand-v0", "minari_version": "0.5.4", **(told or {})})
    buffer = EpisodeBuffer(
        seed=seed,
        observations={name: np.stack([each[name] for each in seen]) for name in sensors},
        actions=np.stack(done),
        rewards=rewards,
        terminations=[end[0] for end in ends],
        truncations=[end[1] for end in ends],
        infos={},
    )
    storage.update_episodes([buffer])
    return out


def test_what_was_recorded_from_our_environment_can_be_imported(tmp_path: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand", condition="night", told={"algorithm_name": "ada"})
    demonstrations, left_out = brought_together([str(folder)])
    assert not left_out
    (episode,) = demonstrations.episodes
    assert (episode.scenario, episode.condition, episode.seed) == ("lane-keeping-v1", "night", 3)
    assert episode.driver == "ada"
    assert 0 < episode.frames <= 125
    assert not episode.success  # straight on, on a winding road
    assert episode.actions[0].tolist() == [round(0.1 * 32767), 0]


def test_who_drove_can_be_said(tmp_path: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand")
    assert brought_together([str(folder)])[0].drivers == ("imported",)
    assert brought_together([str(folder)], "grace")[0].drivers == ("grace",)
    with pytest.raises(DataError, match="name of its own"):
        brought_together([str(folder)], "better")


def test_an_unfinished_log_is_left_out_and_named(tmp_path: Path, exported: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand", at_most=5)
    with pytest.raises(DataError, match="all of 1 action logs stop before"):
        brought_together([str(folder)])
    demonstrations, left_out = brought_together([str(exported), str(folder)])
    assert len(demonstrations.episodes) == 2
    assert [log.origin for log in left_out] == [f"{folder}, episode 0"]


def test_folders_are_put_together_in_order(recorded: Demonstrations, exported: Path, tmp_path: Path) -> None:
    more = collect(("lane-keeping-v1",), episodes=1, driver="expert")
    write(more, tmp_path / "more")
    both, _ = brought_together([str(tmp_path / "more"), str(exported)])
    assert both.digest == Demonstrations(episodes=(*more.episodes, *recorded.episodes)).digest
    with pytest.raises(DataError, match="lane-keeping-v1/nominal/0 by idm"):
        brought_together([str(exported), str(exported)])


def test_edited_actions_are_noticed(exported: Path) -> None:
    with h5py.File(exported / "data" / "main_data.hdf5", "a") as file:
        actions = file["episode_1/actions"]
        actions[60, 1] += np.float32(2.0 / 32767.0)
    with pytest.raises(DataError, match=r"episode 1 .*gives another \w+ when it is driven again"):
        brought_together([str(exported)])


def test_edited_figures_are_noticed(exported: Path) -> None:
    with h5py.File(exported / "data" / "main_data.hdf5", "a") as file:
        file["episode_0"].attrs["score"] = 12.5
    with pytest.raises(DataError, match=r"gives another score .*recorded 12\.5"):
        brought_together([str(exported)])


def test_another_seed_is_noticed(exported: Path) -> None:
    with h5py.File(exported / "data" / "main_data.hdf5", "a") as file:
        file["episode_0"].attrs["seed"] = 77
    with pytest.raises(DataError, match=r"driven again"):
        brought_together([str(exported)])


def test_actions_through_a_wrapper_are_noticed_by_the_speed(tmp_path: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand")
    with h5py.File(folder / "main_data.hdf5", "a") as file:
        file["episode_0/actions"][:, 0] *= np.float32(0.9)
    with pytest.raises(DataError, match=r"by imported\) gives another speed at decision 1 "):
        brought_together([str(folder)])


def test_a_data_set_without_seeds_is_refused(tmp_path: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand", seed=None)
    with pytest.raises(DataError, match=r"episode 0 has no seed; expected the seed"):
        brought_together([str(folder)])


@pytest.mark.parametrize("identity", ["highway-v0", "drivebench/stock-racetrack-v0"])
def test_highway_env_itself_is_refused_with_a_reason(tmp_path: Path, identity: str) -> None:
    folder = driven_by_hand(tmp_path / "by-hand", spec={"id": identity, "entry_point": "some.module:Env"})
    with pytest.raises(DataError, match=f"{identity}, which is no scenario of drivebench"):
        brought_together([str(folder)])


def test_test_seeds_are_refused(tmp_path: Path) -> None:
    folder = driven_by_hand(tmp_path / "by-hand", split="test")
    with pytest.raises(ConfigurationError, match="split 'test'"):
        brought_together([str(folder)])


def test_an_unknown_scenario_is_refused(exported: Path) -> None:
    with h5py.File(exported / "data" / "main_data.hdf5", "a") as file:
        file["episode_0"].attrs["scenario"] = "lane-keping-v1"
    with pytest.raises(UnknownNameError, match="Did you mean 'lane-keeping-v1'"):
        brought_together([str(exported)])


def test_other_actions_are_refused(tmp_path: Path) -> None:
    storage = MinariStorage.new(
        tmp_path / "discrete",
        observation_space=gymnasium.spaces.Box(0.0, 1.0, (2,)),
        action_space=gymnasium.spaces.Discrete(5),
    )
    storage.update_metadata({"dataset_id": "some/discrete-v0", "minari_version": "0.5.4"})
    with pytest.raises(DataError, match=r"Discrete\(5\); expected Box\(-1, 1, \(2,\)\)"):
        brought_together([str(tmp_path / "discrete")])


def test_actions_that_are_no_numbers_are_refused(exported: Path) -> None:
    with h5py.File(exported / "data" / "main_data.hdf5", "a") as file:
        file["episode_0/actions"][3, 0] = np.nan
    with pytest.raises(DataError, match="expected finite"):
        brought_together([str(exported)])


@pytest.mark.parametrize("damage", ["truncated", "empty", "other version", "no json"])
def test_a_damaged_data_set_is_named(exported: Path, damage: str) -> None:
    metadata, data = exported / "data" / "metadata.json", exported / "data" / "main_data.hdf5"
    if damage == "truncated":
        data.write_bytes(data.read_bytes()[: data.stat().st_size // 3])
    elif damage == "empty":
        data.unlink()
    elif damage == "other version":
        metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "minari_version": "9.9"}))
    else:
        metadata.write_text("{")
    with pytest.raises(DataError, match=f"{exported.name}.* cannot be read as a Minari data set"):
        brought_together([str(exported)])


def test_what_is_no_data_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "root"))
    with pytest.raises(DataError, match=r"neither demonstrations\.json nor a Minari data set"):
        brought_together([str(tmp_path)])
    with pytest.raises(DataError, match="no folder and no data set that Minari has"):
        brought_together(["D4RL/door/human-v2"])
    with pytest.raises(DataError, match="nowhere/data is no folder"):
        brought_together(["nowhere/data"])
    (tmp_path / "lerobot" / "meta").mkdir(parents=True)
    (tmp_path / "lerobot" / "meta" / "info.json").write_text("{}")
    with pytest.raises(DataError, match="LeRobot data set, which can be exported to but not imported"):
        brought_together([str(tmp_path / "lerobot")])


def test_a_local_id_is_found(
    exported: Path, monkeypatch: pytest.MonkeyPatch, recorded: Demonstrations
) -> None:
    root = exported.parent / "root"
    shutil.copytree(exported, root / "drivebench" / "exported-v0")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    assert brought_together(["drivebench/exported-v0"])[0].digest == recorded.digest
