"""How much the score's weights and thresholds decide: the published runs under other ones.

``python -m leaderboard.sensitivity --out docs/score.md`` scores the runs of ``leaderboard/records/test``
again, each time with one weight or threshold changed within what other boards use. It says by how much
scores move, and whether policies change places. Where an episode ends as soon as a threshold is passed (off
the road, off the route, against the direction), stricter ones alone can be tried on what was recorded.
Thresholds that a measurement is made with (time to collision, comfort, whose fault) are not varied: that
takes driving every action log again.
"""

import argparse
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drivebench.evaluation.record import EpisodeRecord, Run, Status, load_run
from drivebench.metric import limits, score
from drivebench.metric.parts import Parts
from leaderboard.scores import score_run

__all__ = ["VARIANTS", "Variant", "headline", "page"]

RECORDS = Path(__file__).parent / "records" / "test"

Change = Callable[[EpisodeRecord], Parts]


def _as_it_is(record: EpisodeRecord) -> Parts:
    return record.parts


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The score with something changed.

    Attributes:
        name: What.
        source: Why that is a reasonable choice, too.
        parts: The parts of an episode.
        weights: Of TTC, SL and C.
        floor: Share of the score that the quality term cannot take.
        collision: What the gate NC is worth after an at-fault collision.
    """

    name: str
    source: str
    parts: Change = _as_it_is
    weights: tuple[float, float, float] = (
        score.TTC_WEIGHT,
        score.SPEED_LIMIT_WEIGHT,
        score.COMFORT_WEIGHT,
    )
    floor: float = score.QUALITY_FLOOR
    collision: float = 0.0

    def of(self, record: EpisodeRecord) -> float:
        """The score of an episode, in [0, 100]."""
        if record.status is not Status.DRIVEN:
            return 0.0
        part = self.parts(record)
        quality = np.dot(self.weights, (part.ttc, part.sl, part.c)) / sum(self.weights)
        gates = max(part.nc, self.collision) * part.dac * part.ddc * part.rc * part.mp
        return float(100.0 * gates * part.ep * (self.floor + (1.0 - self.floor) * quality))


def _off_road(most_s: float) -> Change:
    return lambda record: replace(record.parts, dac=float(record.measurement.off_road_s <= most_s))


def _off_route(most_m: float) -> Change:
    return lambda record: replace(record.parts, rc=float(record.measurement.off_route_m <= most_m))


def _making_progress(least: float) -> Change:
    return lambda record: replace(record.parts, mp=float(record.parts.ep >= least))


def _against(half_m: float, zero_m: float) -> Change:
    def change(record: EpisodeRecord) -> Parts:
        against_m = record.measurement.against_m
        return replace(record.parts, ddc=1.0 if against_m <= half_m else 0.5 if against_m <= zero_m else 0.0)

    return change


def _is_late(record: EpisodeRecord) -> bool:
    """Whether a goal was not reached in time, as far as the score's cap on progress shows it."""
    return record.measurement.goal_m is not None and record.parts.ep <= limits.LATE_PROGRESS_CAP


def _full_progress(share: float) -> Change:
    def change(record: EpisodeRecord) -> Parts:
        measured = record.measurement
        ratio = min(1.0, max(0.0, measured.reference_progress_m / (share * record.reference.distance_m)))
        return replace(record.parts, ep=min(ratio, limits.LATE_PROGRESS_CAP) if _is_late(record) else ratio)

    return change


def _late(cap: float) -> Change:
    def change(record: EpisodeRecord) -> Parts:
        return replace(record.parts, ep=min(record.parts.ep, cap)) if _is_late(record) else record.parts

    return change


AS_IT_IS = Variant(name="as it is", source="")

