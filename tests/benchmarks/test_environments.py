"""Whole environments against peers that are there, are not, or are invented; no wall-clock times."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from drivebench import registry
from drivebench.benchmarks import environments, stock_face
from drivebench.benchmarks.environments import ALONE, CANONICAL, RESETS, STEPS
from drivebench.benchmarks.peer import PeerEnvironments
from drivebench.benchmarks.row import Row
from drivebench.benchmarks.text import WIDTH, as_text
from scenarios.stock.building import state_of_seed
from scenarios.stock.deck import DEAL_EVERY, Deck
from scenarios.stock.envpool_peer import TASKS, EnvPoolPeer
from scenarios.stock.ids import IDS
from scenarios.stock.peer import PEER
from scenarios.stock.vector import BANK

ENV_ID = "merge-v0"


class Invented:
    """A compiled peer that has one id only, with twice the vehicles."""

    name = "Invented"
    compiled = True
    about = "Invented here."

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
    return environments.measure_id(ENV_ID, round_s=1e-9, rounds=2)


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
    assert compiled.facts["ours"]["bank"] == 4
    assert compiled.facts["theirs"]["wall_s_per_step"] > 0
    assert len(compiled.ours) == len(compiled.theirs) == 2
    assert found[STEPS, "highway-env"].target is None
    assert found[STEPS, "highway-env"].note == ""
    absent = found[STEPS, "Absent"]
    assert absent.peer_value is None
    assert absent.note == "Absent is not installed: pip install absent"
    for row in rows:
        assert row.value > 0
        assert row.peer == "Absent" or (row.peer_value is not None and row.peer_value > 0)


def test_the_table_is_not_wide(rows: list[Row]) -> None:
    assert max(map(len, as_text(rows).splitlines())) <= WIDTH


def test_the_average_reset_counts_what_is_built(rows: list[Row]) -> None:
    found = {row.name: row for row in rows if row.section == RESETS}
    anew, before = (1 / np.array(found[f"{ENV_ID}, {how}"].ours) for how in ("built anew", "built before"))
    share = environments.built(environments.RUN) / environments.RUN
    average = 1 / np.array(found[f"{ENV_ID}, first 10,000"].ours)
    assert average == pytest.approx(share * anew + (1 - share) * before)
    assert found[f"{ENV_ID}, first 10,000"].target == 1.0


def test_so_many_worlds_are_built() -> None:
    deck = Deck(stock_face.DEFAULT_BANK, [0])
    first = [state_of_seed(seed) for seed in range(environments.BATCH)]
    deck.lay(first)
    cards = {*range(len(first)), *deck.draw(environments.RUN - len(first))}
    assert len(cards) == environments.built(environments.RUN)
    assert (stock_face.DEFAULT_BANK, stock_face.DEAL_EVERY) == (BANK, DEAL_EVERY)


BUILT = """
from drivebench.benchmarks import environments, stock_face
from scenarios.stock.building import Builder

environments.BATCH, stock_face.BANK = 12, 12
build, states = Builder.build, []
Builder.build = lambda self, state: states.append(state) or build(self, state)
environments.measure_id("merge-v0", round_s=1e-9, rounds=3)
print(len(states))
"""


@pytest.mark.slow
def test_every_run_builds_its_worlds(tmp_path: Path) -> None:
    """Two processes with one cache, in which the first could leave its worlds for the second."""
    kernels = Path(platformdirs.user_cache_dir("drivebench")) / "kernels"
    variables = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NUMBA_CACHE_DIR": str(kernels)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", BUILT], env=variables, check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    )
    assert int(first) == int(second) > 12 + 2 * 10
    assert not [*tmp_path.rglob("*.bank")]


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
