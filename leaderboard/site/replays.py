"""Replays on the pages: a few telling episodes of each policy, beside another policy on the same seeds."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drivebench.errors import DataError, UnknownNameError
from drivebench.evaluation.record import Run, load_run
from leaderboard.replay import PLAYER_CSS, PLAYER_JS, replay_file, telling_episodes
from leaderboard.rows import Table
from leaderboard.site.dossier import Dossier, Replays

__all__ = ["rivals_of", "write_player", "write_replays", "write_rivals"]

FOLDER = "replays"
SHOWN = 5
"""Of each policy: more would not be watched, and each takes up to 60 kB twice."""


def write_player(folder: Path) -> None:
    """Write the files that make players of their places, and the folder for what they play.

    Args:
        folder: Of the site.
    """
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "player.js").write_text(PLAYER_JS, encoding="utf-8")
    (folder / FOLDER / "player.css").write_text(PLAYER_CSS, encoding="utf-8")


def write_replays(folder: Path, run: Run, name: str) -> Replays:
    """Drive a few episodes of a run again, and write them down.

    Args:
        folder: Of the site.
        run: Which.
        name: Of its file.

    Raises:
        RecordError: An episode is not what its action log gives.
    """
    chosen = telling_episodes(run, SHOWN)
    try:
        replay_file(run, chosen, folder / FOLDER / f"{name}.js")
    except (DataError, UnknownNameError) as error:  # of another version, or of a package that is not there
        return Replays(episodes=(), reason=str(error))
    return Replays(episodes=chosen)


def write_rivals(
    rivals: Mapping[int, Dossier], dossiers: Sequence[Dossier], folder: Path, advance: Callable[[int], None]
) -> None:
    """Write the same episodes as other policies drove them, under the name of each policy with ``-beside``.

    Args:
        rivals: Of :func:`rivals_of`.
        dossiers: Of all policies.
        folder: Of the site.
        advance: Called with 1 after each policy that there is one beside.
    """
    for rival in dossiers:
        beside = [dossier for dossier in dossiers if rivals.get(id(dossier.outcomes)) is rival]
        run = load_run(rival.outcomes.path) if beside else None
        for dossier in beside:
            assert run is not None  # it was loaded for these
            replay_file(run, _common(dossier, rival), folder / FOLDER / f"{dossier.file_name}-beside.js")
            advance(1)


def rivals_of(table: Table, dossiers: Sequence[Dossier]) -> dict[int, Dossier]:
    """Whom each policy is shown beside: the best of another name in its track, else of another track.

    Args:
        table: Of the policies; rows of a track are in the order of their scores.
        dossiers: One for each of its rows.

    Returns:
        By the identity of the policy's outcomes; without those that share no episode with others.
    """
    by_run = {id(dossier.outcomes): dossier for dossier in dossiers}
    rows = [by_run[id(row.runs[0])] for row in table.rows]
    found = {}
    for own in rows:
        others = [each for each in rows if each.outcomes.name != own.outcomes.name and _common(own, each)]
        near = [each for each in others if each.outcomes.track == own.outcomes.track] or others
        if near:
            found[id(own.outcomes)] = near[0]
    return found


def _common(own: Dossier, other: Dossier) -> list[str]:
    """Episodes that are shown of one, and that the other has driven as well."""
    return [key for key in own.replays.episodes if key in other.ends]
