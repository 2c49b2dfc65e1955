"""What all figures share: size, type, colours that the colour-blind tell apart, and the same bytes again."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from leaderboard.formats.cells import one_line
from leaderboard.statistics import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["GREY", "colours_of", "markers_of", "name_in_figure", "new_figure", "save", "style", "whiskers"]

COLUMN_IN = 3.4
"""Width of a column of a two-column paper, inches."""
GREY = "#6b6f73"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d1f")
"""Okabe and Ito 2008, without the yellow that white paper swallows."""
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,  # type that a publisher can embed
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "drivebench",
}
_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": "drivebench"},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": "drivebench"},
}


@contextmanager
def style() -> Iterator[None]:
    """Draw and save within this: what a user has configured for matplotlib does not matter."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(height_in: float, *, width_in: float = 2.0 * COLUMN_IN) -> "tuple[Figure, Axes]":
    """One panel.

    Args:
        height_in: In inches.
        width_in: In inches; two columns of a paper by default.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    return figure, figure.add_subplot()


def save(figure: "Figure", out: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Args:
        figure: Drawn within :func:`style`.
        out: A ``.svg`` or a ``.pdf``.

    Raises:
        ConfigurationError: It is neither.
    """
    if out.suffix not in _METADATA:
        raise ConfigurationError(f"{out} is no figure for a paper; expected a name that ends in .svg or .pdf")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, format=out.suffix[1:], metadata=_METADATA[out.suffix])


def name_in_figure(name: str) -> str:
    """A name as it is: matplotlib would typeset what stands between dollars."""
    return re.sub(r"([$\\])", r"\\\1", one_line(name)) if "$" in name else one_line(name)


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in their order."""
    return dict(zip(dict.fromkeys(names), cycle(_COLOURS), strict=False))


def markers_of(names: Iterable[str]) -> dict[str, str]:
    """A marker for each name: what is printed without colours can be read, too."""
    return dict(zip(dict.fromkeys(names), cycle(_MARKERS), strict=False))


def whiskers(estimates: Sequence[Estimate]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values, and how far their intervals reach down and up; not at all where there is none."""
    values = np.array([each.value for each in estimates])
    low = np.array([each.value if each.low is None else each.low for each in estimates])
    high = np.array([each.value if each.high is None else each.high for each in estimates])
    return values, np.maximum(np.array([values - low, high - values]), 0.0)
