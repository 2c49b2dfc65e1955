"""Cost against quantity, with the line that fits it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drivebench.benchmarks.row import Row
from drivebench.benchmarks.scaling import fit

__all__ = ["draw"]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw all rows that have a curve side by side.

    Args:
        rows: As measured; at least one has a curve.
        path: The picture to write; matplotlib takes its format from the ending.
    """
    from matplotlib.figure import Figure

    curves = [row for row in rows if row.curve]
    picture = Figure(figsize=(4.2 * len(curves), 3.4), layout="constrained")
    for place, row in enumerate(curves, start=1):
        axes = picture.add_subplot(1, len(curves), place)
        quantity = row.unit.split()[0] + "s"
        x, y = np.array(row.curve).T
        law = fit(row.curve)
        axes.loglog(x, y * 1e6, "o", color="#1f4e79", label="measured")
        axes.loglog(
            x,
            law.factor * x**law.exponent * 1e6,
            color="#c0504d",
            label=f"fit: {quantity} to the power of {law.exponent:.2f} ± {law.margin:.2f}",
        )
        axes.loglog(x, y[-1] * x / x[-1] * 1e6, ":", color="grey", label="linear")
        axes.set_xlabel(quantity)
        axes.set_ylabel("µs for one simulation step")
        axes.set_title(row.name.split(", ")[-1] + ", one thread", fontsize=10)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=7)
    picture.savefig(path, dpi=110)
