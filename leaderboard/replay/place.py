"""The place of a player in a page, and the two files that make it one."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from drivebench.errors import ConfigurationError

__all__ = ["PLAYER_CSS", "PLAYER_JS", "player_html"]

PLAYER_JS = (Path(__file__).parent / "player.js").read_text(encoding="utf-8")
PLAYER_CSS = (Path(__file__).parent / "player.css").read_text(encoding="utf-8")


def player_html(name: str, episodes: Sequence[str], *, against: str | None = None) -> Markup:
    """The place of a player; ``player.js`` fills it when the page has loaded.

    The page loads ``player.css``, the script file of each run (:func:`leaderboard.replay.replay_file`), and
    ``player.js`` after them. ``page.html#KEY`` opens an episode, ``page.html#KEY@12.4`` a moment of it.

    Args:
        name: Of the run's script file, without its ending.
        episodes: Keys, of which the reader may choose; the first is shown.
        against: Name of the script file of another run, which is shown beside it from the same starts; what
            one of the two files lacks is not offered.
    """
    if not episodes:
        raise ConfigurationError(f"a replay of {name!r} without episodes; expected at least one")
    beside = Markup(' data-against="{}"').format(against) if against is not None else Markup()
    return Markup(
        '<section class="replay" data-replay="{}"{} data-episodes="{}" tabindex="0" aria-label="Replay">\n'
        '<p class="replay-note">A player for {} stands here where JavaScript runs. '
        "<code>drivebench show RUN --episode KEY --out FILE.mp4</code> shows the same.</p>\n"
        "</section>"
    ).format(name, beside, " ".join(episodes), ", ".join(episodes))
