"""``drivebench site``: the leaderboard as pages."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["site"]


def site(
    runs: Annotated[
        list[Path], typer.Argument(help="Run directories that `drivebench evaluate` wrote, or packed runs.")
    ],
    out: Annotated[Path, typer.Option(help="The new folder with the pages; open its index.html.")],
) -> None:
    """Write the leaderboard as static pages, which open from the file system and load nothing else.

    A page for each policy and each family, rankings of policies and, apart from them, of methods, on every
    family, ability and condition. The same records give the same bytes.

    Example: drivebench site leaderboard/records/test/*.zip --out pages
    """
    from drivebench.progress import say
    from leaderboard.site.write import write_site

    made = write_site(runs, out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    say(f"{len(made.entries)} policies, {len(made.families)} families, {size / 1e6:.1f} MB")
    typer.echo(out / "index.html")
