"""A table for a paper: LaTeX with booktabs, whatever the policies are called."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from leaderboard.formats.cells import (
    TIED,
    counted,
    has_interval,
    head_of,
    interval_of,
    is_left,
    name_of,
    one_line,
    rank_of,
    value_of,
)
from leaderboard.rows import Column, Row, Section, Table

__all__ = ["as_latex", "escape"]

PAGE_LINES, HEAD_LINES, LINE_LETTERS = 45, 3, 95
"""Lines of a page that tables may fill (those of the class ``article``), lines of the head and the rules of a
table, and letters of a line of its caption and its notes."""
FEWEST_LINES = 12
"""Of rows on a page, however long the caption."""
MOST_FLOATS = 16
"""LaTeX has room for 52 tables that wait for their page; after so many parts of one, a new page begins."""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "{''}",
    "`": r"\textasciigrave{}",
    "–": "--",
    "—": "---",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "§": r"\S{}",
    "≈": r"$\approx$",
    "²": r"\textsuperscript{2}",
    "×": r"$\times$",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
}
_ACCENTS = {
    "\u0300": r"\`",
    "\u0301": r"\'",
    "\u0302": r"\^",
    "\u0303": r"\~",
    "\u0304": r"\=",
    "\u0306": r"\u",
    "\u0307": r"\.",
    "\u0308": r"\"",
    "\u030a": r"\r",
    "\u030b": r"\H",
    "\u030c": r"\v",
    "\u0327": r"\c",
}


Page = list[tuple[str, tuple[Section, ...]]]
"""Names of blocks, and those of their rows that are on a page."""


def escape(text: str) -> str:
    """Text that LaTeX prints as it is, with any engine and encoding; what it cannot print, as its number."""
    return "".join(map(_letter, one_line(text)))


def _letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter.isascii():
        return letter
    base, *accents = list(unicodedata.normalize("NFD", letter))
    if base.isascii() and len(accents) == 1 and accents[0] in _ACCENTS:
        return f"{_ACCENTS[accents[0]]}{{{base}}}"
    return f"\\texttt{{U+{ord(letter):04X}}}"


def as_latex(table: Table) -> str:
    """The table as ``table*`` environments, each of one page: one tabular a block, notes below the last.

    A block with more rows than a page has lines goes on in the next; notes that do not fit below the last one
    are text after it.
    """
    pages, below = _pages(table)
    lines = ["% made by drivebench; needs \\usepackage{booktabs} and \\usepackage{graphicx}"]
    for number, blocks in enumerate(pages, start=1):
        continued = f" (Part {number} of {len(pages)}.)" if len(pages) > 1 else ""
        caption = table.caption if number == 1 else f"{table.title[:1].upper()}{table.title[1:]}."
        lines += [
            "\\begin{table*}",
            "  \\centering",
            f"  \\caption{{{escape(caption + continued)}}}",
            f"  \\label{{tab:drivebench-{table.claim}{f'-{number}' if number > 1 else ''}}}",
        ]
        for name, sections in blocks:
            lines += ["", "  \\medskip", *_block(table, name, sections)]
        if number == len(pages) and below:
            lines += ["", "  \\medskip", "  \\begin{minipage}{\\textwidth}", "    \\footnotesize"]
            lines += [f"    {escape(note)}\\par" for note in table.notes]
            lines += ["  \\end{minipage}"]
        lines.append("\\end{table*}")
        if number % MOST_FLOATS == 0:
            lines.append("\\clearpage")
    if not below:
        lines += ["{\\footnotesize", *(f"  \\noindent {escape(note)}\\par" for note in table.notes), "}"]
    return "\n".join(lines) + "\n"


def _pages(table: Table) -> tuple[list[Page], bool]:
    """What stands on each page, blocks and rows, and whether there is room for the notes on the last."""
    free = PAGE_LINES - _lines_of(table.caption)
    notes = sum(map(_lines_of, table.notes))
    names, parts = list(table.blocks), _parts(table.sections, max(free - HEAD_LINES, FEWEST_LINES))
    height = HEAD_LINES + _height(parts[-1])
    if len(parts) > 1:
        return [[(name, part)] for name in names for part in parts], height + notes <= free
    together = max(1, (free - notes) // height)
    starts = range(0, len(names), together)
    pages = [[(name, parts[0]) for name in names[start : start + together]] for start in starts]
    return pages, len(pages[-1]) * height + notes <= free


def _parts(sections: Sequence[Section], lines: int) -> list[tuple[Section, ...]]:
    """Sections in parts of so many lines, with their titles."""
    parts: list[tuple[Section, ...]] = [()]
    for section in sections:
        rows, title = section.rows, section.title
        while rows:
            room = lines - _height(parts[-1]) - 1
            if room < 1:
                parts.append(())
                continue
            parts[-1] += (replace(section, title=title, rows=rows[:room]),)
            rows, title = rows[room:], f"{section.title} (continued)"
    return parts


def _height(sections: Sequence[Section]) -> int:
    return sum(1 + len(section.rows) for section in sections)


def _lines_of(text: str) -> int:
    return -(-len(text) // LINE_LETTERS)


def _block(table: Table, name: str, sections: Sequence[Section]) -> Iterator[str]:
    columns = table.blocks[name]
    doubled = [has_interval(column, table.rows) for column in columns]
    shape = "".join(map(_alignment, columns, doubled))
    width = 2 + len(columns) + sum(doubled)
    yield "  \\resizebox{\\ifdim\\width>\\textwidth\\textwidth\\else\\width\\fi}{!}{%"
    yield f"  \\begin{{tabular}}{{rl{shape}}}"
    yield "    \\toprule"
    heads = ["", escape(name), *map(_head, columns, doubled)]
    yield f"    {' & '.join(heads)} \\\\"
    for section in sections:
        yield "    \\midrule"
        yield f"    \\multicolumn{{{width}}}{{l}}{{\\emph{{{escape(section.title)}}}}} \\\\"
        yield from (f"    {_row(row, columns, doubled, counted(table))} \\\\" for row in section.rows)
    yield "    \\bottomrule"
    yield "  \\end{tabular}}"


def _alignment(column: Column, double: bool) -> str:
    if is_left(column):
        return "l"
    return "r@{ }l" if double else "r"


def _head(column: Column, double: bool) -> str:
    head = escape(head_of(column))
    return f"\\multicolumn{{2}}{{c}}{{{head}}}" if double else head


def _row(row: Row, columns: Sequence[Column], doubled: Sequence[bool], counted: str) -> str:
    name = escape(name_of(row))
    cells = [escape(rank_of(row)), f"{name} \\cite{{{row.cite}}}" if _is_key(row.cite) else name]
    for column, double in zip(columns, doubled, strict=True):
        cell = row.cells[column.key]
        value = escape(value_of(cell, column))
        if column.key in row.best:
            value = f"\\textbf{{{value}}}"
        cells.append(value + escape(TIED * (column.key in row.tied)))
        if double:
            cells.append(f"{{\\scriptsize {escape(interval_of(cell, column, counted))}}}")
    return " & ".join(cells)


def _is_key(cite: str) -> bool:
    """Whether a citation key is one that LaTeX takes as it is."""
    return re.fullmatch(r"[A-Za-z0-9:./+-]+", cite) is not None
