"""Numbers that a paper states of its own policy on the same suite: beside the measured ones, not among them.

A file in TOML has a table for each::

    [[row]]
    name = "Some method"
    cite = "someone2026"          # BibTeX key
    claim = "method"              # or "checkpoint": what its interval is over
    track = "camera"
    suite_digest = "1f0c..."      # as the table's caption states it, 12 digits at least
    dbs = 41.2
    interval = [38.0, 44.4]       # where the paper has one
    n = 5                         # episodes of a checkpoint, training seeds of a method
    cells = { success = 30.5 }    # further columns of the table, by key
    bibtex = '@article{someone2026, ...}'
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from drivebench.errors import ConfigurationError
from leaderboard.rows import Cell, Claim, Column, Row, Section
from leaderboard.statistics import Estimate

__all__ = ["UNVERIFIED_MARK", "LiteratureRow", "literature_section", "read_literature"]

UNVERIFIED_MARK = "§"
DIGITS = 12
"""Of a suite's digest, so many say which it is."""


@dataclass(frozen=True, kw_only=True)
class LiteratureRow:
    """What a paper says of one policy or method; see the head of the module."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    cite: str
    claim: Claim
    track: str
    suite_digest: str
    dbs: float
    interval: tuple[float, float] | None = None
    n: int = 0
    cells: Mapping[str, float] = field(default_factory=dict)
    bibtex: str = ""


_ROWS: TypeAdapter[dict[str, list[LiteratureRow]]] = TypeAdapter(dict[str, list[LiteratureRow]])


def read_literature(path: Path) -> list[LiteratureRow]:
    """Read what papers say.

    Args:
        path: Of the file.

    Raises:
        ConfigurationError: It is no such file, or a number cannot be.
    """
    try:
        content: Any = _ROWS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise ConfigurationError(
            f"{path}: {where}: {problem['msg']}. Expected [[row]] with name, cite, claim, track, "
            "suite_digest and dbs."
        ) from error
    if set(content) != {"row"}:
        raise ConfigurationError(f"{path} has {', '.join(content) or 'nothing'}; expected [[row]] alone")
    for row in content["row"]:
        low, high = row.interval or (row.dbs, row.dbs)
        if not 0.0 <= low <= row.dbs <= high <= 100.0:
            raise ConfigurationError(
                f"{path}: {row.name!r} scores {row.dbs} [{low}, {high}]; expected 0 to 100, in that order"
            )
        if len(row.suite_digest) < DIGITS:
            raise ConfigurationError(
                f"{path}: {row.name!r} names the suite {row.suite_digest!r}; expected {DIGITS} digits of its "
                "digest at least, as the caption of a table states it"
            )
    found: list[LiteratureRow] = content["row"]
    return found


def literature_section(
    rows: Sequence[LiteratureRow], columns: Sequence[Column], claim: Claim, suite_digest: str
) -> Section:
    """The section of a table.

    Args:
        rows: At least one.
        columns: Of the table.
        claim: Of the table.
        suite_digest: Of the table.

    Raises:
        ConfigurationError: A row is about other episodes, makes another claim, or has a cell that the table
            has no column for.
    """
    for row in rows:
        if not suite_digest.startswith(row.suite_digest):
            raise ConfigurationError(
                f"{row.name!r} of {row.cite} was measured on the suite {row.suite_digest[:DIGITS]}…, this "
                f"table on {suite_digest[:DIGITS]}…: they cannot share a table"
            )
        if row.claim != claim:
            raise ConfigurationError(
                f"{row.name!r} of {row.cite} is a claim about a {row.claim}, this table is about a {claim}: "
                f"they cannot share a table; try --claim {row.claim}"
            )
        unknown = sorted(set(row.cells) - {column.key for column in columns})
        if unknown:
            raise ConfigurationError(
                f"{row.name!r} of {row.cite} has the cells {', '.join(unknown)}; this table has the columns "
                f"{', '.join(column.key for column in columns)}"
            )
    ordered = sorted(rows, key=lambda row: (-row.dbs, row.name, row.cite))
    return Section(
        title="from papers (as stated there; not verified, not ranked)",
        ranked=False,
        rows=tuple(
            Row(
                label=f"{row.name} [{row.cite}]",
                track=row.track,
                marks=UNVERIFIED_MARK,
                rank=None,
                group=None,
                cells={column.key: _cell(row, column) for column in columns},
                cite=row.cite,
            )
            for row in ordered
        ),
    )


def _cell(row: LiteratureRow, column: Column) -> Cell:
    if column.key in ("n", "k"):
        return row.n or None
    if column.key == "dbs":
        if row.interval is None:
            return row.dbs
        return Estimate(value=row.dbs, low=row.interval[0], high=row.interval[1], n=row.n)
    return row.cells.get(column.key)
