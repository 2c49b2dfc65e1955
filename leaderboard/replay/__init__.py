"""Replays in pages: which episodes to show, what is known of them as a script, the player that draws it."""

from leaderboard.replay.place import PLAYER_CSS, PLAYER_JS, player_html
from leaderboard.replay.script import replay_file
from leaderboard.replay.telling import telling_episodes

__all__ = ["PLAYER_CSS", "PLAYER_JS", "player_html", "replay_file", "telling_episodes"]
