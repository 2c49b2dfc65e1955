"""How far long work has come, on standard error: a bar on a terminal, plain lines elsewhere.

Standard output belongs to results. Plain lines are rare on purpose (one every ten seconds at most, and one
at the end), so that the log of a batch job stays readable.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["duration", "say", "track"]

PLAIN_INTERVAL_S = 10.0

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Write one line to standard error; a bar that is being drawn stays below it."""
    _console.print(text, markup=False)


@contextmanager
def track(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show the progress of a piece of work.

    Args:
        title: What is being done, such as ``evaluate idle``.
        total: How many units there are.
        unit: Name of the unit in the plural, such as ``episodes``.

    Yields:
        ``advance(n)``: to be called when ``n`` more units are done.
    """
    started = time.monotonic()
    show = _bar if _console.is_terminal else _lines
    with show(title, total, unit) as advance:
        yield advance
    if not _console.is_terminal:
        say(f"{title}: {total} {unit} in {duration(time.monotonic() - started)}")


@contextmanager
def _bar(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit, markup=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=_console) as bars:
        task = bars.add_task(title, total=total)
        yield lambda count: bars.advance(task, count)


@contextmanager
def _lines(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    done, said = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, said
        done += count
        now = time.monotonic()
        if now - said >= PLAIN_INTERVAL_S and done < total:
            said = now
            say(f"{title}: {done} of {total} {unit}")

    yield advance


def duration(seconds: float) -> str:
    """A time for people: ``8.2 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
