"""One figure a measure, as SVG: the same numbers give the same bytes."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from drivebench.diagnosis.cost_horizon import CostCurve
from drivebench.diagnosis.covariate_shift import AxisShift, CovariateShift
from drivebench.diagnosis.diagnosis import Off, ScenarioDiagnosis
from drivebench.diagnosis.divergence import Survival
from drivebench.diagnosis.inertia import Inertia
from drivebench.diagnosis.intervals import Estimate
from drivebench.diagnosis.recovery import Recovery
from drivebench.diagnosis.sensitivity import Sensitivity
from drivebench.world.clock import POLICY_HZ

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figures"]

POLICY, EXPERT, GUIDE = "#b4500f", "#17698a", "#8a8f94"
"""The policy, the expert, and what only guides the eye."""


def figures(found: ScenarioDiagnosis) -> dict[str, bytes]:
    """By measure, an SVG; the names are those of :func:`drivebench.diagnosis.words.sentences`.

    Args:
        found: All measures on a scenario.
    """
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "drivebench", "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False}):  # fmt: skip
        drawn = {"covariate shift": _svg(_shift(found.shift))}
        if found.off is not None:
            drawn |= {
                "recovery": _svg(_recovery(found.off.recovery)),
                "time to divergence": _svg(_survival(found.off.divergence, found.off)),
                "cost against horizon": _svg(_cost(found.off.cost, found.off.expert_cost)),
            }
        if found.sensitivity is not None:
            drawn["sensitivity"] = _svg(_sensitivity(found.sensitivity, found.shift))
        drawn["inertia"] = _svg(_inertia(found.inertia))
    return drawn


def _svg(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _figure(columns: int, width: float, height: float) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, [figure.add_subplot(1, columns, place) for place in range(1, columns + 1)]


def _whiskers(estimates: Sequence[Estimate], scale: float = 1.0) -> tuple[list[float], Any]:
    """Values, and how far their intervals reach to either side."""
    values = [scale * each.value for each in estimates]
    low = [0.0 if each.low is None else scale * (each.value - each.low) for each in estimates]
    high = [0.0 if each.high is None else scale * (each.high - each.value) for each in estimates]
    return values, np.maximum([low, high], 0.0)


def _shift(shift: CovariateShift) -> "Figure":
    figure, panels = _figure(2, 7.0, 2.6)
    parts: list[tuple[Axes, AxisShift, float, str]] = [
        (panels[0], shift.steering, 1e3, "steering, mrad"),
        (panels[1], shift.acceleration, 1.0, "acceleration, m/s²"),
    ]
    for axes, axis, scale, title in parts:
        values, reach = _whiskers([axis.on_expert, axis.on_own], scale)
        axes.bar([0, 1], values, color=[EXPERT, POLICY], width=0.6)
        axes.errorbar([0, 1], values, yerr=reach, fmt="none", ecolor="black", capsize=3, lw=1)
        axes.set_xticks([0, 1], ["on the expert's states", "on its own states"])
        axes.set_title(f"mean absolute error, {title}", fontsize=9)
        axes.set_xlim(-0.6, 1.6)
    return figure


def _recovery(rates: Sequence[Recovery]) -> "Figure":
    figure, (axes,) = _figure(1, 6.0, 3.0)
    counted = [(each.offset_m, each.back) for each in rates if each.back is not None]
    values, reach = _whiskers([back for _, back in counted], 100.0)
    axes.errorbar([offset for offset, _ in counted], values, yerr=reach, fmt="o-", color=POLICY, capsize=3)
    axes.set_xlabel("start beside the route, m")
    axes.set_ylabel("back within 5 s, %")
    axes.set_ylim(-3, 103)
    axes.grid(visible=True, alpha=0.3)
    return figure


def _survival(found: Survival, off: Off) -> "Figure":
    figure, (axes,) = _figure(1, 6.0, 3.0)
    end = off.cost.horizons_s[-1] if off.cost.horizons_s else found.times_s[-1]
    times = [*found.times_s, max(end, found.times_s[-1])]
    columns = [[*values, values[-1]] for values in (found.share, found.low, found.high)]
    share, low, high = columns
    axes.fill_between(times, low, high, step="post", color=POLICY, alpha=0.2, lw=0)
    axes.step(times, share, where="post", color=POLICY)
    axes.set_xlabel("time, s")
    axes.set_ylabel("share not yet diverged")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(left=0.0)
    axes.grid(visible=True, alpha=0.3)
    return figure


def _cost(policy: CostCurve, expert: CostCurve) -> "Figure":
    figure, (axes,) = _figure(1, 6.0, 3.8)
    for curve, colour, name in ((policy, POLICY, "policy"), (expert, EXPERT, "expert")):
        t, cost = np.array(curve.horizons_s), np.array(curve.cost)
        shown = cost > 0.0
        if not shown.any():
            continue
        low = np.maximum(np.array(curve.low), 1e-2 * cost[shown][0])
        axes.fill_between(t[shown], low[shown], np.array(curve.high)[shown], color=colour, alpha=0.15, lw=0)
        axes.loglog(t[shown], cost[shown], color=colour, label=f"{name}, measured")
        if curve.exponent is not None and curve.factor is not None:
            fitted = np.array([curve.fit_from_s, curve.fit_until_s])
            label = f"{name}, fit: exponent {curve.exponent.value:.2f}"
            axes.loglog(
                fitted, curve.factor * fitted**curve.exponent.value, "--", color=colour, lw=2, label=label
            )
    if policy.exponent is not None and policy.factor is not None:
        ends = np.array([policy.fit_from_s, policy.fit_until_s])
        start = policy.factor * ends[0] ** policy.exponent.value
        for power, style in ((1.0, ":"), (2.0, "-.")):
            axes.loglog(
                ends, start * (ends / ends[0]) ** power, style, color=GUIDE, lw=1, label=f"exponent {power:g}"
            )
    axes.set_xlabel("horizon T, s")
    axes.set_ylabel(f"cost J(T), steps of 1/{POLICY_HZ} s")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(fontsize=7)
    return figure


def _sensitivity(found: Sensitivity, shift: CovariateShift) -> "Figure":
    names = [f"{effect.input}: {effect.change}" for effect in found.effects]
    figure, panels = _figure(2, 8.0, 0.8 + 0.24 * max(len(names), 2))
    rows = np.arange(len(names))
    parts = (
        (
            panels[0],
            [effect.steering_change_rad for effect in found.effects],
            [effect.steering_error_rad for effect in found.effects],
            shift.steering.on_expert,
            1e3,
            "steering, mrad",
        ),
        (
            panels[1],
            [effect.acceleration_change_mps2 for effect in found.effects],
            [effect.acceleration_error_mps2 for effect in found.effects],
            shift.acceleration.on_expert,
            1.0,
            "acceleration, m/s²",
        ),
    )
    for axes, changes, errors, intact, scale, title in parts:
        values, reach = _whiskers(changes, scale)
        axes.barh(
            rows, values, xerr=reach, color=POLICY, alpha=0.75, height=0.6, label="change of the answer"
        )
        wrong = [scale * error.value for error in errors]
        axes.plot(wrong, rows, "o", color="black", ms=3, label="error against the expert")
        axes.axvline(scale * intact.value, color=EXPERT, lw=1, label="error with all inputs intact")
        axes.set_title(title, fontsize=9)
        axes.invert_yaxis()
        axes.set_yticks(rows, names if axes is panels[0] else [])
        axes.set_xlim(left=0.0)
    panels[1].legend(fontsize=7)
    return figure


def _inertia(found: Inertia) -> "Figure":
    figure, (axes,) = _figure(1, 6.0, 2.4)
    rows = (
        ("steering", found.steering, found.expert_steering),
        ("acceleration", found.acceleration, found.expert_acceleration),
    )
    for row, (_, policy, expert) in enumerate(rows):
        for shown, colour, name, aside in (
            (policy, POLICY, "policy", -0.12),
            (expert, EXPERT, "expert", 0.12),
        ):
            if shown.correlation is None:
                continue
            values, reach = _whiskers([shown.correlation])
            label = name if row == 0 else None
            axes.errorbar(values, [row + aside], xerr=reach, fmt="o", color=colour, capsize=3, label=label)
    axes.set_yticks([0, 1], [name for name, _, _ in rows])
    axes.set_ylim(1.6, -0.6)
    axes.set_xlabel("correlation of an action with the last one")
    axes.grid(visible=True, axis="x", alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
    return figure
