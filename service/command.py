"""``drivebench serve``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.settings import Places

__all__ = ["serve"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
MIB, GIB = 1 << 20, 1 << 30

Data = Annotated[Path, typer.Option(help="The folder of the service.", file_okay=False)]

serve = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="""An organiser's service: takes in submissions, evaluates them in isolation, shows a table.

    It answers this machine alone unless --host says otherwise; docs/serve.md is the guide.

    Example: drivebench serve token ada --data /var/lib/drivebench

    Example: drivebench serve --data /var/lib/drivebench --suite test

    Example: drivebench serve --data /var/lib/drivebench --suite competition.json --commitment 5f70bf18…""",
)


@serve.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="The folder of the service; made if it is not there.", file_okay=False)
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    suite: Annotated[str, typer.Option(help="Suite that is driven, or its manifest.")] = "test",
    commitment: Annotated[
        str, typer.Option(help="To a secret suite: its seeds stay hidden until `serve reveal`.")
    ] = "",
    check_suite: Annotated[
        str, typer.Option(help="Public suite of which the check begins episodes.")
    ] = "smoke",
    isolation: Annotated[
        str | None,
        typer.Option(help="Tier around every policy; the strongest of this machine when left out."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes for a submission; all processors when left out.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Submissions that are driven at the same time.")] = 1,
    hours: Annotated[float, typer.Option(help="That a submission may take.")] = 6.0,
    decision_timeout: Annotated[float, typer.Option(help="Seconds to answer for one batch.")] = 10.0,
    start_timeout: Annotated[float, typer.Option(help="Seconds to import and load.")] = 120.0,
    memory_gib: Annotated[float, typer.Option(help="Resident memory of a policy's process.")] = 4.0,
    limit_mb: Annotated[int, typer.Option(min=1, help="MiB of an archive.")] = 256,
    unpacked_mb: Annotated[int, typer.Option(min=1, help="MiB of what it unpacks to.")] = 1024,
    uploads_per_day: Annotated[int, typer.Option(min=1, help="Of an account.")] = 10,
    waiting: Annotated[int, typer.Option(min=1, help="Submissions of an account without a verdict.")] = 3,
    queue: Annotated[int, typer.Option(min=1, help="Submissions of all accounts without a verdict.")] = 100,
    requests_per_minute: Annotated[int, typer.Option(min=1, help="Of an account, or an address.")] = 300,
) -> None:
    """Start the service, unless one of the commands below is given."""
    if context.invoked_subcommand is not None:
        return
    from drivebench.errors import ConfigurationError

    if data is None:
        raise ConfigurationError(
            "no folder is given; expected --data DIR, where the service keeps everything"
        )
    try:
        from service.server import serve_here, tier_for
    except ModuleNotFoundError as error:
        if error.name not in {"fastapi", "starlette", "uvicorn"}:
            raise
        raise ConfigurationError(
            f"{error.name} is not installed, which the service needs: pip install 'drivebench[serve]'"
        ) from error
    from drivebench.evaluation.manifest import Limits
    from service.archive import Bounds
    from service.settings import Settings

    settings = Settings(
        data=data.resolve(),
        suite=_absolute(suite),
        isolation=tier_for(isolation),
        commitment=commitment.strip().lower(),
        check_suite=_absolute(check_suite),
        workers=workers,
        at_once=at_once,
        limits=Limits(
            start_up_s=start_timeout, decision_s=decision_timeout, memory_bytes=int(memory_gib * GIB)
        ),
        hours=hours,
        upload_bytes=limit_mb * MIB,
        bounds=Bounds(content_bytes=unpacked_mb * MIB),
        uploads_per_day=uploads_per_day,
        waiting=waiting,
        queue=queue,
        requests_per_minute=requests_per_minute,
    )
    serve_here(settings, host, port)


@serve.command()
def token(
    name: Annotated[str, typer.Argument(help="Of the account: letters, digits, '.', '_' and '-'.")],
    data: Data,
) -> None:
    """Print a token for an account, once; an earlier one of the account is no longer valid.

    Example: drivebench serve token ada --data /var/lib/drivebench
    """
    from drivebench.errors import ConfigurationError
    from drivebench.progress import say
    from service.accounts import Accounts
    from service.settings import Places

    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(
            f"{name!r} cannot be an account; expected a letter or digit, then letters, digits, '.', '_' and "
            "'-', 40 at most"
        )
    places = Places(data=data.resolve())
    places.make()
    typer.echo(Accounts(places.database).give_token(name))
    say(f"the token of {name}, shown once: only its hash is kept. Earlier ones are not valid any more")


@serve.command()
def revoke(name: Annotated[str, typer.Argument(help="Of the account.")], data: Data) -> None:
    """Make the token of an account invalid; its submissions stay.

    Example: drivebench serve revoke ada --data /var/lib/drivebench
    """
    from service.accounts import Accounts

    Accounts(_places(data).database).revoke_token(name)
    typer.echo(f"{name} has no valid token any more")


@serve.command()
def accounts(data: Data) -> None:
    """List accounts, when they got their token, and how much they have sent.

    Example: drivebench serve accounts --data /var/lib/drivebench
    """
    from service.accounts import Accounts

    for account in Accounts(_places(data).database).everybody():
        revoked = ", revoked" if account.revoked else ""
        typer.echo(f"{account.name}: {account.submissions} submissions, token of {account.made}{revoked}")


@serve.command()
def reveal(
    data: Data, key: Annotated[Path, typer.Option(help="File of the key that was committed to.")]
) -> None:
    """End a competition: check the key against the commitment, and show everything that was hidden.

    Example: drivebench serve reveal --data /var/lib/drivebench --key competition.key
    """
    from drivebench.errors import ConfigurationError
    from drivebench.secret_seeds import SecretKey, check_revealed
    from drivebench.suite import load_suite
    from service.board import write_pages, write_table
    from service.database import Database

    places = _places(data)
    database = Database(places.database)
    commitment = database.fact("commitment")
    if not commitment:
        raise ConfigurationError(f"{data} is of a suite that anybody may know: there is nothing to reveal")
    secret = SecretKey.read(key)
    check_revealed(load_suite(database.fact("suite")), secret, commitment)
    database.note_fact("revealed", secret.value.hex())
    write_table(places, revealed=True)
    if any(places.records.iterdir()):
        write_pages(places)
    typer.echo("revealed: the key, the records, and what policies said of their failures can be seen now")


def _places(data: Path) -> "Places":
    """Of a service that there is."""
    from drivebench.errors import ConfigurationError
    from service.settings import Places

    places = Places(data=data.resolve())
    if not places.database.is_file():
        raise ConfigurationError(
            f"{data} is not the folder of a service: expected one in which `drivebench serve` has worked"
        )
    return places


def _absolute(suite: str) -> str:
    """A manifest by its whole path, as jobs may work elsewhere."""
    return str(Path(suite).resolve()) if suite.endswith(".json") else suite
