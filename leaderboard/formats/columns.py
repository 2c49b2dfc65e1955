"""Rows of text in columns, for a terminal and for Markdown."""

from collections.abc import Sequence

from rich.cells import cell_len

from leaderboard.formats.cells import one_line

__all__ = ["aligned", "in_columns", "markdown_table", "width_of"]

GAP = "  "


def width_of(text: str) -> int:
    """How many letters wide a terminal shows a text; most are plain, and that is seen at once."""
    return len(text) if text.isascii() else cell_len(text)


def aligned(texts: Sequence[str], *, left: bool = False) -> list[str]:
    """Texts of one width, with spaces before them, or after them where they begin at the left."""
    widths = [width_of(text) for text in texts]
    widest = max(widths)
    spaces = [" " * (widest - width) for width in widths]
    return [text + space if left else space + text for text, space in zip(texts, spaces, strict=True)]


def in_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with all cells of a column below each other, all beginning at the left.

    Args:
        rows: The first holds the heads; a rule goes below them.
    """
    columns = [aligned([one_line(cell) for cell in column], left=True) for column in zip(*rows, strict=True)]
    head, *lines = [GAP.join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return [head, "─" * width_of(GAP.join(column[0] for column in columns)), *lines]


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """The same as a table in Markdown; what the cells hold is Markdown already.

    Args:
        rows: The first holds the heads.
    """
    head, *lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((head, "|---" * len(rows[0]) + "|", *lines))
