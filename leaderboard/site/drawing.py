"""Small pictures as SVG that take their colours from the page; what they show stands beside them as text."""

from collections.abc import Sequence

from markupsafe import Markup

from leaderboard.statistics import Estimate

__all__ = ["BINS", "histogram", "number", "rank_bar", "shade", "whisker"]

WHISKER_PX = (104, 12)
"""A scale from 0 to 100 with a margin of 2 to each side."""
RANK_PX = (64, 12)
BINS = 20
HISTOGRAM_PX = (204, 34)
SHADES = 8
"""Of a cell, from none to the strongest under which the text keeps its contrast."""


def number(value: float, digits: int = 2) -> str:
    """A coordinate, as short as it is exact."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def whisker(estimate: Estimate | None) -> Markup:
    """A score on its scale from 0 to 100, with its interval.

    Args:
        estimate: None draws the scale alone.
    """
    width, height = WHISKER_PX
    value = low = high = 0.0
    if estimate is not None:
        value = estimate.value
        low = value if estimate.low is None else estimate.low
        high = value if estimate.high is None else estimate.high
    hidden = ' visibility="hidden"' if estimate is None else ""
    return Markup(
        f'<svg class="whisker" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="scale" d="M2 {height}V0M52 {height}V0M102 {height}V0"/>'
        f'<rect class="range" x="{number(2 + low)}" y="3.5" width="{number(high - low)}" height="5"{hidden}/>'
        f'<rect class="mark" x="{number(1 + value)}" y="0.5" width="2" height="11"{hidden}/></svg>'
    )


def rank_bar(rank: tuple[int, int] | None, of: int) -> Markup:
    """The places that a row may have, among all of its section.

    Args:
        rank: Best and worst place; None draws nothing.
        of: Rows of the section.
    """
    width, height = RANK_PX
    best, worst = rank or (1, 1)
    step = width / of
    hidden = ' visibility="hidden"' if rank is None else ""
    return Markup(
        f'<svg class="places" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="scale" d="M0 6H{width}"/>'
        f'<rect class="range" x="{number((best - 1) * step)}" y="3" '
        f'width="{number((worst - best + 1) * step)}" height="6" rx="1"{hidden}/></svg>'
    )


def histogram(shares: Sequence[float]) -> Markup:
    """How the scores of episodes are spread from 0 to 100.

    Args:
        shares: Of the episodes in each of ``BINS`` bins; they add up to 1.
    """
    width, height = HISTOGRAM_PX
    step = (width - 4) / BINS
    top = height - 4
    bars = "".join(
        f'<rect class="bin" x="{number(2 + k * step + 0.5)}" y="{number(2 + top * (1.0 - share))}" '
        f'width="{number(step - 1.0)}" height="{number(top * share)}"/>'
        for k, share in enumerate(shares)
        if share > 0.0
    )
    return Markup(
        f'<svg class="spread" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="scale" d="M2 {height - 1.5}H{width - 2}"/>{bars}</svg>'
    )


def shade(share: float) -> str:
    """The class of a cell that is the darker, the larger a share of 1 is."""
    return f"h{round(SHADES * min(max(share, 0.0), 1.0))}"
