"""How far long work has come, on standard error: a bar on a terminal, plain lines elsewhere.

Standard output belongs to results. Plain lines are rare on purpose (one every ten seconds at most, and one
at the end), so that the log of a batch job stays readable.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["duration", "open_lines", "say", "track", "track_with_note"]

PLAIN_INTERVAL_S = 10.0
SUMMARY_INTERVAL_S = 60.0

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Write one line to standard error; a bar that is being drawn stays below it."""
    _console.print(text, markup=False)


@contextmanager
def track(title: str, total: int, unit: str, *, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show the progress of a piece of work.

    Args:
        title: What is being done, such as ``evaluate idle``.
        total: How many units there are.
        unit: Name of the unit in the plural, such as ``episodes``.
        done: How many of them were done before.

    Yields:
        ``advance(n)``: to be called when ``n`` more units are done.
    """
    with track_with_note(title, total, unit, done=done) as advance:
        yield lambda count: advance(count, "")


@contextmanager
def track_with_note(
    title: str, total: int, unit: str, *, done: int = 0
) -> Iterator[Callable[[int, str], None]]:
    """The same for work that has something to tell besides, such as a loss.

    Yields:
        ``advance(n, note)``: the note stands beside the bar.
    """
    started = time.monotonic()
    show = _bar if _console.is_terminal else _lines
    with show(title, total, unit, done) as advance:
        yield advance
    if not _console.is_terminal:
        say(f"{title}: {total - done} {unit} in {duration(time.monotonic() - started)}")


@contextmanager
def _bar(title: str, total: int, unit: str, done: int) -> Iterator[Callable[[int, str], None]]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit, markup=False),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=_console) as bars:
        task = bars.add_task(title, total=total, completed=done, note="")
        yield lambda count, note: bars.update(task, advance=count, note=note)


@contextmanager
def _lines(title: str, total: int, unit: str, done: int) -> Iterator[Callable[[int, str], None]]:
    started = said = time.monotonic()
    before = done

    def advance(count: int, note: str) -> None:
        nonlocal done, said
        done += count
        now = time.monotonic()
        if now - said >= PLAIN_INTERVAL_S and done < total:
            said = now
            left_s = (now - started) / max(done - before, 1) * (total - done)
            more = f", {note}" if note else ""
            say(f"{title}: {done} of {total} {unit}{more}, {duration(left_s)} left")

    yield advance


@contextmanager
def open_lines() -> Iterator[Callable[[Sequence[tuple[str, str]], str], None]]:
    """Show how several pieces of work stand that go on at once.

    On a terminal their lines stay at the bottom and are kept up to date, with a summary below them. Elsewhere
    a line is written for each new state, and the summary once a minute at most.

    Yields:
        ``show(lines, summary)``: to be called whenever something may have changed. A line is a state, such as
        ``training``, and further words on it, such as how far it is; on a terminal alone these are shown.
    """
    if _console.is_terminal:
        with Live(console=_console, auto_refresh=False) as live:

            def draw(lines: Sequence[tuple[str, str]], summary: str) -> None:
                states = [", ".join(filter(None, line)) for line in lines]
                live.update(
                    Text("\n".join((*states, summary)), no_wrap=True, overflow="ellipsis"), refresh=True
                )

            yield draw
        return
    said, states = time.monotonic(), set[str]()

    def show(lines: Sequence[tuple[str, str]], summary: str) -> None:
        nonlocal said
        for state, _ in lines:
            if state not in states:
                states.add(state)
                say(state)
        now = time.monotonic()
        if now - said >= SUMMARY_INTERVAL_S:
            said = now
            say(summary)

    yield show


def duration(seconds: float) -> str:
    """A time for people: ``8.2 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
