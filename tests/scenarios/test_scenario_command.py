"""``drivebench scenarios``."""

import json
import subprocess
import sys

from drivebench import registry
from drivebench.suite import load_suite


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from drivebench.cli import main; main()", "scenarios", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_json_is_one_object_with_everything_registered() -> None:
    result = _run("--json")
    assert result.returncode == 0, result.stderr
    listed = json.loads(result.stdout)
    assert [scenario["id"] for scenario in listed["scenarios"]] == list(registry.names("scenario"))
    assert {suite["name"]: suite["digest"] for suite in listed["suites"]} == {
        name: load_suite(name).digest for name in registry.names("suite")
    }
    cells = {
        (suite["name"], cell["scenario"], cell["condition"]): cell["episodes"]
        for suite in listed["suites"]
        for cell in suite["cells"]
    }
    assert cells["test", "lane-keeping-v1", "off-course"] == 15
    assert listed["splits"] == {
        "train": [0, 1_000_000],
        "dev": [1_000_000, 2_000_000],
        "test": [2_000_000, 3_000_000],
        "secret": [2**40, 2**52],
    }


def test_the_table_names_conditions_and_suites() -> None:
    result = _run("lane-keeping-v1")
    assert result.returncode == 0, result.stderr
    for word in ("lane-keeping-v1", "off-course-far", "recovery", "60"):
        assert word in result.stdout
    assert "highway-v1" not in result.stdout


def test_a_misspelt_scenario_is_wrong_usage() -> None:
    result = _run("lane-keping-v1")
    assert result.returncode == 2
    assert "Did you mean 'lane-keeping-v1'?" in result.stderr
