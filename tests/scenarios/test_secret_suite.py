"""A competition from the commitment to the reveal, by the commands that an organiser uses."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from drivebench.cli import app
from drivebench.suite import read_suite
from scenarios import suite_building
from scenarios.suite_building import Plan


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def competition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, str]:
    """Manifest, key and commitment of a small secret suite."""
    small = Plan(
        description="A few.", first_seed=0, scenarios=("merge-v1",), conditions=("nominal",), episodes=2
    )
    monkeypatch.setitem(suite_building.PLANS, "test", small)
    manifest, key = tmp_path / "competition.json", tmp_path / "key"
    made = call("secret-suite", "--key", key, "--out", manifest)
    assert made.exit_code == 0, made.output
    (commitment,) = re.findall("commitment: ([0-9a-f]{64})", made.output)
    assert key.read_text().strip() not in made.output
    return manifest, key, commitment


def test_a_competition(competition: tuple[Path, Path, str], tmp_path: Path) -> None:
    manifest, key, commitment = competition
    run = tmp_path / "run"
    driven = call("evaluate", "idle", "--suite", manifest, "--out", run)
    assert driven.exit_code == 0, driven.output
    unknown = call("verify", run)
    assert unknown.exit_code == 2
    assert "--suite FILE.json" in unknown.output
    verified = call("verify", run, "--suite", manifest)
    assert verified.exit_code == 0, verified.output
    revealed = call("reveal", manifest, "--key", key, "--commitment", commitment)
    assert revealed.exit_code == 0, revealed.output


def test_a_reveal_that_does_not_fit(competition: tuple[Path, Path, str]) -> None:
    manifest, key, commitment = competition
    wrong = call("reveal", manifest, "--key", key, "--commitment", commitment[::-1])
    assert wrong.exit_code == 1
    assert "another key" in wrong.output


def test_the_same_key_makes_the_same_suite_and_nothing_is_overwritten(
    competition: tuple[Path, Path, str], tmp_path: Path
) -> None:
    manifest, key, commitment = competition
    again = call("secret-suite", "--key", key, "--out", tmp_path / "again.json")
    assert commitment in again.output
    assert read_suite(tmp_path / "again.json") == read_suite(manifest)
    over = call("secret-suite", "--key", key, "--out", manifest)
    assert over.exit_code == 1
    assert "is there already" in over.output
