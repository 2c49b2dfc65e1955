"""Worlds on disk are the worlds, and a damaged file is not believed."""

import copy
import gc
import os
import pickle
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from gymnasium.utils import seeding

from scenarios.stock import bank as banks
from scenarios.stock.bank import RECENT, WORTH_WRITING, Bank, Comes, bank_of
from scenarios.stock.bank_file import ABANDONED_S, _make_room, bank_path, read_bank, write_bank
from scenarios.stock.building import Builder, Built, RandomState, state_of
from scenarios.stock.configuration import complete_configuration, digest_of
from scenarios.stock.ids import IDS


def _built(name: str, seeds: range) -> dict[RandomState, Built]:
    builder = Builder(IDS[name], complete_configuration(IDS[name]), "parity")
    states = [state_of(seeding.np_random(seed)[0]) for seed in seeds]
    return {state: builder.build(state) for state in states}


@pytest.mark.parametrize("name", ["highway-fast-v0", "merge-v1", "parking-v0", "intersection-multi-agent-v2"])
def test_worlds_survive(name: str, tmp_path: Path) -> None:
    worlds = _built(name, range(3))
    write_bank(tmp_path / "bank.bank", worlds)
    found = read_bank(tmp_path / "bank.bank")
    assert list(found) == list(worlds)
    for state, built in worlds.items():
        assert found[state].after == built.after
        assert found[state].world.digest == built.world.digest
    networks = {id(built.world.network) for built in found.values()}
    assert len(networks) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bank.bank"]


def test_a_damaged_file_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "bank.bank"
    write_bank(path, _built("merge-v1", range(2)))
    content = path.read_bytes()
    assert len(read_bank(path)) == 2
    for place in range(0, len(content), max(1, len(content) // 60)):
        damaged = bytearray(content)
        damaged[place] ^= 0x11
        path.write_bytes(bytes(damaged))
        assert read_bank(path) == {}
    path.write_bytes(content[: len(content) // 2])
    assert read_bank(path) == {}
    path.write_bytes(b"")
    assert read_bank(path) == {}
    assert read_bank(tmp_path / "none.bank") == {}


def test_a_file_of_another_bank_or_layout_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bank.bank"
    write_bank(path, _built("merge-v1", range(2)))
    assert len(read_bank(path.rename(tmp_path / "other.bank"))) == 0, "not under another name"
    write_bank(path, _built("merge-v1", range(2)))
    monkeypatch.setattr("drivebench.world.world.EntityFloat", list(range(3)))
    assert read_bank(path) == {}


def _bank(path: Path) -> tuple[Bank, list[RandomState]]:
    entry, config = IDS["merge-v1"], complete_configuration(IDS["merge-v1"])
    states = [state_of(seeding.np_random(seed)[0]) for seed in range(3 * WORTH_WRITING)]
    bank = Bank(Builder(entry, config, "parity"), path)
    bank.use_file()
    return bank, states


def test_a_bank_goes_on_where_the_last_process_ended(tmp_path: Path) -> None:
    path = tmp_path / "bank.bank"
    first, states = _bank(path)
    digests = [first.world(state, Comes.ALWAYS).world.digest for state in states[: WORTH_WRITING - 1]]
    first.world(states[-1])
    first.world(states[-2], Comes.AGAIN)
    first.write()
    assert not path.exists(), "not worth it yet"
    digests.append(first.world(states[WORTH_WRITING - 1], Comes.ALWAYS).world.digest)
    first.write()
    second, _ = _bank(path)
    assert len(second) == WORTH_WRITING, "those that come up in other processes alone"
    assert [second.world(state).world.digest for state in states[:WORTH_WRITING]] == digests
    assert list(read_bank(path)) == states[:WORTH_WRITING]


def test_two_processes_keep_each_others_worlds(tmp_path: Path) -> None:
    path = tmp_path / "bank.bank"
    (first, states), (second, _) = _bank(path), _bank(path)
    for bank, seen in ((first, states[:40]), (second, states[30:70])):
        for state in seen:
            bank.world(state, Comes.ALWAYS)
        bank.write()
    assert set(read_bank(path)) == set(states[:70])


def test_worlds_that_hardly_recur_are_not_hoarded(tmp_path: Path) -> None:
    bank, states = _bank(tmp_path / "bank.bank")
    dealt = bank.world(states[0], Comes.AGAIN)
    for state in states[: RECENT + 6]:
        bank.world(state)
    assert len(bank) == RECENT + 1
    assert bank.world(states[0]) is dealt
    one = bank.world(states[RECENT])
    assert bank.world(states[RECENT], Comes.ALWAYS) is one, "taken over"
    assert len(bank) == RECENT + 1


def test_banks_die_when_nobody_needs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banks, "_BANKS", type(banks._BANKS)())
    monkeypatch.setattr(banks, "MOST_BANKS", 1)
    monkeypatch.setattr(banks, "WORTH_WRITING", 1)
    monkeypatch.setattr(banks, "bank_path", lambda digest, _: tmp_path / f"{digest}.bank")
    entry = IDS["merge-v1"]
    bank = bank_of(entry, complete_configuration(entry), "parity")
    bank.use_file()
    bank.world(state_of(seeding.np_random(0)[0]), Comes.ALWAYS)
    dying = weakref.ref(bank)
    del bank
    bank_of(entry, complete_configuration(entry), "canonical")
    gc.collect()
    assert dying() is None
    assert len(list(tmp_path.iterdir())) == 1, "what it had built is written"


def test_a_bank_in_another_process_is_the_one_of_there() -> None:
    entry = IDS["merge-v1"]
    bank = bank_of(entry, complete_configuration(entry), "canonical")
    assert pickle.loads(pickle.dumps(bank)) is bank
    assert copy.deepcopy(bank) is bank


def test_files_are_told_apart_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = IDS["merge-v1"]
    digest = digest_of(entry, complete_configuration(entry))
    assert bank_path(digest, "parity") != bank_path(digest, "canonical")
    monkeypatch.setattr("scenarios.stock.bank_file.FOLDER_BYTES", 25)
    for number in range(3):
        (tmp_path / f"{number}.bank").write_bytes(b"0123456789")
        os.utime(tmp_path / f"{number}.bank", (1000 + number, 1000 + number))
    os.utime(tmp_path / "0.bank", (2000, 2000))
    for name, age_s in (("left", 2 * ABANDONED_S), ("growing", 1.0)):
        (tmp_path / f"{name}.part").write_bytes(b"0")
        os.utime(tmp_path / f"{name}.part", (time.time() - age_s,) * 2)
    _make_room(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"0.bank", "2.bank", "growing.part"}


def test_reading_a_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "bank.bank"
    write_bank(path, _built("merge-v1", range(1)))
    os.utime(path, (1000, 1000))
    assert len(read_bank(path)) == 1
    assert path.stat().st_mtime > time.time() - 60


def test_nothing_is_left_of_a_file_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: Any) -> None:
        path.touch()
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_bank(tmp_path / "bank.bank", _built("merge-v1", range(1)))
    assert not list(tmp_path.iterdir())
