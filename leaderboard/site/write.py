"""Making the site: read every run once, rank them on every part, and write the pages."""

import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from drivebench.errors import ConfigurationError
from drivebench.evaluation.record import load_run
from drivebench.new_folder import new_folder, refuse_existing
from drivebench.progress import track
from leaderboard.board import Board
from leaderboard.site.content import Site
from leaderboard.site.dossier import Dossier, dossier_of
from leaderboard.site.families import families_of, take_pictures
from leaderboard.site.render import ASSETS, pages
from leaderboard.site.standings import Standings, parts_of, standings_of
from leaderboard.table import board_of

__all__ = ["write_site"]


def write_site(runs: Sequence[Path], out: Path) -> Site:
    """Write the pages; the folder appears only when all of them are there.

    Args:
        runs: Run directories, or packed runs.
        out: The new folder.

    Returns:
        What it shows.

    Raises:
        ConfigurationError: The runs may not share a table.
        DataError: Something is there already.
        RecordError: A run is not whole, or was edited.
    """
    refuse_existing(out)
    dossiers = _read(runs)
    board = board_of([dossier.outcomes for dossier in dossiers])
    policies, methods, no_methods = _ranked(board)
    families = families_of(board)
    site = Site(
        board=board,
        dossiers=dossiers,
        policies=policies,
        methods=methods,
        no_methods=no_methods,
        families=families,
        version=version("drivebench"),
    )
    with new_folder(out) as folder:
        shutil.copytree(ASSETS, folder / "assets")
        with track("pictures", len(families), "families") as advance:
            take_pictures(families, folder, advance)
        for path, text in pages(site).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return site


def _read(runs: Sequence[Path]) -> list[Dossier]:
    dossiers = []
    with track("read", len(runs), "runs") as advance:
        for path in runs:
            dossiers.append(dossier_of(load_run(path)))
            advance(1)
    return dossiers


def _ranked(board: Board) -> tuple[Standings, Standings | None, str]:
    """Of policies and of methods; where there can be none of methods, why."""
    with track("rank", 2 * len(parts_of(board)), "parts") as advance:
        policies = standings_of(board, "checkpoint", advance)
        try:
            return policies, standings_of(board, "method", advance), ""
        except ConfigurationError as error:
            return policies, None, str(error)
