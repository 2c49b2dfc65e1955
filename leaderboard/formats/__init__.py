"""A table as text, Markdown, LaTeX, HTML, CSV or JSON: one function each, from a table to a string."""

from collections.abc import Callable

from leaderboard.formats.data import as_csv, as_json
from leaderboard.formats.html import as_html
from leaderboard.formats.latex import as_latex
from leaderboard.formats.markdown import as_markdown
from leaderboard.formats.text import as_text
from leaderboard.rows import Table

__all__ = ["FORMATS"]

FORMATS: dict[str, Callable[[Table], str]] = {
    "text": as_text,
    "md": as_markdown,
    "latex": as_latex,
    "html": as_html,
    "csv": as_csv,
    "json": as_json,
}
