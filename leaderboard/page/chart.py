"""The lesson as one picture: what open loop promises, and what closed loop gives.

The chart is written as SVG here rather than by a plotting library: its colours are those of the page, light
or dark, its text is text, and the same numbers give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from leaderboard.page.content import Contender, Lesson
from leaderboard.statistics import Estimate

__all__ = ["lesson_chart"]

LEFT = 168
PANEL = 176
GAP = 44
TOP = 62
ROW = 46
WIDTH = LEFT + 3 * PANEL + 2 * GAP + 24


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """One scale with a mark for each policy."""

    title: str
    subtitle: str
    top_value: float
    digits: int
    marks: tuple[Estimate, ...]


def lesson_chart(lesson: Lesson) -> str:
    """Three scales side by side, a row for each policy, intervals as bars.

    Args:
        lesson: What to show.

    Returns:
        An ``svg`` element without a name space or a style of its own, for use within the page.
    """
    rows = (lesson.plain, lesson.corrected)
    panels = [
        _Panel(
            title="Open loop",
            subtitle="steering R², held-out frames",
            top_value=1.0,
            digits=3,
            marks=tuple(
                Estimate(value=max(0.0, r.steering_r2), low=None, high=None, n=r.frames) for r in rows
            ),
        ),
        _Panel(
            title="Closed loop",
            subtitle="DBS, off-course starts",
            top_value=100.0,
            digits=1,
            marks=tuple(row.off_course for row in rows),
        ),
        _Panel(
            title="Closed loop",
            subtitle="DBS, nominal starts",
            top_value=100.0,
            digits=1,
            marks=tuple(row.nominal for row in rows),
        ),
    ]
    height = TOP + ROW * len(rows) + 34
    label = escape(_in_words(rows), quote=True)
    body = "\n".join([*_labels(rows), *(line for k, panel in enumerate(panels) for line in _panel(k, panel))])
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">\n{body}\n</svg>'


def _in_words(rows: Sequence[Contender]) -> str:
    return "; ".join(
        f"{row.name}: steering R² {row.steering_r2:.3f} open loop, score {row.nominal.value:.1f} from "
        f"nominal and {row.off_course.value:.1f} from off-course starts"
        for row in rows
    )


def _labels(rows: Sequence[Contender]) -> Iterator[str]:
    for index, row in enumerate(rows):
        y = _y(index)
        yield f'<text class="who" x="{LEFT - 22}" y="{y + 5}" text-anchor="end">{escape(row.name)}</text>'


def _panel(index: int, panel: _Panel) -> Iterator[str]:
    left = LEFT + index * (PANEL + GAP)
    bottom = TOP + ROW * len(panel.marks)
    yield f'<text class="head" x="{left}" y="20">{escape(panel.title)}</text>'
    yield f'<text class="sub" x="{left}" y="38">{escape(panel.subtitle)}</text>'
    for share in (0.0, 0.5, 1.0):
        x = left + share * PANEL
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>'
        tick = f"{share * panel.top_value:g}"
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>'
    for row, mark in enumerate(panel.marks):
        y, kind = _y(row), ("plain", "corrected")[row]
        at = left + PANEL * mark.value / panel.top_value
        if mark.low is not None and mark.high is not None:
            start, end = (left + PANEL * edge / panel.top_value for edge in (mark.low, mark.high))
            size = f'width="{max(1.0, end - start):.1f}" height="8" rx="4"'
            yield f'<rect class="bar {kind}" x="{start:.1f}" y="{y - 4}" {size}/>'
        yield f'<circle class="dot {kind}" cx="{at:.1f}" cy="{y}" r="6"/>'
        anchor = "end" if mark.value > 0.85 * panel.top_value else "start" if at < left + 20 else "middle"
        value = f"{mark.value:.{panel.digits}f}"
        yield f'<text class="value" x="{at:.1f}" y="{y - 12}" text-anchor="{anchor}">{value}</text>'


def _y(row: int) -> int:
    return TOP + ROW * row + ROW // 2 + 4
