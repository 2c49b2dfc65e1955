"""``drivebench evaluate`` and ``drivebench verify`` as a user meets them."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from small_suites import submission, suite
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module

SUITE = suite(count=2)


@pytest.fixture(autouse=True)
def _small_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "load_suite", lambda name: SUITE)
    monkeypatch.setattr(verify_module, "load_suite", lambda name: SUITE)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def evaluate(what: object, out: Path, *more: str) -> Result:
    return invoke("evaluate", what, "--suite", "small", "--out", out, "--workers", "1", *more)


def test_a_good_run_exits_with_0_and_prints_one_object(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = evaluate(submission(tmp_path / "steady"), out, "--json")
    assert done.exit_code == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["policy"] == "steady"
    assert printed["episodes"] == 2
    assert printed["failures"] == {}
    assert "2 episodes in" in done.stderr
    checked = invoke("verify", out, "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["agrees"] is True
    assert json.loads(checked.stdout)["results"] == printed["results"]
    assert "all 2 episodes agree" in invoke("verify", out).stdout


def test_a_policy_that_fails_exits_with_1_and_says_why(tmp_path: Path) -> None:
    broken = submission(tmp_path / "broken", "raise RuntimeError('no GPU')")
    done = evaluate(broken, tmp_path / "run")
    assert done.exit_code == 1
    assert "the policy failed in 2 episodes, which score 0" in done.stdout
    assert "2 × start-up: RuntimeError: no GPU" in done.stdout
    assert "DBS 0.0" in done.stdout


def test_wrong_usage_exits_with_2_and_says_what_to_do(tmp_path: Path) -> None:
    assert evaluate("expert", tmp_path / "run").exit_code == 0
    again = evaluate("expert", tmp_path / "run")
    assert again.exit_code == 2
    assert "--resume" in again.stderr
    assert evaluate("expert", tmp_path / "run", "--resume").exit_code == 0
    misspelt = evaluate("exprt", tmp_path / "other")
    assert misspelt.exit_code == 2
    assert "Did you mean 'expert'?" in misspelt.stderr
    tier = evaluate("expert", tmp_path / "other", "--isolation", "bubblewrap")
    assert tier.exit_code == 2
    assert "in the harness itself" in tier.stderr
    for limit in (("--memory-gib", "inf"), ("--decision-timeout", "nan"), ("--start-timeout", "-1")):
        unlimited = evaluate("expert", tmp_path / "other", *limit)
        assert unlimited.exit_code == 2
        assert "expected" in unlimited.stderr


def test_an_edited_run_exits_with_1_and_names_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    evaluate("expert", out)
    log = out / "actions" / "0000.npy"
    actions = np.load(log)
    actions[3, 0] += 1
    np.save(log, actions)
    refused = invoke("verify", out)
    assert refused.exit_code == 1
    assert "actions/0000.npy" in refused.stderr
    refused = invoke("score", out)
    assert refused.exit_code == 1
    assert "actions/0000.npy" in refused.stderr


@pytest.mark.parametrize("command", ["evaluate", "verify"])
def test_help_has_an_example(command: str) -> None:
    shown = invoke(command, "--help")
    assert shown.exit_code == 0
    assert f"Example: drivebench {command}" in shown.stdout
