"""The command line as a user meets it: help, exit codes, errors, suggestions."""

import re
import subprocess
import sys
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from drivebench import cli, registry
from drivebench.errors import ConfigurationError, RecordError

COMMANDS = [name.replace(".", " ") for name in registry.names("command")]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A table of commands of the test's own in place of the registered ones."""
    table: dict[str, object] = {}
    monkeypatch.setattr(registry, "names", lambda kind: tuple(sorted(table)))
    monkeypatch.setattr(registry, "load", lambda kind, name: table[name])
    monkeypatch.setattr(registry, "where", lambda kind, name: "a_package_that_is_not_there:command")
    return table


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from drivebench.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = CliRunner().invoke(cli.app, [*name.split(), "--help"], terminal_width=200)
    assert result.exit_code == 0, result.output
    assert "Example" in result.output
    assert f"drivebench {name}" in result.output.partition("Example")[2]


def test_the_overview_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from drivebench.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'torch', 'numba', 'highway_env', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for name in COMMANDS:
        described = re.search(rf"│ {name} +(\S.+)│", result.stdout)
        assert bool(described) is (" " not in name), f"the overview does not describe {name}"


def test_a_command_joins_the_group_of_another_package(commands: dict[str, object]) -> None:
    group = typer.Typer(help="Keep things.")

    @group.command()
    def add() -> None:
        """Add."""

    def count() -> None:
        """Count them.

        Example: drivebench things count
        """
        typer.echo("7")

    commands |= {"things": group, "things.count": count}
    assert CliRunner().invoke(cli.app, ["things", "count"]).stdout == "7\n"
    overview, of_the_group = (
        CliRunner().invoke(cli.app, [*words, "--help"]).stdout for words in ([], ["things"])
    )
    assert "things.count" not in overview
    assert "Count them." in of_the_group
    assert CliRunner().invoke(cli.app, ["things.count"]).exit_code == cli.WRONG_USAGE


def test_a_broken_command_does_not_break_the_overview(commands: dict[str, object]) -> None:
    commands["broken"] = None
    result = CliRunner().invoke(cli.app, ["--help"])
    assert result.exit_code == 0
    assert "broken" in result.output


def test_a_misspelt_command_is_met_with_the_nearest() -> None:
    result = run("tabel")
    assert result.returncode == cli.WRONG_USAGE
    assert "Did you mean 'table'?" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_misspelt_option_is_met_with_the_nearest(commands: dict[str, object]) -> None:
    def train(budget: Annotated[Literal["smoke", "full"], typer.Option()] = "smoke") -> None:
        """Train."""

    commands["train"] = train
    misspelt_option = CliRunner().invoke(cli.app, ["train", "--budgte", "full"])
    assert misspelt_option.exit_code == cli.WRONG_USAGE
    assert "--budget" in misspelt_option.output.replace("--budgte", "")
    misspelt_choice = CliRunner().invoke(cli.app, ["train", "--budget", "ful"], terminal_width=200)
    assert misspelt_choice.exit_code == cli.WRONG_USAGE
    assert "Did you mean 'full'?" in " ".join(misspelt_choice.output.replace("│", "").split())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no such setting"), cli.WRONG_USAGE),
        (RecordError("line 3 was edited"), cli.NOT_GOOD),
        (typer.Exit(cli.NOT_GOOD), cli.NOT_GOOD),
        (typer.Exit(), 0),
    ],
)
def test_an_error_is_one_message_and_an_exit_code(
    commands: dict[str, object], error: Exception, code: int
) -> None:
    def check() -> None:
        """Check."""
        raise error

    commands["check"] = check
    result = CliRunner().invoke(cli.app, ["check"])
    assert result.exit_code == code
    if not isinstance(error, typer.Exit):
        assert result.stderr == f"error: {error}\n"
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_debug_shows_the_traceback(commands: dict[str, object]) -> None:
    def check() -> None:
        """Check."""
        raise RecordError("line 3 was edited")

    commands["check"] = check
    for arguments, environment in ((["--debug", "check"], {}), (["check"], {cli.DEBUG_VARIABLE: "1"})):
        result = CliRunner().invoke(cli.app, arguments, env=environment)
        assert "Traceback" in result.stderr
        assert result.exit_code == cli.NOT_GOOD


def test_an_error_of_our_own_is_told_apart(
    commands: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> None:
        """Check."""
        raise ZeroDivisionError

    commands["check"] = check
    monkeypatch.setattr(sys, "argv", ["drivebench", "check"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == cli.INTERNAL_ERROR
    assert "not yours" in capsys.readouterr().err


def test_version() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("drivebench 0.")
