"""``drivebench bench`` prints what the benchmarks measure; the measuring has tests of its own."""

import json

import pytest
from typer.testing import CliRunner

from drivebench import benchmarks, cli
from drivebench.benchmarks import Row

ROWS = [
    Row(name="road step", value=18_000.0, unit="steps/s", peer="stock", peer_value=90.0, target=200.0),
    Row(name="slow step", value=45.0, unit="steps/s", peer="stock", peer_value=90.0, target=1.5),
]


@pytest.fixture(autouse=True)
def known_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks, "BENCHMARKS", {"roads": lambda: ROWS, "camera": lambda: []})


def test_text_says_what_is_reached() -> None:
    result = CliRunner().invoke(cli.app, ["bench"])
    assert result.exit_code == 0, result.output
    (fast,) = [line for line in result.stdout.splitlines() if line.startswith("road step")]
    (slow,) = [line for line in result.stdout.splitlines() if line.startswith("slow step")]
    assert fast.split()[-3:] == ["200×", "200×", "✓"]
    assert slow.split()[-3:] == ["0.5×", "1.5×", "✗"]
    assert "measuring: roads: done" in result.stderr


def test_json_is_one_object_and_nothing_else() -> None:
    result = CliRunner().invoke(cli.app, ["bench", "--only", "roads", "--json"])
    content = json.loads(result.stdout)
    assert [row["ratio"] for row in content["rows"]] == [200.0, 0.5]
    assert [row["reached"] for row in content["rows"]] == [True, False]
    assert content["machine"]["processors"] >= 1


def test_a_misspelt_benchmark_is_met_with_the_nearest() -> None:
    result = CliRunner().invoke(cli.app, ["bench", "--only", "camara"])
    assert result.exit_code == cli.WRONG_USAGE
    assert "Did you mean 'camera'?" in result.stderr
