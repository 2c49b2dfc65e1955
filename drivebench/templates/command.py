"""``drivebench init-submission``: a working submission to start from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Template", "init_submission"]


class Template(StrEnum):
    """Folders beside this file."""

    NUMPY = "numpy"
    """Code: a rule in NumPy, without weights."""
    TORCH = "torch"
    """Code and weights: a network in torch, and the script that trains it on demonstrations."""
    ONNX = "onnx"
    """Weights only: an ONNX file, and the script that makes it."""


def init_submission(
    out: Annotated[Path, typer.Argument(help="The directory to write; it must not exist.", metavar="DIR")],
    template: Annotated[Template, typer.Option(help="What it is made of.")] = Template.NUMPY,
) -> None:
    """Write a working submission to start from, with a readme and a test of its own.

    It drives as it is, and `drivebench check DIR` is green. README.md in it says what to change.

    Example: drivebench init-submission policies/mine --template torch
    """
    import json
    import shutil

    from drivebench.new_folder import new_folder
    from drivebench.submission import MANIFEST

    name = out.resolve().name
    with new_folder(out) as folder:
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(Path(__file__).parent / template.value, folder, dirs_exist_ok=True, ignore=ignored)
        manifest = folder / MANIFEST
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(
            text.replace('name = "my-policy"', f"name = {json.dumps(name[:80])}"), encoding="utf-8"
        )
    typer.echo(f"{out}: a submission of the template {template.value}; {out}/README.md says what to change")
    typer.echo(f"next: drivebench check {out}")
