"""Canonical episodes of every stock id are the same bits as in the committed table.

When this fails after a change that is meant to change episodes, write the table anew with
``python -m scenarios.stock.digests`` and say in the commit what changed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stock_digests import SEEDS, all_starts, digests, invented_starts
from typer.testing import CliRunner

from drivebench import cli
from drivebench.benchmarks import digests as digest_benchmark
from drivebench.benchmarks.digests import DigestRow
from scenarios.stock.digests import TABLE, Digests, Start, check, compared, entry_of
from scenarios.stock.ids import IDS

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """First digits of the episodes of a few seeds, by the table, and of invented worlds, all in one batch."""
    ids = json.loads(TABLE.read_text())["ids"]
    stock = {f"{name} {seed}": ids[name]["each episode"].split()[seed] for name in ids for seed in SEEDS}
    invented = invented_starts()
    own = digests(invented, len(invented))
    assert len(set(own.values())) == len(own)
    return stock | {name: digest[:8] for name, digest in own.items()}


@pytest.fixture(scope="module")
def episodes() -> list[Start]:
    return all_starts()


@pytest.mark.slow
def test_more_than_a_thousand_episodes_are_those_of_the_table() -> None:
    rows = list(check())
    assert [row.name for row in rows] == list(IDS)
    assert sum(row.episodes for row in rows) > 1000
    assert [row for row in rows if not row.same] == []


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_batch_size_and_company_do_not_matter(
    episodes: list[Start], expected: dict[str, str], batch_size: int
) -> None:
    found = digests(episodes, batch_size)
    assert {name: digest[:8] for name, digest in found.items()} == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"NUMBA_CPU_NAME": "generic", "NUMBA_NUM_THREADS": "1"}, {"NUMBA_NUM_THREADS": "2"}],
    ids=["generic-processor", "two-threads"],
)
def test_processor_and_threads_do_not_matter(expected: dict[str, str], settings: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, HERE / "stock_digests.py"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {name: digest[:8] for name, digest in json.loads(result.stdout).items()} == expected


def test_differences_are_noticed() -> None:
    """The twin of the tests above: another world, or another episode, is told from the table."""
    digests = Digests(
        worlds=tuple(f"{seed:064x}"[::-1] for seed in range(33)),
        steps=tuple(f"{seed + 100:064x}"[::-1] for seed in range(33)),
    )
    entry = entry_of(digests)
    assert compared("it", digests, entry).same
    other = "f" * 64
    stepped = compared("it", Digests(worlds=digests.worlds, steps=(*digests.steps[:32], other)), entry)
    assert stepped.worlds_same
    assert not stepped.steps_same
    assert "stepping of seeds [32]" in stepped.note
    built = compared(
        "it", Digests(worlds=(other, *digests.worlds[1:]), steps=(other, *digests.steps[1:])), entry
    )
    assert not built.worlds_same
    assert built.steps_same
    assert "initial worlds of seeds [0]" in built.note


@pytest.mark.parametrize("same", [True, False])
def test_the_command_says_so_and_exits_1(monkeypatch: pytest.MonkeyPatch, same: bool) -> None:
    row = DigestRow(name="a-v0", episodes=3, worlds_same=True, steps_same=same, note="seed 2")
    monkeypatch.setattr(digest_benchmark, "check_digests", lambda: iter([row]))
    result = CliRunner().invoke(cli.app, ["bench", "--digests"])
    assert result.exit_code == (0 if same else 1), result.output
    assert "a-v0" in result.stdout
    assert ("ok" in result.stdout) is same
    as_json = CliRunner().invoke(cli.app, ["bench", "--digests", "--json"])
    assert json.loads(as_json.stdout)["digests"][0]["steps_same"] is same


def test_no_table_is_not_called_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_benchmark, "check_digests", lambda: iter([]))
    result = CliRunner().invoke(cli.app, ["bench", "--digests"])
    assert result.exit_code == 1
    assert "no table of digests" in result.stderr
