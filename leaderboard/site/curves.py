"""Curves and points over a whole leaderboard, as SVG: performance profiles, and scores against training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from leaderboard.board import Board
from leaderboard.formats.cells import one_line
from leaderboard.plots.profile import THRESHOLDS
from leaderboard.site.drawing import number
from leaderboard.statistics import Estimate

__all__ = ["COLOURS", "Point", "profile_chart", "profiles_of", "scatter_chart"]

COLOURS = 7
"""Colours that can be told apart; further names share the grey one."""

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 46
LABELS = 150
"""Room for names at the right of a chart with lines across."""
LINE_GAP = 13.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """A policy at what its training took.

    Attributes:
        label: Its name.
        colour: Class of its colour.
        at: On the logarithmic axis.
        score: With its interval.
    """

    label: str
    colour: str
    at: float
    score: Estimate


def profiles_of(board: Board) -> NDArray[np.float64]:
    """On which share of the episodes, in percent, each run scores more than each threshold.

    Every family weighs the same (Agarwal et al. 2021, arXiv:2108.13264, section 4.2).

    Args:
        board: The runs.

    Returns:
        ``f8[runs, THRESHOLDS]``.
    """
    shares = [(scores[:, :, None] > THRESHOLDS).mean(axis=0) for scores in board.by_family("dbs").values()]
    found: NDArray[np.float64] = 100.0 * np.mean(shares, axis=0)
    return found


def profile_chart(curves: Sequence[tuple[str, str, Sequence[float]]]) -> Markup:
    """The profiles as steps.

    Args:
        curves: Identifier, class of the colour, and share by threshold of each run.
    """
    paths = []
    for name, colour, shares in curves:
        steps = "".join(
            f"V{number(_y(share), 1)}H{number(_x(tau + 1.0), 1)}"
            for tau, share in zip(THRESHOLDS, shares, strict=True)
        )
        start = f"M{number(_x(0.0), 1)} {number(_y(shares[0]), 1)}"
        paths.append(f'<path class="curve {colour}" data-series="{escape(name)}" d="{start}{steps}"/>')
    ticks = [(value, f"{value}") for value in (0, 20, 40, 60, 80, 100)]
    label = "Share of episodes above each score, one curve for each policy; the table below has the numbers"
    return Markup(
        _opening(label)
        + _grid([(_x(value), text) for value, text in ticks], "DriveBench Score τ of an episode")
        + _percent_axis("episodes that score more, %")
        + "".join(paths)
        + "</svg>"
    )


def scatter_chart(points: Sequence[Point], across: Mapping[str, float], *, axis: str, label: str) -> Markup:
    """Scores against what a training took, on a logarithmic axis.

    Args:
        points: At least one.
        across: Scores of policies that were not trained, by name: lines across.
        axis: What the axis counts.
        label: The chart in words.
    """
    every = sorted({point.at for point in points})
    low, high = math.log(every[0]), math.log(every[-1])
    room = max(0.12 * (high - low), 0.3)
    left, right = LEFT, WIDTH - RIGHT - LABELS

    def x(at: float) -> float:
        return left + (math.log(at) - low + room) / (high - low + 2.0 * room) * (right - left)

    marks = []
    for point in points:
        at, score = number(x(point.at), 1), point.score
        if score.low is not None and score.high is not None:
            reach = f"M{at} {number(_y(score.low), 1)}V{number(_y(score.high), 1)}"
            marks.append(f'<path class="reach {point.colour}" d="{reach}"/>')
        title = escape(f"{one_line(point.label)}: {score.value:.1f} at {point.at:,.0f}")
        circle = f'cx="{at}" cy="{number(_y(score.value), 1)}" r="4.5"'
        marks.append(f'<circle class="dot {point.colour}" {circle}><title>{title}</title></circle>')
    return Markup(
        _opening(label)
        + _grid([(x(value), f"{value:,.0f}") for value in _ticks(every)], axis, right)
        + _percent_axis("DriveBench Score", right)
        + "".join(_lines_across(across, right))
        + "".join(marks)
        + "</svg>"
    )


def _ticks(every: Sequence[float]) -> list[float]:
    """All values where they are few; powers of ten between them otherwise."""
    if len(every) <= 6:
        return list(every)
    first, last = math.ceil(math.log10(every[0])), math.floor(math.log10(every[-1]))
    return [10.0**k for k in range(first, last + 1)] or [every[0], every[-1]]


def _lines_across(across: Mapping[str, float], right: float) -> list[str]:
    """A line for each name, with its name at the right; names are moved apart where they would overlap."""
    found, below = [], math.inf
    for name, score in sorted(across.items(), key=lambda item: (item[1], item[0])):
        y = _y(score)
        text_y = min(y, below - LINE_GAP)
        below = text_y
        line = f"M{LEFT} {number(y, 1)}H{right}L{right + 8} {number(text_y, 1)}"
        words = escape(f"{_shortened(one_line(name))} {score:.1f}")
        found.append(
            f'<path class="across" d="{line}"/>'
            f'<text class="tick" x="{right + 12}" y="{number(text_y + 4, 1)}">{words}</text>'
        )
    return found


def _shortened(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def _x(value: float) -> float:
    return LEFT + value / 100.0 * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    return TOP + (1.0 - value / 100.0) * (HEIGHT - TOP - BOTTOM)


def _opening(label: str) -> str:
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'


def _grid(ticks: Sequence[tuple[float, str]], axis: str, right: float = WIDTH - RIGHT) -> str:
    lines = "".join(
        f'<path class="grid" d="M{number(x, 1)} {TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text class="tick" x="{number(x, 1)}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{text}</text>'
        for x, text in ticks
    )
    middle = number((LEFT + right) / 2.0, 1)
    return (
        f'{lines}<text class="axis" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(axis)}</text>'
    )


def _percent_axis(axis: str, right: float = WIDTH - RIGHT) -> str:
    lines = "".join(
        f'<path class="grid" d="M{LEFT} {number(_y(value), 1)}H{right}"/>'
        f'<text class="tick" x="{LEFT - 7}" y="{number(_y(value) + 4, 1)}" text-anchor="end">{value}</text>'
        for value in (0, 20, 40, 60, 80, 100)
    )
    middle = number(_y(50.0), 1)
    turned = f'transform="translate(13 {middle}) rotate(-90)"'
    return f'{lines}<text class="axis" {turned} text-anchor="middle">{escape(axis)}</text>'
