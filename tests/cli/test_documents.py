"""The commands and the example in the documents are those that exist."""

import re
import shlex
from pathlib import Path

import pytest
import typer.core
import typer.main
from typer.testing import CliRunner

from drivebench import cli, registry

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    "README.md": ROOT / "README.md",
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
    "data.md": ROOT / "docs" / "data.md",
    "diagnose.md": ROOT / "docs" / "diagnose.md",
    "drive.md": ROOT / "docs" / "drive.md",
    "evaluate.md": ROOT / "docs" / "evaluate.md",
    "effects.md": ROOT / "docs" / "effects.md",
    "records": ROOT / "leaderboard" / "records" / "README.md",
    "reproduce.md": ROOT / "docs" / "reproduce.md",
    "serve.md": ROOT / "docs" / "serve.md",
    "site.md": ROOT / "docs" / "site.md",
    "submit.md": ROOT / "docs" / "submit.md",
    "page": ROOT / "leaderboard" / "page" / "page.html.jinja",
}


def commands_in(text: str) -> list[list[str]]:
    """Arguments of every ``drivebench …`` in a block of code."""
    blocks = re.findall(r"```sh\n(.*?)```|<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    lines = [line for block in blocks for line in "\n".join(block).splitlines()]
    found = [re.search(r"\bdrivebench (.*)", line) for line in lines]
    return [shlex.split(match[1], comments=True) for match in found if match]


WRITTEN = [
    pytest.param(arguments, id=f"{name}: {' '.join(arguments)}")
    for name, path in DOCUMENTS.items()
    for arguments in commands_in(path.read_text(encoding="utf-8"))
]


def test_the_documents_have_commands() -> None:
    assert len(WRITTEN) > 10


@pytest.mark.parametrize("arguments", WRITTEN)
def test_a_documented_command_exists_with_its_options(arguments: list[str]) -> None:
    name, *rest = arguments
    assert name in registry.names("command")
    command = typer.main.get_group(cli.app).get_command(None, name)
    if isinstance(command, typer.core.TyperGroup) and not rest[0].startswith("--"):
        command = command.commands[rest.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


def test_every_command_is_documented() -> None:
    text = DOCUMENTS["README.md"].read_text(encoding="utf-8")
    for name in (name.replace(".", " ") for name in registry.names("command")):
        assert f"drivebench {name}" in text or f"`{name}`" in text, f"README.md does not mention {name}"


def test_the_example_submission_drives(tmp_path: Path) -> None:
    text = DOCUMENTS["README.md"].read_text(encoding="utf-8")
    (manifest,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    submission = tmp_path / "steady"
    submission.mkdir()
    (submission / "submission.toml").write_text(manifest, encoding="utf-8")
    (submission / "policy.py").write_text(code, encoding="utf-8")
    run = tmp_path / "run"
    options = ["--suite", "smoke", "--scenario", "lane-keeping-v1", "--limit", "1", "--workers", "1"]
    result = CliRunner().invoke(cli.app, ["evaluate", str(submission), *options, "--out", str(run)])
    assert result.exit_code == 0, result.output
    table = CliRunner().invoke(cli.app, ["table", str(run)])
    assert table.exit_code == 0, table.output
    assert "steady" in table.stdout
