"""Whole environments against peers that are there, are not, or are invented; no wall-clock times."""

from importlib.util import find_spec

import pytest

from drivebench import registry
from drivebench.benchmarks import environments, stock_face
from drivebench.benchmarks.environments import ALONE, CANONICAL, RESETS, STEPS
from drivebench.benchmarks.peer import PeerEnvironments
from drivebench.benchmarks.row import Row
from drivebench.benchmarks.text import WIDTH, as_text
from scenarios.stock.envpool_peer import TASKS, EnvPoolPeer
from scenarios.stock.ids import IDS
from scenarios.stock.peer import PEER

ENV_ID = "merge-v0"
MACHINE = {"processor": "x", "processors": 2, "python": "3.11", "libraries": {}}


class Invented:
    """A compiled peer that has one id only, with twice the vehicles."""

    name = "Invented"
    compiled = True

    def missing(self) -> str | None:
        return None

    def environments(self, env_id: str, count: int, seed: int) -> PeerEnvironments | None:
        if env_id != ENV_ID:
            return None
        return PeerEnvironments(
            count=count,
            step=lambda: count,
            reset=lambda: None,
            vehicles=lambda: 10.0,
            road_steps=15,
            observation="nothing",
        )


class Absent(Invented):
    name = "Absent"

    def missing(self) -> str | None:
        return "not installed: pip install absent"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    monkeypatch.setattr(environments, "BATCH", 4)
    monkeypatch.setattr(stock_face, "BANK", 4)
    peers = {"highway-env": PEER, "invented": Invented(), "absent": Absent()}
    load = registry.load
    monkeypatch.setattr(environments.registry, "names", lambda kind: tuple(peers))
    monkeypatch.setattr(
        environments.registry, "load", lambda kind, name: peers[name] if kind == "peer" else load(kind, name)
    )
    return environments.measure_id(ENV_ID, round_s=1e-9, rounds=1)


def test_every_side_is_measured_and_said(rows: list[Row]) -> None:
    found = {(row.section, row.peer): row for row in rows}
    assert set(found) == {
        (STEPS, "highway-env"),
        (STEPS, "Invented"),
        (STEPS, "Absent"),
        (CANONICAL, "Invented"),
        (ALONE, "highway-env"),
        (RESETS, "1 ms each"),
        (RESETS, "highway-env"),
        (RESETS, "Invented"),
    }
    compiled = found[STEPS, "Invented"]
    assert compiled.name == "merge-v0, 5 vehicles"
    assert compiled.target == environments.TARGET
    assert compiled.note == "Invented has 10 vehicles in merge-v0"
    assert compiled.facts["ours"]["road_steps"] == compiled.facts["theirs"]["road_steps"] == 15
    assert compiled.facts["ours"]["environments"] == 4
    assert found[STEPS, "highway-env"].target is None
    assert found[STEPS, "highway-env"].note == ""
    absent = found[STEPS, "Absent"]
    assert absent.peer_value is None
    assert absent.note == "Absent is not installed: pip install absent"
    for row in rows:
        assert row.value > 0
        assert row.peer == "Absent" or (row.peer_value is not None and row.peer_value > 0)


def test_the_table_is_not_wide(rows: list[Row]) -> None:
    assert max(map(len, as_text(rows, MACHINE).splitlines())) <= WIDTH


def test_motorways_have_the_higher_target() -> None:
    peer = EnvPoolPeer()
    assert peer.missing() in (None, "not installed: pip install drivebench[bench]")
    assert environments.HIGHWAY_TARGET > environments.TARGET == 1.0


def test_steps_that_reset_are_not_counted() -> None:
    side = PEER.environments("two-way-v0", 1, 0)
    assert side is not None
    counts = [side.step() for _ in range(40)]
    assert set(counts) == {0, 1}
    assert counts[0] == 1
    first = counts.index(0)
    assert 1 <= first <= 15, "two-way-v0 ends after 15 steps at the latest"


def test_every_id_is_measured_and_intersections_last() -> None:
    ids = environments.stock_ids()
    assert sorted(ids) == sorted(IDS)
    kinds = [name.startswith("intersection") for name in ids]
    assert kinds == sorted(kinds)
    assert set(environments.SINGLE) <= set(ids)


@pytest.mark.parametrize("env_id", sorted(TASKS))
def test_envpools_ids_and_frequencies_are_highway_envs(env_id: str) -> None:
    side = PEER.environments(env_id, 1, 0)
    assert side is not None
    assert side.road_steps == TASKS[env_id]


@pytest.mark.skipif(find_spec("envpool") is None, reason="envpool is not installed (drivebench[bench])")
@pytest.mark.parametrize("env_id", sorted(TASKS))
def test_envpool_steps_as_asked(env_id: str) -> None:
    side = EnvPoolPeer().environments(env_id, 3, 0)
    assert side is not None
    assert side.vehicles() >= 1
    assert side.step() == 3
    stepped = [side.step() for _ in range(60)]
    assert min(stepped) < 3 or env_id.startswith(("parking", "racetrack", "lane-keeping"))
    side.reset()
    assert side.step() == 3


def test_envpool_has_no_other_ids() -> None:
    assert EnvPoolPeer().environments("merge-generic-v0", 1, 0) is None
