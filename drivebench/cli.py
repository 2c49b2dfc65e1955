"""The command line: ``drivebench COMMAND``.

A command is a function, or a ``typer.Typer`` with several, that lives with its subject and is found through
an entry point of the group ``drivebench.commands``, the same road that a third party's package takes. The
commands of such a ``typer.Typer`` may live apart, each with its own subject: ``leaderboard.list`` joins
``leaderboard``. A module is imported when its command is asked for; the overview reads the first lines of
their docstrings from the source text, so that ``--help`` answers at once, imports nothing heavy, and works
when a third party's package is broken.

Exit codes: 0 good · 1 the thing checked is not good (a record that was edited, a policy that broke the
protocol) · 2 wrong usage (an option, a name or a setting that does not exist) · 70 an error of drivebench
itself, with its traceback · 130 interrupted.
"""

import ast
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from drivebench import registry
from drivebench.errors import ConfigurationError, DrivebenchError, UnknownNameError, nearest

__all__ = ["DEBUG_VARIABLE", "NOT_GOOD", "WRONG_USAGE", "app", "main"]

NOT_GOOD = 1
WRONG_USAGE = 2
INTERNAL_ERROR = 70
"""``EX_SOFTWARE`` of sysexits.h."""

DEBUG_VARIABLE = "DRIVEBENCH_DEBUG"


class RegisteredCommands(typer.core.TyperGroup):
    """The commands that are registered as entry points, each imported when it is asked for."""

    _describing = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the overview."""
        self._describing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._describing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (the signature is typer's)
        """Names of all commands, sorted; what belongs to a group is listed by the group."""
        return [name for name in registry.names("command") if "." not in name]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or None when there is no such command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        if self._describing:
            return typer.core.TyperCommand(cmd_name, help=_first_line(cmd_name))
        found = registry.load("command", cmd_name)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            for name in registry.names("command"):
                of, _, own = name.partition(".")
                if of == cmd_name and own:
                    group.add_command(_single(own, registry.load("command", name)))
            return group
        return _single(cmd_name, found)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Split the arguments into a command and what is meant for it.

        Raises:
            UnknownNameError: No such command; the message suggests the nearest.
        """
        known = self.list_commands(ctx)
        if args[0] not in known:
            raise UnknownNameError("command", args[0], known)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error that the user can mend becomes one readable message."""
        try:
            return super().invoke(ctx)
        except DrivebenchError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            typer.secho("error: ", fg="red", bold=True, err=True, nl=False)
            typer.echo(str(error), err=True)
            wrong_usage = isinstance(error, ConfigurationError | UnknownNameError)
            raise typer.Exit(WRONG_USAGE if wrong_usage else NOT_GOOD) from error
        except typer.BadParameter as error:
            error.message = _with_suggestion(error.message)
            raise


def _single(name: str, function: Callable[..., Any]) -> Any:
    """A command of a function."""
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(function)
    return typer.main.get_command(single)


def _first_line(name: str) -> str:
    """First line of a command's docstring or help, from the source text; empty when that cannot be found."""
    module, _, attribute = registry.where("command", name).partition(":")
    package, *inner = module.split(".")
    spec = importlib.util.find_spec(package)  # of a top-level package: imports nothing
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder, *inner).with_suffix(".py")
        if file.is_file():
            for node in ast.parse(file.read_bytes()).body:
                match node:
                    case ast.FunctionDef(name=name) if name == attribute:
                        return (ast.get_docstring(node) or "").partition("\n")[0]
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=options)) if (
                        name == attribute
                    ):
                        return _help_of(options)
    return ""


def _help_of(options: list[ast.keyword]) -> str:
    """First line of the option ``help`` of a ``typer.Typer``."""
    for option in options:
        if option.arg == "help" and isinstance(option.value, ast.Constant):
            return str(option.value.value).partition("\n")[0]
    return ""


def _with_suggestion(message: str) -> str:
    """Add the nearest choice to typer's message about a value that is not among the choices of an option."""
    found = re.fullmatch(
        r"(?:Value error, )?(?P<what>'(?P<given>.*)' is not one of (?P<known>'.*'))\.", message
    )
    if found is None:
        return message
    near = nearest(found["given"], re.findall(r"'([^']*)'", found["known"]))
    return f"{found['what']}." + (f" Did you mean {near!r}?" if near else "")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"drivebench {version('drivebench')}")
        raise typer.Exit


app = typer.Typer(
    cls=RegisteredCommands,
    name="drivebench",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def drivebench(
    print_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=DEBUG_VARIABLE, help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Measure which failure of imitation a driving policy suffers from, and whether a remedy cures it.

    Start with: drivebench quickstart --budget smoke
    """


def main() -> None:
    """Run the command line and exit; the entry point of the ``drivebench`` script."""
    try:
        app()
    except BrokenPipeError:  # the reader has gone, as in `drivebench table … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:
        traceback.print_exc()
        typer.echo(
            "This is an error of drivebench, not yours. Please report it with the lines above.", err=True
        )
        sys.exit(INTERNAL_ERROR)
