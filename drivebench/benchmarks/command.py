"""``drivebench bench``: the performance figures, ours and others' measured in the same run."""

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drivebench.benchmarks import Row

__all__ = ["bench"]

LIBRARIES = ("drivebench", "highway-env", "numba", "numpy")


def bench(
    only: Annotated[
        list[str] | None, typer.Option(help="Only this group of benchmarks; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how fast drivebench is, as ratios to others that are measured in the same run.

    Compiling comes before the clock starts. Ratios travel from machine to machine; rates do not.

    Example: drivebench bench --only world --json
    """
    from drivebench.benchmarks import BENCHMARKS
    from drivebench.errors import UnknownNameError
    from drivebench.progress import duration, say

    chosen = list(dict.fromkeys(only or BENCHMARKS))
    for name in chosen:
        if name not in BENCHMARKS:
            raise UnknownNameError("benchmark", name, BENCHMARKS)
    measured: dict[str, list[Row]] = {}
    for name in chosen:
        started = time.monotonic()
        say(f"measuring: {name}")
        measured[name] = BENCHMARKS[name]()
        say(f"measuring: {name}: done in {duration(time.monotonic() - started)}")
    if as_json:
        rows = [{"group": name, **_as_json(row)} for name, group in measured.items() for row in group]
        sys.stdout.write(json.dumps({"schema": 1, "machine": _machine(), "rows": rows}, indent=2) + "\n")
    else:
        sys.stdout.write(_as_text([row for group in measured.values() for row in group]))


def _as_json(row: "Row") -> dict[str, Any]:
    return {
        "name": row.name,
        "value": row.value,
        "unit": row.unit,
        "peer": row.peer,
        "peer_value": row.peer_value,
        "ratio": row.ratio,
        "target": row.target,
        "reached": None if row.target is None else row.ratio >= row.target,
    }


def _machine() -> dict[str, Any]:
    return {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _as_text(rows: "list[Row]") -> str:
    lines = [("", "ours", "", "against", "", "ratio", "to reach")]
    for row in rows:
        target = "" if row.target is None else f"{row.target:g}× {'✓' if row.ratio >= row.target else '✗'}"
        ours, theirs, ratio = _figure(row.value), _figure(row.peer_value), _figure(row.ratio)
        lines.append((row.name, ours, row.unit, row.peer, theirs, f"{ratio}×", target))
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    left = (0, 2, 3)
    drawn = [
        "  ".join(f"{cell:{'<' if k in left else '>'}{widths[k]}}" for k, cell in enumerate(line)).rstrip()
        for line in lines
    ]
    machine = _machine()
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    head = (
        f"{machine['machine']}, {machine['processors']} processors, Python {machine['python']}, {libraries}"
    )
    return "\n".join([head, "", drawn[0], "─" * max(map(len, drawn)), *drawn[1:]]) + "\n"


def _figure(number: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{number:,.0f}" if number >= 100.0 else f"{number:.3g}"
