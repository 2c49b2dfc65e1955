"""What each measure says, in one sentence of plain text; the page and the summary say the same."""

from collections.abc import Mapping

from drivebench.diagnosis.diagnosis import Off, ScenarioDiagnosis
from drivebench.diagnosis.inertia import Inertia, Standstill
from drivebench.diagnosis.intervals import Estimate
from drivebench.diagnosis.sensitivity import HISTORY, Sensitivity
from drivebench.diagnosis.yardstick import DIVERGED_M, Zero

__all__ = ["number", "sentences"]

ORIGIN = {Zero.ROUTE: "the route's middle", Zero.EXPERT: "the expert's way"}


def number(estimate: Estimate | None, digits: int = 2, scale: float = 1.0) -> str:
    """An estimate with its interval: ``1.93 [1.70, 2.20]``.

    Args:
        estimate: None is written as a dash.
        digits: Behind the point.
        scale: What to multiply by, such as 100 for per cent.
    """
    if estimate is None:
        return "–"
    text = f"{scale * estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{scale * estimate.low:.{digits}f}, {scale * estimate.high:.{digits}f}]"


def sentences(found: ScenarioDiagnosis) -> Mapping[str, str]:
    """By measure, what was found on a scenario.

    Args:
        found: All measures on it.
    """
    said = {"covariate shift": _shift(found)}
    if found.off is not None:
        said |= {
            "recovery": _recovery(found.off, found.yardstick),
            "time to divergence": _divergence(found.off, found.yardstick),
            "cost against horizon": _cost(found.off),
        }
    if found.sensitivity is not None:
        said["sensitivity"] = _sensitivity(found.sensitivity, found)
    said["inertia"] = _inertia(found.inertia)
    return said


def _shift(found: ScenarioDiagnosis) -> str:
    steering, acceleration = found.shift.steering, found.shift.acceleration
    if steering.ratio is None and acceleration.ratio is None:
        return "On the expert's states it does what the expert does, without any error."
    return (
        f"On its own states the steering is wrong by {1e3 * steering.on_own.value:.1f} mrad, on the expert's "
        f"by {1e3 * steering.on_expert.value:.1f}: {number(steering.ratio)} times as much. Acceleration: "
        f"{acceleration.on_own.value:.2f} against {acceleration.on_expert.value:.2f} m/s², "
        f"{number(acceleration.ratio)} times."
    )


def _recovery(off: Off, zero: Zero) -> str:
    counted = [each for each in off.recovery if each.back is not None]
    rates = ", ".join(f"{each.offset_m:g} m: {number(each.back, 0, 100.0)} %" for each in counted)
    return f"Of the starts beside {ORIGIN[zero]}, so many are back within 5 s: {rates}."


def _divergence(off: Off, zero: Zero) -> str:
    found = off.divergence
    beyond = f"more than {DIVERGED_M[zero.value]:g} m from {ORIGIN[zero]}"
    some = f"{found.events} of {found.episodes} drives go {beyond}"
    if found.median_s is None:
        return f"{some}: too few for a median time."
    return f"{some}, half of all within {found.median_s:.1f} s."


def _cost(off: Off) -> str:
    cost, expert = off.cost, off.expert_cost
    if cost.exponent is None:
        return (
            f"The cost is {cost.cost[-1]:.3g} steps in {cost.horizons_s[-1]:g} s; no exponent: {cost.note}."
        )
    beside = f"; the expert's with {number(expert.exponent)}" if expert.exponent is not None else ""
    return (
        f"The cost grows with the horizon to the power of {number(cost.exponent)}, fitted from "
        f"{cost.fit_from_s:.3g} to {cost.fit_until_s:.3g} s{beside}. 1 means that errors do not compound."
    )


def _sensitivity(found: Sensitivity, of: ScenarioDiagnosis) -> str:
    felt = [effect for effect in found.effects if effect.change in ("blanked", "forgotten")]
    kind = "It remembers what it was shown before." if found.remembers else "It remembers nothing."
    if found.random:
        kind += " It acts at random."
    if not felt:
        return kind
    most = max(felt, key=lambda effect: effect.steering_change_rad.value)
    what = "Forgetting the past" if most.input == HISTORY else f"Blanking {most.input!r}"
    intact_rad, changed_rad = of.shift.steering.on_expert.value, most.steering_error_rad.value
    return (
        f"{kind} {what} changes the steering most, by {1e3 * most.steering_change_rad.value:.1f} mrad; its "
        f"error on the expert's states goes from {1e3 * intact_rad:.1f} to {1e3 * changed_rad:.1f} mrad."
    )


def _inertia(found: Inertia) -> str:
    axes = (
        ("Steering", found.steering, found.expert_steering),
        ("acceleration", found.acceleration, found.expert_acceleration),
    )
    correlations = "; ".join(
        f"{axis}: an action and the last one correlate by {number(policy.correlation)}, the expert's by "
        f"{number(expert.correlation)}"
        for axis, policy, expert in axes
    )
    starts = _stood(found.standing_starts, "From a standstill")
    return f"{correlations}. {starts} {_stood(found.after_stops, 'After stops of its own')}"


def _stood(found: Standstill, when: str) -> str:
    if found.stayed is None:
        return f"{when}: none to count."
    stayed = round(found.stayed.value * found.stayed.n)
    return f"{when} it stays though the expert would go in {stayed} of {found.stayed.n}."
