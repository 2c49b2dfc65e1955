"""A table for programs: CSV with one row a policy, and one documented JSON object."""

import json
from typing import Any

from leaderboard.formats.cells import one_line
from leaderboard.rows import Cell, Row, Table
from leaderboard.scores import estimate_json
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["SCHEMA", "as_csv", "as_json"]

SCHEMA = 2
"""Of the JSON object; raised when a field changes its meaning or goes away."""


_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r")
"""A field that begins so is run by some spreadsheets."""


def as_csv(table: Table) -> str:
    """The table as CSV: an estimate takes three columns, ``name``, ``name_low`` and ``name_high``.

    An empty field means that there is no such number. ``best`` and ``tied`` list the columns in which a row
    is the best of its section, or not told apart from it. Text that a spreadsheet would run begins
    with ``'``.
    """
    import pandas as pd

    flat = [_flat(row, table) for row in table.rows]
    rows = [{name: pd.NA if value is None else value for name, value in row.items()} for row in flat]
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def _flat(row: Row, table: Table) -> dict[str, object]:
    best, worst = row.rank or (None, None)
    flat: dict[str, object] = {
        "policy": _text(row.label),
        "claim": table.claim,
        "track": _text(row.track),
        "reference": row.rank is None,
        "cite": _text(row.cite) or None,
        "rank_best": best,
        "rank_worst": worst,
        "group": row.group,
        "failed_episodes": row.failed,
        "best": " ".join(sorted(row.best)) or None,
        "tied": " ".join(sorted(row.tied)) or None,
    }
    for key, cell in row.cells.items():
        if isinstance(cell, Estimate):
            numbers = estimate_json(cell) or {}
            flat[key] = numbers["value"]
            flat[f"{key}_low"], flat[f"{key}_high"] = numbers["low"], numbers["high"]
        else:
            flat[key] = _text(cell) if isinstance(cell, str) else _plain(cell)
    flat["suite_digest"] = table.facts["suite digest"]
    return flat


def _text(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def as_json(table: Table) -> str:
    """The table as one JSON object, in ASCII: what a name holds that is not is written as its number.

    ``schema``, ``title``, ``claim`` (``checkpoint`` or ``method``), ``facts`` (of the caption), ``level`` of
    the intervals, ``columns`` (``key``, ``head``, ``unit``), ``rows`` and ``notes``. A row has ``policy``,
    ``track``, ``rank`` (best and worst place, null where it is not ranked), ``group`` (rows that are not told
    apart from the first of them), ``reference``, ``cite`` (of a number from a paper, else null), ``marks``,
    ``cells`` (by column key: ``value``, ``low``, ``high``, ``n``, or plain), and ``best`` and ``tied``: the
    columns in which it is the best of its section, or not told apart from it. ``drivebench score --json`` has
    all numbers of a run.
    """
    content = {
        "schema": SCHEMA,
        "title": table.title,
        "claim": table.claim,
        "facts": dict(table.facts),
        "level": LEVEL,
        "columns": [{"key": c.key, "head": c.head, "unit": c.unit} for c in table.columns],
        "rows": [_object(row) for row in table.rows],
        "notes": list(table.notes),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _object(row: Row) -> dict[str, Any]:
    return {
        "policy": row.label,
        "track": row.track,
        "rank": None if row.rank is None else list(row.rank),
        "group": row.group,
        "reference": row.rank is None,
        "cite": row.cite or None,
        "marks": row.marks,
        "failed_episodes": row.failed,
        "cells": {
            key: estimate_json(cell) if isinstance(cell, Estimate) else _plain(cell)
            for key, cell in row.cells.items()
        },
        "best": sorted(row.best),
        "tied": sorted(row.tied),
    }


def _plain(cell: Cell) -> object:
    return round(cell, 6) if isinstance(cell, float) else cell
