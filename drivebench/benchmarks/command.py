"""``drivebench bench``: the performance figures, ours and others' measured in the same run."""

import json
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drivebench.benchmarks import Row

__all__ = ["bench"]


def bench(
    only: Annotated[
        list[str] | None, typer.Option(help="Only this group of benchmarks; may be repeated.")
    ] = None,
    digests: Annotated[
        bool,
        typer.Option(help="Instead of measuring, check that episodes are the same bits as everywhere else."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a page with all figures and how they were measured.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw cost against vehicles and worlds (.png).")] = None,
) -> None:
    """Measure how fast drivebench is, as ratios to others that are measured in the same run.

    Compiling comes before the clock starts. Ratios travel from machine to machine; rates do not. A ratio is
    the median of several rounds, with its quartiles behind it.

    With --digests nothing is measured: more than a thousand episodes are driven, and their digests compared
    with those that come with drivebench; the exit code is 1 if one differs.

    Example: drivebench bench --only world --json
    """
    from drivebench.benchmarks import BENCHMARKS, load_benchmark
    from drivebench.benchmarks.machine import describe
    from drivebench.benchmarks.text import as_text, machine_line
    from drivebench.errors import ConfigurationError, UnknownNameError
    from drivebench.progress import duration, say

    if digests:
        _check_digests(as_json=as_json)
        return
    chosen = list(dict.fromkeys(only or BENCHMARKS))
    for name in chosen:
        if name not in BENCHMARKS:
            raise UnknownNameError("benchmark", name, BENCHMARKS)
    if plot is not None and "scaling" not in chosen:
        raise ConfigurationError("nothing to draw without curves; expected 'scaling' among --only")
    for path in (markdown, plot):
        if path is not None and not path.parent.is_dir():
            raise ConfigurationError(f"{path} cannot be written; expected {path.parent} to be a folder")
    measured: dict[str, list[Row]] = {}
    machine = describe()
    try:
        _print("" if as_json else machine_line(machine) + "\n")
        for name in chosen:
            started = time.monotonic()
            say(f"measuring: {name}")
            with warnings.catch_warnings():  # gymnasium calls earlier versions of ids out of date
                warnings.filterwarnings("ignore", r".*is out of date", DeprecationWarning)
                measured[name] = load_benchmark(name).measure()
            say(f"measuring: {name}: done in {duration(time.monotonic() - started)}")
            _print("" if as_json else as_text(measured[name]))
    finally:  # what was measured is kept, whatever happens in a later group
        _write(measured, machine, markdown, plot)
        if as_json:
            rows = [{"group": name, **_as_json(row)} for name, group in measured.items() for row in group]
            _print(json.dumps({"schema": 3, "machine": machine, "rows": rows}, indent=2) + "\n")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _write(
    measured: "dict[str, list[Row]]", machine: dict[str, Any], markdown: Path | None, plot: Path | None
) -> None:
    """Draw the plot, and write the page with it."""
    if plot is not None and "scaling" in measured:
        from drivebench.benchmarks.plot import draw

        draw(measured["scaling"], plot)
    if markdown is not None:
        from drivebench.benchmarks.page import as_page

        markdown.write_text(as_page(measured, machine, plot.name if plot else None), encoding="utf-8")


def _check_digests(*, as_json: bool) -> None:
    """Print what ``check_digests`` finds, line by line as it does."""
    from drivebench.benchmarks.digests import check_digests
    from drivebench.benchmarks.machine import describe
    from drivebench.progress import say

    rows = []
    for row in check_digests():
        rows.append(row)
        verdict = "ok" if row.same else f"DIFFERENT: {row.note}"
        line = f"{row.name:30} {row.episodes:3} episodes  {verdict}"
        if as_json:
            say(line)
        else:
            _print(line + "\n")
    if not rows:
        say("no table of digests is registered under drivebench.digests; expected at least one")
    same = sum(row.same for row in rows)
    if as_json:
        content = {"schema": 1, "machine": describe(), "digests": [asdict(row) for row in rows]}
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    else:
        sys.stdout.write(f"{same} of {len(rows)} the same as in the tables\n")
    if same < len(rows) or not rows:
        raise typer.Exit(1)


def _as_json(row: "Row") -> dict[str, Any]:
    return {
        "section": row.section,
        "name": row.name,
        "value": row.value,
        "unit": row.unit,
        "peer": row.peer,
        "peer_value": row.peer_value,
        "ratio": row.ratio,
        "quartiles": row.quartiles,
        "target": row.target,
        "verdict": row.verdict and row.verdict.name.lower(),
        "share": row.share,
        "note": row.note,
        "rounds": {"ours": list(row.ours), "theirs": list(row.theirs)},
        "facts": dict(row.facts),
        "curve": [list(point) for point in row.curve],
    }
