"""Figures for papers: the same bytes from the same records, in SVG and PDF, and what cannot be drawn."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from invented_runs import Episode, failing, run_of, suite, write_run
from typer.testing import CliRunner

from drivebench import cli
from drivebench.world.clock import POLICY_HZ
from leaderboard.outcomes import outcomes_of
from leaderboard.plots import horizon

pytestmark = pytest.mark.usefixtures("fewer_resamples")

KINDS = ("ranking", "profile", "abilities", "horizon", "drop", "data")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> list[Path]:
    """Two policies and a reference, on pairs of nominal and foggy seeds."""
    folder = tmp_path_factory.mktemp("runs")
    nominal = [replace(each, condition="nominal") for each in suite(3) if each.condition == "nominal"]
    episodes = nominal + [replace(each, condition="fog") for each in nominal]
    return [
        write_run(folder / name, failing(episodes, every), name=name, track=track)
        for name, every, track in (("good", 6, "camera"), ("bad", 2, "camera"), ("expert", 99, "privileged"))
    ]


def draw(kind: str, runs: list[Path], out: Path, *options: str) -> bytes:
    result = CliRunner().invoke(cli.app, ["plot", kind, *map(str, runs), "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    return out.read_bytes()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "data"])
def test_the_same_records_give_the_same_bytes(kind: str, runs: list[Path], tmp_path: Path) -> None:
    first = draw(kind, runs, tmp_path / "one.svg")
    assert draw(kind, runs[::-1], tmp_path / "two.svg") == first
    assert ElementTree.fromstring(first.decode()).tag.endswith("svg")


def test_a_pdf_is_the_same_bytes_too_and_other_records_are_others(runs: list[Path], tmp_path: Path) -> None:
    first = draw("ranking", runs, tmp_path / "one.pdf")
    assert first.startswith(b"%PDF")
    assert draw("ranking", runs, tmp_path / "two.pdf") == first
    assert draw("ranking", runs[1:], tmp_path / "other.pdf") != first


def test_what_a_user_has_configured_does_not_matter(runs: list[Path], tmp_path: Path) -> None:
    import matplotlib as mpl

    before = draw("ranking", runs, tmp_path / "one.svg")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        assert draw("ranking", runs, tmp_path / "two.svg") == before


def test_data_efficiency_needs_policies_that_say_what_they_have_learnt_from(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", suite(1), name="untrained")
    result = CliRunner().invoke(cli.app, ["plot", "data", str(run.path), "--out", str(tmp_path / "data.svg")])
    assert result.exit_code == cli.WRONG_USAGE
    assert "how many demonstrations" in result.stderr
    card = replace(run.manifest.policy, training={"seed": 0, "demonstrations": {"episodes": 40}})
    trained = replace(run, manifest=replace(run.manifest, policy=card))
    assert outcomes_of(trained).demonstrations == 40


@pytest.mark.parametrize("out", ["figure.png", "figure"])
def test_a_paper_needs_lines_not_pixels(runs: list[Path], tmp_path: Path, out: str) -> None:
    result = CliRunner().invoke(cli.app, ["plot", "ranking", str(runs[0]), "--out", str(tmp_path / out)])
    assert result.exit_code == cli.WRONG_USAGE
    assert ".svg or .pdf" in result.stderr


def test_a_suite_without_failures_has_no_cost(tmp_path: Path) -> None:
    perfect = write_run(tmp_path / "run", [Episode(family="merge", seed=2_000_000 + k) for k in range(3)])
    result = CliRunner().invoke(cli.app, ["plot", "horizon", str(perfect), "--out", str(tmp_path / "c.svg")])
    assert result.exit_code == cli.WRONG_USAGE
    assert "no policy has failed" in result.stderr


def test_cost_counts_decisions_after_a_failure_by_hand() -> None:
    # failed after 10 s: by 30 s, 20 s have gone by; arrived after 10 s: nothing
    cost = horizon.cost_of(np.array([10.0, 10.0]), np.array([True, False]))
    assert cost[:, -1].tolist() == [pytest.approx(20 * POLICY_HZ), 0.0]
    assert cost[0, 0] == 0.0
    assert horizon.POLICY_HZ == POLICY_HZ