VARIANTS = (
    Variant(name="weights TTC 5, SL 4, C 2", source="nuPlan's", weights=(5.0, 4.0, 2.0)),
    Variant(name="weights TTC 5, C 2", source="NAVSIM's, which has no speed limit", weights=(5.0, 0.0, 2.0)),
    Variant(name="weights 1, 1, 1", source="no opinion", weights=(1.0, 1.0, 1.0)),
    Variant(name="quality takes at most 20 %", source="half of ours", floor=0.8),
    Variant(name="quality takes at most 60 %", source="half as much again", floor=0.4),
    Variant(name="no quality term", source="gates and progress alone", floor=1.0),
    Variant(
        name="at-fault collision: × 0.5", source="nuPlan's, for objects that are no road users", collision=0.5
    ),
    Variant(name="off the road: 0 s", source="nuPlan's", parts=_off_road(0.0)),
    Variant(name="off the route: 5 m", source="half of ours", parts=_off_route(5.0)),
    Variant(name="making progress: 0.1", source="half of ours", parts=_making_progress(0.1)),
    Variant(name="making progress: 0.4", source="twice ours", parts=_making_progress(0.4)),
    Variant(name="against the direction: 1 m, 3 m", source="half of ours", parts=_against(1.0, 3.0)),
    Variant(name="all of the progress: 0.9", source="twice the tolerance", parts=_full_progress(0.9)),
    Variant(name="all of the progress: 1.0", source="no tolerance", parts=_full_progress(1.0)),
    Variant(name="late or never at the goal: 0.5", source="a stricter cap", parts=_late(0.5)),
)


def headline(run: Run, variant: Variant) -> float:
    """The unweighted mean over families of the mean over episodes, under a variant.

    Args:
        run: A run of a whole suite.
        variant: Of the score.
    """
    families: dict[str, list[float]] = {}
    for record in run.episodes:
        families.setdefault(record.family, []).append(variant.of(record))
    return float(np.mean([np.mean(scores) for scores in families.values()]))


def _separated(runs: Mapping[str, Run]) -> list[tuple[str, str]]:
    """Pairs (better, worse) whose intervals do not touch."""
    estimates = {name: score_run(run).overall.dbs for name, run in runs.items()}
    return [
        (better, worse)
        for better, worse in itertools.permutations(runs, 2)
        if (estimates[better].low or 0.0) > (estimates[worse].high or 0.0)
    ]


def page(runs: Mapping[str, Run]) -> str:
    """The page, in Markdown.

    Args:
        runs: By name; whole runs of one suite.
    """
    now = {name: headline(run, AS_IT_IS) for name, run in runs.items()}
    pairs = _separated(runs)
    lines = [
        "# What the score's weights and thresholds decide",
        "",
        "Each has its source beside it in `drivebench/metric/limits.py`, `bounds.py` and `score.py`. This",
        "page says how much depends on them. It is generated from the published runs of the suite `test`",
        "by `python -m leaderboard.sensitivity --out docs/score.md`.",
        "",
        f"Of the pairs of {len(runs)} runs, {len(pairs)} have intervals of the score that do not touch.",
        "",
        "| changed | is | score moves by, median over runs | most | pairs that change places |",
        "|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        then = {name: headline(run, variant) for name, run in runs.items()}
        moved = [then[name] - now[name] for name in runs]
        most = max(moved, key=abs)
        swapped = [f"{a} < {b}" for a, b in pairs if then[a] < then[b]]
        lines.append(
            f"| {variant.name} | {variant.source} | {np.median(moved):+.1f} | {most:+.1f} "
            f"| {len(swapped)}{': ' if swapped else ''}{'; '.join(swapped)} |"
        )
    lines += [
        "",
        "Off the road, off the route and against the direction, an episode ends as soon as the threshold",
        "is passed, so that only stricter ones can be tried on what was recorded. Thresholds that a",
        "measurement is made with (time to collision, comfort, whose fault a collision is) are not",
        "varied: that takes driving every action log again.",
        "",
    ]
    return "\n".join(lines)


def published() -> dict[str, Run]:
    """The published runs of the suite ``test``, by name."""
    return {path.stem: load_run(path) for path in sorted(RECORDS.glob("*.zip"))}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page.

    Args:
        arguments: Of the command line.
    """
    parser = argparse.ArgumentParser(description="The published runs under other weights and thresholds.")
    parser.add_argument("--out", type=Path, required=True, help="where the page goes, e.g. docs/score.md")
    out: Path = parser.parse_args(arguments).out
    out.write_text(page(published()), encoding="utf-8")


if __name__ == "__main__":
    main()
