"""A table for programs: CSV with one row a policy, and one documented JSON object."""

import json
from typing import Any

import pandas as pd

from leaderboard.formats.cells import one_line
from leaderboard.scores import estimate_json
from leaderboard.statistics import LEVEL, Estimate
from leaderboard.table import Cell, Row, Table

__all__ = ["SCHEMA", "as_csv", "as_json"]

SCHEMA = 1
"""Of the JSON object; raised when a field changes its meaning or goes away."""


def as_csv(table: Table) -> str:
    """The table as CSV: an estimate takes three columns, ``name``, ``name_low`` and ``name_high``.

    An empty field means that there is no such number.
    """
    return pd.DataFrame([_flat(row) for row in table.rows]).to_csv(index=False, lineterminator="\n")


def _flat(row: Row) -> dict[str, object]:
    best, worst = row.rank or (None, None)
    flat: dict[str, object] = {
        "policy": one_line(row.label),
        "track": row.score.run.manifest.policy.track,
        "reference": row.rank is None,
        "rank_best": best,
        "rank_worst": worst,
        "failed_episodes": sum(row.score.faults.values()),
    }
    for key, cell in row.cells.items():
        if isinstance(cell, Estimate):
            numbers = estimate_json(cell) or {}
            flat[key] = numbers["value"]
            flat[f"{key}_low"], flat[f"{key}_high"] = numbers["low"], numbers["high"]
        else:
            flat[key] = _plain(cell)
    return {name: pd.NA if value is None else value for name, value in flat.items()}


def as_json(table: Table) -> str:
    """The table as one JSON object.

    ``schema``, ``title``, ``level`` of the intervals, ``columns`` (``key``, ``head``, ``unit``), ``rows`` and
    ``notes``. A row has ``policy``, ``rank`` (best and worst place, null for a reference), ``reference``,
    ``marks``, ``cells`` (by column key: ``value``, ``low``, ``high``, ``n``, or plain) and ``score``: the
    object that ``drivebench score --json`` prints for its run.
    """
    content = {
        "schema": SCHEMA,
        "title": table.title,
        "level": LEVEL,
        "columns": [{"key": c.key, "head": c.head, "unit": c.unit} for c in table.columns],
        "rows": [_object(row) for row in table.rows],
        "notes": list(table.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _object(row: Row) -> dict[str, Any]:
    return {
        "policy": row.label,
        "rank": None if row.rank is None else list(row.rank),
        "reference": row.rank is None,
        "marks": row.marks,
        "cells": {
            key: estimate_json(cell) if isinstance(cell, Estimate) else _plain(cell)
            for key, cell in row.cells.items()
        },
        "score": row.score.as_json(),
    }


def _plain(cell: Cell) -> object:
    return round(cell, 6) if isinstance(cell, float) else cell
