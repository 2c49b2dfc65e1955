"""Drops under a shift: by hand, on pairs alone, with intervals that cover."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from invented_runs import Episode, run_of
from typer.testing import CliRunner

from drivebench import cli
from leaderboard.drops import drops
from leaderboard.scores import score_run

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def frame(rows: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    columns = pd.Index(["family", "condition", "seed", "dbs"])
    return pd.DataFrame(rows, columns=columns).assign(scenario=[f"{row[0]}-v1" for row in rows])


def pairs(family: str, nominal: list[float], shifted: list[float]) -> list[tuple[str, str, int, float]]:
    rows = [(family, "nominal", seed, score) for seed, score in enumerate(nominal)]
    return rows + [(family, "night", seed, score) for seed, score in enumerate(shifted)]


def test_a_drop_by_hand() -> None:
    # nominal: (75 + 100) / 2 = 87.5; at night: (50 + 50) / 2 = 50; lost: 37.5 of 87.5
    rows = pairs("merge", [100.0, 50.0], [50.0, 50.0]) + pairs("exit", [100.0, 100.0], [0.0, 100.0])
    found = drops(frame(rows), "digest")["night"]
    assert found is not None
    assert found.value == pytest.approx(100 * 37.5 / 87.5)
    assert found.n == 4
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_only_pairs_count() -> None:
    rows = pairs("merge", [100.0, 80.0], [50.0, 40.0])
    alone = [("merge", "night", 7, 0.0), ("merge", "nominal", 8, 0.0), ("exit", "fog", 0, 0.0)]
    found = drops(frame(rows + alone), "digest")
    assert found.keys() == {"night"}
    assert found["night"] == drops(frame(rows), "digest")["night"]


def test_nothing_lost_is_not_known_for_certain() -> None:
    found = drops(frame(pairs("merge", [100.0] * 30, [100.0] * 30)), "digest")["night"]
    assert found is not None
    assert found.value == 0.0
    assert found.low is not None
    assert found.high is not None
    # Clopper and Pearson: with none of 30 seen, a rate of 11.6 % is not ruled out
    assert -18.0 < found.low < -8.0
    assert 8.0 < found.high < 18.0


def test_of_nothing_nothing_can_be_lost() -> None:
    assert drops(frame(pairs("merge", [0.0, 0.0], [50.0, 0.0])), "digest") == {"night": None}


def test_intervals_cover_the_truth() -> None:
    """A policy that fails every twentieth nominal episode, and every fourth that it had passed, at night."""
    rng = np.random.default_rng(5)
    covered = []
    for repeat in range(200):
        nominal = np.where(rng.random(40) < 0.05, 0.0, 95.0)
        shifted = np.where(rng.random(40) < 0.25, 0.0, nominal)
        found = drops(frame(pairs("merge", nominal.tolist(), shifted.tolist())), str(repeat))["night"]
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered.append(found.low <= 25.0 <= found.high)
    assert np.mean(covered) >= 0.93


def test_score_and_table_show_drops(tmp_path: Path) -> None:
    nominal = [Episode(family="merge", seed=2_000_000 + k) for k in range(10)]
    shifted = [replace(each, condition="fog", crashed=k < 5) for k, each in enumerate(nominal)]
    run = run_of(tmp_path / "run", nominal + shifted)
    drop = score_run(run).drops["fog"]
    assert drop is not None
    assert drop.value == 50.0
    table = CliRunner().invoke(cli.app, ["table", str(run.path), "--by", "drop"])
    assert table.exit_code == 0, table.stderr
    assert "fog (n = 10) [%]" in table.stdout
    score = CliRunner().invoke(cli.app, ["score", str(run.path)])
    assert "lost under a shift" in score.stdout
    assert "pairs = 10" in score.stdout


def test_a_suite_without_pairs_has_no_drops(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [Episode(family="merge", seed=2_000_000 + k) for k in range(3)])
    result = CliRunner().invoke(cli.app, ["table", str(run.path), "--by", "drop"])
    assert result.exit_code == cli.WRONG_USAGE
    assert "holds no seed twice" in result.stderr
