"""Worlds on disk are the worlds, and a damaged file is not believed."""

from pathlib import Path

import pytest
from gymnasium.utils import seeding

from scenarios.stock.bank import WORTH_WRITING, Bank
from scenarios.stock.bank_file import _make_room, bank_path, read_bank, write_bank
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


def test_a_bank_goes_on_where_the_last_process_ended(tmp_path: Path) -> None:
    entry, config = IDS["merge-v1"], complete_configuration(IDS["merge-v1"])
    states = [state_of(seeding.np_random(seed)[0]) for seed in range(WORTH_WRITING)]
    first = Bank(Builder(entry, config, "parity"), tmp_path / "bank.bank")
    digests = [first.world(state).world.digest for state in states[:-1]]
    first.write()
    assert not (tmp_path / "bank.bank").exists(), "not worth it yet"
    digests.append(first.world(states[-1]).world.digest)
    first.write()
    second = Bank(Builder(entry, config, "parity"), tmp_path / "bank.bank")
    second.use_file()
    assert len(second) == WORTH_WRITING
    assert [second.world(state).world.digest for state in states] == digests


def test_files_are_told_apart_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = IDS["merge-v1"]
    digest = digest_of(entry, complete_configuration(entry))
    assert bank_path(digest, "parity") != bank_path(digest, "canonical")
    monkeypatch.setattr("scenarios.stock.bank_file.FOLDER_BYTES", 15)
    for number in range(3):
        (tmp_path / f"{number}.bank").write_bytes(b"0123456789")
    _make_room(tmp_path.glob("*.bank"))
    assert len(list(tmp_path.iterdir())) == 1
