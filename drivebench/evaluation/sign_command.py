"""``drivebench sign``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["sign"]


def sign(
    runs: Annotated[list[Path], typer.Argument(help="Finished run directories, or packed runs.")],
    key: Annotated[Path, typer.Option(help="An SSH key; or the public one of a key that your agent holds.")],
) -> None:
    """Sign runs with an SSH key, so that others can see who vouches for them.

    `drivebench verify` reports the key, and with --signers whose it is. A signature covers all files of a
    run but `logs/`.

    Example: drivebench sign runs/bc-test --key ~/.ssh/id_ed25519
    """
    from drivebench.evaluation.record import load_run
    from drivebench.evaluation.signature import check_signature, sign_run

    for run in map(load_run, runs):
        sign_run(run, key)
        signed = check_signature(load_run(run.path))
        assert signed is not None
        typer.echo(f"{run.path}: signed with {signed.key}")
