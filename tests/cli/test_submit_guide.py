"""The guide *Submit a policy*: its commands run, and lead to what it promises. Templates keep their word."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from drivebench import cli
from drivebench.evaluation.record import load_run
from drivebench.onnx_graph import OPERATORS
from drivebench.templates import command
from drivebench.templates.command import Template

GUIDE = Path(__file__).parents[2] / "docs" / "submit.md"
TEMPLATES = Path(command.__file__).parent
SHORT = {
    "evaluate": ["--scenario", "lane-keeping-v1", "--condition", "nominal", "--limit", "1", "--workers", "1"]
}
"""One episode stands for the suite; what the guide writes is otherwise run as it is."""


def run(arguments: list[str]) -> str:
    if arguments[0] == "python":
        done = subprocess.run([sys.executable, *arguments[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr
    result = CliRunner().invoke(cli.app, [*arguments[1:], *SHORT.get(arguments[1], [])])
    assert result.exit_code == 0, f"{shlex.join(arguments)}: {result.output}"
    return result.output


def test_the_ten_minutes_lead_to_a_verified_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    block = re.search(r"<!-- the ten minutes.*?```sh\n(.*?)```", text, re.DOTALL)
    assert block
    commands = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    assert len(commands) == 7
    monkeypatch.chdir(tmp_path)
    said = {f"{words[0]} {words[1]}": run(words) for words in commands}
    assert "accepted" in said["drivebench check"]
    assert "agree" in said["drivebench verify"]
    rows = said["drivebench table"]
    assert rows.index("mine") < rows.index("random")
    mine, random = (load_run(Path("runs") / name) for name in ("mine", "random"))
    assert mine.manifest.policy.form == "code"
    assert mine.episodes[0].score > 50.0 > random.episodes[0].score


def test_the_guide_lists_the_operators() -> None:
    assert f"{', '.join(sorted(OPERATORS))}." in " ".join(GUIDE.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("template", list(Template))
def test_the_tests_of_a_template_pass(template: Template) -> None:
    words = [sys.executable, "-B", "-m", "unittest", "discover", "-s", str(TEMPLATES / template.value)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Ran [2-9] tests", done.stderr)


def test_the_onnx_file_is_what_its_script_makes() -> None:
    onnx = pytest.importorskip("onnx", reason="the extra drivebench[onnx] is not installed")
    folder = TEMPLATES / Template.ONNX.value
    graph = re.search(r'GRAPH = """(.*?)"""', (folder / "make_policy.py").read_text(), re.DOTALL)
    assert graph
    made = onnx.parser.parse_model(graph[1])
    assert onnx.load(folder / "policy.onnx") == made
