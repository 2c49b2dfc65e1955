"""``drivebench secret-suite`` and ``drivebench reveal``: competitions on seeds that nobody knows before."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from drivebench.errors import DataError
from drivebench.secret_seeds import SecretKey, check_revealed
from drivebench.suite import read_suite, write_suite

__all__ = ["reveal", "secret_suite"]

KEY_HELP = "File of the secret key: 64 hexadecimal digits."


def secret_suite(
    out: Annotated[Path, typer.Option(help="Where to write the suite's manifest; a new file.")],
    key: Annotated[Path, typer.Option(help=f"{KEY_HELP} Made if it is not there.")],
    like: Annotated[
        str, typer.Option(help="Suite that it shall be like: as many episodes of each kind.")
    ] = "test",
) -> None:
    """Make a suite with secret seeds for a competition, and print the commitment to publish.

    Keep the key and the manifest to yourself. Publish the commitment before anybody submits, and the key when
    all is over: `drivebench reveal` then shows to anyone that the seeds were not chosen afterwards.

    Example: drivebench secret-suite --key competition.key --out competition.json

    Example: drivebench evaluate policies/mine --suite competition.json --out runs/mine
    """
    from scenarios.suite_building import build_suite  # compiles the expert: not for `--help`

    if out.exists():
        raise DataError(f"{out} is there already; a suite that was driven must not be lost: give a new file")
    if not key.exists():
        SecretKey.fresh().write(key)
    secret = SecretKey.read(key)
    sys.stdout.write(f"commitment: {secret.commitment}\n")
    sys.stdout.flush()
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        suite = build_suite(like, progress, key=secret)
    write_suite(suite, out)
    sys.stderr.write(
        f"{out}: {len(suite.entries)} episodes, {len(suite.refused)} refused by the expert, digest "
        f"{suite.digest[:12]}; keep it and {key} secret until the end\n"
    )


def reveal(
    suite: Annotated[Path, typer.Argument(help="Manifest of the secret suite.")],
    key: Annotated[Path, typer.Option(help=KEY_HELP)],
    commitment: Annotated[str, typer.Option(help="As it was published before.")],
) -> None:
    """Check that a secret suite is the one that was committed to; exit code 1 when it is not.

    Example: drivebench reveal competition.json --key competition.key --commitment 5f70bf18…
    """
    manifest = read_suite(suite)
    check_revealed(manifest, SecretKey.read(key), commitment)
    sys.stdout.write(
        f"{manifest.name}: all {len(manifest.entries)} episodes follow from the key, and the key is the one "
        "that was committed to\n"
    )
