"""The folder on disk: whole or absent, and no edit goes unnoticed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented_demonstrations import a_demonstration

from drivebench.demonstrations.record import Demonstrations
from drivebench.demonstrations.store import read, write
from drivebench.errors import DataError, UnknownNameError


@pytest.fixture
def demonstrations() -> Demonstrations:
    return Demonstrations(
        episodes=(a_demonstration(1), a_demonstration(2, frames=7, entities=1), a_demonstration(3)),
    )


@pytest.fixture
def folder(demonstrations: Demonstrations, tmp_path: Path) -> Path:
    write(demonstrations, tmp_path / "data")
    return tmp_path / "data"


def test_what_is_read_is_what_was_written(demonstrations: Demonstrations, folder: Path) -> None:
    back = read(folder)
    assert back.drivers == demonstrations.drivers
    assert back.digest == demonstrations.digest
    for one, other in zip(back.episodes, demonstrations.episodes, strict=True):
        for name in ("scenario", "condition", "seed", "driver", "world_digest", "success", "score", "ego"):
            assert getattr(one, name) == getattr(other, name)
        for name in ("actions", "commands", "states", "kinds", "sizes_m"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_labels_come_back_to_the_episodes_that_have_them(tmp_path: Path) -> None:
    episodes = [a_demonstration(seed, frames=seed + 1, labelled=seed in (2, 4)) for seed in range(1, 6)]
    write(Demonstrations(episodes=tuple(episodes)), tmp_path / "data")
    back = read(tmp_path / "data").episodes
    assert [each.labels is None for each in back] == [True, False, True, False, True]
    for one, other in zip(back, episodes, strict=True):
        assert np.array_equal(one.taught, other.taught)
        assert np.array_equal(one.taught, other.actions) == (other.labels is None)
        assert one.as_driven.digest == replace(other, labels=None).digest


def test_a_folder_from_before_there_were_labels_is_read(demonstrations: Demonstrations, folder: Path) -> None:
    path = folder / "demonstrations.json"
    record = json.loads(path.read_text())
    for entry in record["episodes"]:
        del entry["labelled"]
    path.write_text(json.dumps({**record, "schema_version": 3}))
    with np.load(folder / "states.npz") as stored:
        old = {name: stored[name] for name in stored if name != "labels"}
    np.savez_compressed(folder / "states.npz", **old)
    assert read(folder).digest == demonstrations.digest


def test_the_same_content_is_the_same_bytes(
    demonstrations: Demonstrations, folder: Path, tmp_path: Path
) -> None:
    write(demonstrations, tmp_path / "again")
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_nothing_is_overwritten_and_nothing_half_written_stays(
    demonstrations: Demonstrations, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="exists already"):
        write(demonstrations, folder)

    def disk_full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", disk_full)
    with pytest.raises(OSError, match="no space"):
        write(demonstrations, tmp_path / "other")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["demonstrations.json", "actions.npy", "states.npz"])
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "edited"])
def test_damage_is_named(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        middle = whole.index(b"98.7654") if name.endswith("json") else len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(DataError, match=r"[Cc]ollect it again|drivebench collect"):
        read(folder)


def test_every_field_is_under_the_digest(demonstrations: Demonstrations) -> None:
    first = demonstrations.episodes[0]
    changes: list[dict[str, object]] = [
        {"scenario": "toy-v2"},
        {"condition": "fog"},
        {"seed": 9},
        {"driver": "idm"},
        {"world_digest": "cd" * 32},
        {"success": False},
        {"score": 12.0},
        {"ego": 1},
        {"actions": first.actions ^ np.int16(1)},
        {"commands": (first.commands + 1).astype(np.int8)},
        {"states": first.states + np.int32(1)},
        {"kinds": (first.kinds + 1).astype(np.int8)},
        {"sizes_m": first.sizes_m + 1.0},
        {"labels": first.actions},
        {"labels": first.actions ^ np.int16(1)},
    ]
    digests = {demonstrations.digest}
    for change in changes:
        edited = replace(first, **change)  # type: ignore[arg-type]
        digests.add(replace(demonstrations, episodes=(edited, *demonstrations.episodes[1:])).digest)
    assert len(digests) == len(changes) + 1


def test_another_schema_version_is_refused(folder: Path) -> None:
    path = folder / "demonstrations.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "schema_version": 99}))
    with pytest.raises(DataError, match="schema version 99"):
        read(folder)


def test_parts_are_whole_episodes_and_never_share_one() -> None:
    many = Demonstrations(episodes=tuple(a_demonstration(seed) for seed in range(20)))
    train, held_out = many.subset("train").episodes, many.subset("held-out").episodes
    assert [episode.seed for episode in held_out] == [7, 15]
    assert sorted(episode.seed for episode in (*train, *held_out)) == list(range(20))
    with pytest.raises(UnknownNameError, match="held-out"):
        many.subset("heldout")


def test_few_episodes_still_hold_one_out(demonstrations: Demonstrations) -> None:
    assert [episode.seed for episode in demonstrations.subset("held-out").episodes] == [3]
    with pytest.raises(DataError, match="collect two or more"):
        replace(demonstrations, episodes=demonstrations.episodes[:1]).subset("train")


def test_an_episode_twice_or_none_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="more than once"):
        Demonstrations(episodes=(a_demonstration(1), a_demonstration(1)))
    with pytest.raises(DataError, match="no episode"):
        Demonstrations(episodes=())


def test_arrays_of_the_wrong_length_are_refused() -> None:
    with pytest.raises(DataError, match="commands is int8"):
        replace(a_demonstration(1), commands=np.zeros(3, np.int8))
    with pytest.raises(DataError, match=r"labels is int16\[19, 2\]; expected int16\[20, 2\]"):
        replace(a_demonstration(1), labels=np.zeros((19, 2), np.int16))
