"""Fits on invented data, and that what is measured is what is said."""

import numba
import numpy as np
import pytest

from drivebench.benchmarks import floor, phases, scaling, threads, two_processes
from drivebench.benchmarks.motorway import GAP_M, motorway
from drivebench.benchmarks.row import Row, Verdict
from drivebench.benchmarks.scaling import fit
from drivebench.world import EntityKind, WorldBatch
from drivebench.world.layout import EntityFloat
from drivebench.world.phases import Phase


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_a_power_law_is_found(exponent: float) -> None:
    law = fit([(n, 3e-6 * n**exponent) for n in (10.0, 20.0, 50.0, 500.0)])
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law.factor == pytest.approx(3e-6)
    assert law.margin < 1e-6


def test_the_margin_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([10.0, 20.0, 50.0, 100.0, 200.0, 500.0])
    covered = 0
    for _ in range(400):
        law = fit(list(zip(sizes, sizes * np.exp(rng.normal(0, 0.1, sizes.size)), strict=True)))
        covered += abs(law.exponent - 1.0) <= law.margin
    assert 0.91 <= covered / 400 <= 0.98


def test_rates_are_compared_where_there_are_many() -> None:
    quadratic = {n: [1e-6 * n * n] * 3 for n in (10, 50, 500, 1000)}
    row = scaling._row("vehicle", quadratic, 50, "16 worlds")
    assert row.name == "1,000 vehicles, 16 worlds"
    assert row.peer == "50 vehicles"
    assert row.ratio == pytest.approx(50 / 1000)
    assert row.verdict is Verdict.MISSED
    assert row.note.startswith("seconds grow as vehicles to the power of 2.000 ± 0.000 from 50 to 1,000")


def test_both_curves_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "VEHICLES", (10, 50, 60, 70))
    monkeypatch.setattr(scaling, "WORLDS", (1, 64, 65, 66))
    monkeypatch.setattr(scaling, "ROUNDS", 1)
    monkeypatch.setattr(scaling, "LEAST_WORK", 1)
    threads_before = numba.get_num_threads()
    vehicles, worlds = scaling.measure()
    assert numba.get_num_threads() == threads_before
    assert [n for n, _ in vehicles.curve] == [10, 50, 60, 70]
    assert [n for n, _ in worlds.curve] == [1, 64, 65, 66]
    assert all(seconds > 0 for _, seconds in (*vehicles.curve, *worlds.curve))


def test_the_motorway_has_highway_envs_density() -> None:
    world = motorway(100, 0)
    x = world.entity_float[EntityFloat.X]
    assert world.vehicles == 100
    assert np.diff(x).mean() == pytest.approx(GAP_M, rel=0.02)
    assert (np.diff(x) > 0).all()
    assert WorldBatch([world]).ego_kind(0) is EntityKind.EGO
    assert motorway(100, 0).digest == world.digest != motorway(100, 1).digest


def test_stamps_count_every_phase_and_change_nothing() -> None:
    batch = WorldBatch([motorway(30, 0)] * 4)
    watched = batch.copy(range(4))
    actions = np.zeros((4, 2), dtype=np.int16)
    watched.stamps = np.zeros(len(Phase), dtype=np.int64)
    for _ in range(5):
        batch.step(actions)
        watched.step(actions)
    assert batch.entity_float.tobytes() == watched.entity_float.tobytes()
    seen = {phase for phase in Phase if watched.stamps[phase] > 0}
    assert seen >= set(Phase) - {Phase.REGULATION}


@pytest.fixture
def few_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases.stock_face, "BANK", 4)
    monkeypatch.setattr(phases, "WORLDS", 4)


@pytest.mark.usefixtures("few_worlds")
def test_parts_and_phases_add_up() -> None:
    rows = phases.measure_id("merge-v0", steps=2, rounds=2)
    parts = [row for row in rows if row.unit == "µs of a world"]
    assert {row.name for row in parts} == {*phases.PARTS.values(), phases.REST}
    (floor_row,) = [row for row in rows if row.peer == "floor"]
    assert floor_row.note == phases.FLOOR
    assert len(floor_row.ratios) == 2
    for found in (parts, [row for row in rows if row.unit == "ns of a vehicle"]):
        assert all(row.share for row in found)
        if found[0].ours:  # phases: on x86-64 only
            assert np.sum([row.ratios for row in found], axis=0) == pytest.approx([1.0, 1.0])


@pytest.mark.usefixtures("few_worlds")
def test_without_time_stamps_a_row_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases.platform, "machine", lambda: "arm64")
    rows = phases.measure_id("merge-v0", steps=1, rounds=1)
    (missing,) = [row for row in rows if row.unit == "ns of a vehicle"]
    assert missing.ratio is missing.value is None
    assert missing.note == "there are time stamps for x86-64 only"


def test_the_floor_is_something() -> None:
    assert floor.floor_s(10, 2, 3, decisions=1) > 0


TARGETS = [*(threads.TARGET, threads.CEILING_TARGET, None) * 2, None, None]


def test_threads_and_processes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, int]] = []

    class Invented:
        def __init__(self, kind: str, count: int, threads: int = 1) -> None:
            self.side = (kind, count, threads)

        def __enter__(self) -> "Invented":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def seconds(self) -> float:
            asked.append(self.side)
            return 1.0

    monkeypatch.setattr(threads, "Processes", Invented)
    monkeypatch.setattr(threads, "ROUNDS", 2)
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    rows: list[Row] = threads.measure()
    road = [(kind, *sides) for kind in ("road-64", "road-1024") for sides in ((1, 1), (1, 2), (2, 1))]
    arithmetic = [("spin", 1, 1), ("spin", 2, 1), ("fill", 1, 1), ("fill", 2, 1)]
    assert asked == (road + arithmetic) * 2
    assert [row.target for row in rows] == TARGETS
    assert rows[0].theirs == rows[2].theirs
    assert [row.ratio for row in rows] == [1.0, 0.5, 2.0] * 2 + [2.0, 2.0]


def test_where_there_is_one_thread_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "get_num_threads", lambda: 1)
    rows = threads.measure()
    assert [row.target for row in rows] == TARGETS
    assert {(row.value, row.peer_value, row.note) for row in rows} == {(None, None, threads.ABSENT)}


@pytest.mark.parametrize("kind", ["spin", "fill", "road-8"])
def test_a_process_works_when_it_is_told_to(kind: str) -> None:
    with two_processes.Processes(kind, 1) as processes:
        assert processes.seconds() > 0
