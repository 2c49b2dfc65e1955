"""Making the site: read every run once, rank them on every part, and write the pages."""

import shutil
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from drivebench.evaluation.record import load_run
from drivebench.new_folder import new_folder, refuse_existing
from drivebench.progress import track
from leaderboard.site.content import Site
from leaderboard.site.dossier import Dossier, dossier_of
from leaderboard.site.families import families_of, take_pictures
from leaderboard.site.render import ASSETS, pages
from leaderboard.site.replays import rivals_of, write_player, write_replays, write_rivals
from leaderboard.site.standings import ranked_on
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
    with new_folder(out) as folder:
        shutil.copytree(ASSETS, folder / "assets")
        write_player(folder)
        dossiers = _read(runs, folder)
        board = board_of([dossier.outcomes for dossier in dossiers])
        policies, methods = ranked_on(board)
        rivals = rivals_of(policies.table, dossiers)
        with track("replays", len(dossiers), "policies") as advance:
            write_rivals(rivals, dossiers, folder, advance)
        site = Site(
            board=board,
            dossiers=dossiers,
            rivals=rivals,
            policies=policies,
            methods=methods,
            families=families_of(board),
            version=version("drivebench"),
        )
        with track("pictures", len(site.families), "families") as advance:
            take_pictures(site.families, folder, advance)
        for path, text in pages(site).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return site


def _read(runs: Sequence[Path], folder: Path) -> list[Dossier]:
    """Everything that is needed of each run; its replays are written while it is at hand."""
    dossiers = []
    with track("read", len(runs), "runs") as advance:
        for path in runs:
            dossiers.append(dossier_of(load_run(path), partial(write_replays, folder)))
            advance(1)
    return dossiers
