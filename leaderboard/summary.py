"""The scores of one run as a few lines of text: the headline, the families, the parts."""

from leaderboard.formats.cells import NOTHING, one_line
from leaderboard.scores import Group, RunScore
from leaderboard.statistics import Estimate

__all__ = ["shown", "summary"]


def shown(estimate: Estimate | None, unit: str = "") -> str:
    """``71.2 [64.0, 77.9], n = 40``; says so when there is no interval."""
    if estimate is None:
        return NOTHING
    value = f"{estimate.value:.1f}{unit}"
    if estimate.low is None or estimate.high is None:
        return f"{value}, n = {estimate.n}: too few for an interval"
    return f"{value} [{estimate.low:.1f}, {estimate.high:.1f}], n = {estimate.n}"


def summary(score: RunScore) -> str:
    """What ``drivebench score`` prints for a run."""
    manifest = score.run.manifest
    overall = score.overall.measures
    part = "a part of " if manifest.selection.partial else ""
    lines = [
        f"{one_line(score.name)} on {part}suite {manifest.suite.name} v{manifest.suite.version} "
        f"({manifest.policy.track} track, results {score.run.results[:12]})",
        f"  DBS                  {shown(score.overall.dbs)}",
        f"  success              {shown(overall['success'], ' %')}",
        f"  at-fault collisions  {shown(score.overall.at_fault, ' per 100 km')}",
        f"  off road             {shown(overall['off_road'], ' %')}",
        "  EP TTC SL C          "
        + "  ".join(f"{overall[name].value:.1f}" for name in ("ep", "ttc", "sl", "c")),
        f"  other boards         CARLA 2.1 driving score {overall['carla'].value:.1f}, "
        f"nuPlan closed-loop {overall['nuplan'].value:.1f} (formulas on our events)",
        *_groups("families", score.families),
        *_groups("conditions", score.conditions),
        *_groups("abilities", score.abilities),
        *_drops(score),
    ]
    if score.faults:
        failed = ", ".join(f"{count} {status}" for status, count in score.faults.items())
        lines.append(f"  failed               {failed}; these episodes score 0")
        lines += [f"    {key}: {one_line(reason)}" for key, reason in score.run.first_failures]
    return "\n".join(lines) + "\n"


def _groups(title: str, groups: dict[str, Group]) -> list[str]:
    return [f"  {title}", *(f"    {name:<18} {shown(group.dbs)}" for name, group in groups.items())]


def _drops(score: RunScore) -> list[str]:
    if not score.drops:
        return []
    lines = (
        f"    {name:<18} {shown(drop, ' %').replace('n =', 'pairs =')}" for name, drop in score.drops.items()
    )
    return ["  lost under a shift, on paired episodes", *lines]
