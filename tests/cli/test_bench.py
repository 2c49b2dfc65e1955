"""``drivebench bench`` prints what the benchmarks measure; the measuring has tests of its own."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from drivebench import benchmarks, cli
from drivebench.benchmarks import Row
from drivebench.benchmarks.text import WIDTH, as_text

MISSING = "EnvPool is not installed: pip install drivebench[bench]"
ROWS = [
    Row(
        section="road alone",
        name="fast step",
        ours=[18_000.0],
        unit="steps/s",
        peer="stock",
        theirs=[90.0],
        target=200.0,
    ),
    Row(
        section="road alone",
        name="slow step",
        ours=[45.0],
        unit="steps/s",
        peer="stock",
        theirs=[90.0],
        target=1.5,
    ),
    Row(
        section="environments",
        name="highway-v0, 51 vehicles",
        ours=[6000.0],
        unit="policy steps/s",
        peer="EnvPool",
        theirs=[],
        target=1.5,
        note=MISSING,
        facts={"vehicles": 51},
    ),
]
CURVE = Row(
    name="500 vehicles, 16 worlds",
    ours=[6e6],
    unit="vehicle steps/s",
    peer="50 vehicles",
    theirs=[6e6],
    curve=[(10.0, 2e-6), (50.0, 8e-6), (500.0, 8e-5)],
)


@pytest.fixture(autouse=True)
def known_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"world": lambda: ROWS, "camera": list, "scaling": lambda: [CURVE], "phases": fails}
    monkeypatch.setattr(benchmarks, "BENCHMARKS", ("world", "camera", "scaling"))
    about = "## About\n\nThis.\n"
    for module in ("drivebench.benchmarks", "drivebench.benchmarks.page"):
        monkeypatch.setattr(
            f"{module}.load_benchmark", lambda name: SimpleNamespace(ABOUT=about, measure=known[name])
        )


def fails() -> list[Row]:
    raise RuntimeError("this group fails")


def bench(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, ["bench", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_text_says_what_is_reached() -> None:
    lines = bench().splitlines()
    (fast,) = [line for line in lines if line.startswith("fast step")]
    (slow,) = [line for line in lines if line.startswith("slow step")]
    assert fast.split()[-3:] == ["200×", "200×", "✓"]
    assert slow.split()[-3:] == ["0.5×", "1.5×", "✗"]
    assert lines.count("road alone (steps/s)") == 1
    assert "measuring: world: done" in CliRunner().invoke(cli.app, ["bench"]).stderr


def test_a_peer_that_is_missing_is_named_with_what_to_do() -> None:
    lines = bench("--only", "world").splitlines()
    (row,) = [line for line in lines if line.startswith("highway-v0")]
    assert row.split()[-3:] == ["EnvPool", "–", "1.5×"]
    assert f"[1] {MISSING}" in lines


def test_long_notes_do_not_widen_the_table() -> None:
    row = dataclasses.replace(ROWS[0], note="word " * 60)
    assert max(map(len, as_text([row]).splitlines())) <= WIDTH


def test_json_is_one_object_and_nothing_else() -> None:
    content = json.loads(bench("--only", "world", "--json"))
    assert content["schema"] == 3
    assert [row["ratio"] for row in content["rows"]] == [200.0, 0.5, None]
    assert [row["verdict"] for row in content["rows"]] == ["reached", "missed", None]
    assert content["rows"][0]["rounds"] == {"ours": [18_000.0], "theirs": [90.0]}
    assert content["rows"][0]["quartiles"] is None
    assert content["rows"][2]["facts"] == {"vehicles": 51}
    assert content["rows"][2]["note"] == MISSING
    assert {row["group"] for row in content["rows"]} == {"world"}
    assert content["machine"]["processors"] >= 1
    assert "highway-env" in content["machine"]["libraries"]


def test_a_page_and_a_plot_are_written(tmp_path: Path) -> None:
    page, picture = tmp_path / "speed.md", tmp_path / "speed.png"
    bench("--markdown", str(page), "--plot", str(picture))
    text = page.read_text(encoding="utf-8")
    assert "1 of 2 targets reached; not reached, or not for certain:" in text
    assert "\n- ✗ slow step, against stock (road alone)\n" in text
    assert "| fast step | 18,000 | 90 | stock | 200× | 200× ✓ |" in text
    assert "| highway-v0, 51 vehicles [1] | 6,000 | – | EnvPool | – | 1.5× |" in text
    assert f"1. {MISSING}" in text
    assert "(speed.png)" in text
    assert text.count("## About") == 3
    assert text.count("- EnvPool: [EnvPool](https://") == 1
    assert "- highway-env: " not in text, "no row is against it"
    assert "{" not in text
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_plot_of_nothing_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["bench", "--only", "world", "--plot", str(tmp_path / "no.png")])
    assert result.exit_code == cli.WRONG_USAGE
    assert "expected 'scaling'" in result.stderr


def test_what_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "missing" / "speed.md"
    for option in ("--markdown", "--plot"):
        result = CliRunner().invoke(cli.app, ["bench", option, str(page)])
        assert result.exit_code == cli.WRONG_USAGE
        assert "to be a folder" in result.stderr
        assert "measuring" not in result.stderr


def test_what_was_measured_is_kept_when_a_later_group_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(benchmarks, "BENCHMARKS", ("world", "phases", "camera"))
    page = tmp_path / "speed.md"
    text = CliRunner().invoke(cli.app, ["bench", "--markdown", str(page)])
    assert text.exit_code != 0
    assert "fast step" in text.stdout
    assert "| fast step |" in page.read_text(encoding="utf-8")
    found = CliRunner().invoke(cli.app, ["bench", "--json"])
    assert found.exit_code != 0
    assert {row["group"] for row in json.loads(found.stdout)["rows"]} == {"world"}


def test_quartiles_and_shares_are_shown() -> None:
    row = dataclasses.replace(ROWS[0], ours=[100.0, 110.0, 120.0], theirs=[1.0], target=112.0)
    assert "110× 105–115    112× ≈" in as_text([row])
    assert "11.0% 10.5–11.5" in as_text([dataclasses.replace(row, theirs=[1000.0], share=True, target=None)])


def test_a_misspelt_benchmark_is_met_with_the_nearest() -> None:
    result = CliRunner().invoke(cli.app, ["bench", "--only", "camara"])
    assert result.exit_code == cli.WRONG_USAGE
    assert "Did you mean 'camera'?" in result.stderr
