"""What ``drivebench reproduce`` prints in the end: the new numbers beside the published ones."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from drivebench.evaluation.record import Run, load_run
from drivebench.progress import track
from leaderboard.formats.columns import in_columns
from leaderboard.notes import title_of
from leaderboard.outcomes import Outcomes
from leaderboard.reproduce.compare import Comparison, Verdict, compare, published_runs
from leaderboard.reproduce.plan import SUITES, Entrant, Layout
from leaderboard.scores import score_run
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["as_json", "as_text", "comparisons"]

SCHEMA = 1
NOTHING = "–"

SMOKE = (
    "The smoke budget shows that everything works. Published numbers are of the full budget and of other "
    "episodes, so there is nothing to compare with."
)
HOW_TO_READ = (
    f"[low, high]: {100 * LEVEL:.0f} % interval over episodes. Difference: new less published, pair by pair "
    "on the common episodes. identical: every action of every episode. reproduced: the "
    "interval of the difference holds 0. different: these two policies differ, as two training seeds may; "
    "beyond training seeds: by more than one more training seed should (1 in 20 does)."
)


def comparisons(
    layout: Layout, wanted: Sequence[Entrant], failed: Mapping[str, str], folder: Path
) -> list[Comparison]:
    """Hold every run against the published one.

    Args:
        layout: Where the runs are.
        wanted: What was to be run.
        failed: By label, why a run is not there.
        folder: Of the published records, one folder a suite.
    """
    published: Mapping[str, Sequence[Outcomes]] = {}
    if layout.budget != "smoke":
        names = (entrant.name for entrant in wanted if entrant.label not in failed)
        published = published_runs(names, folder / SUITES[layout.budget])
    found = []
    with track("compare with what was published", len(wanted), "runs") as advance:
        for entrant in wanted:
            if entrant.label in failed:
                found.append(Comparison(entrant=entrant, verdict=Verdict.FAILED, why=failed[entrant.label]))
            else:
                found.append(_compare(layout, entrant, published))
            advance(1)
    return found


def _compare(layout: Layout, entrant: Entrant, published: Mapping[str, Sequence[Outcomes]]) -> Comparison:
    run = load_run(layout.run(entrant))
    if layout.budget == "smoke":
        new = score_run(run).overall.dbs
        return Comparison(entrant=entrant, verdict=Verdict.NOT_COMPARABLE, new=new, why=_faults(run))
    found = compare(entrant, run, published[entrant.name])
    return replace(found, why="; ".join(filter(None, (found.why, _faults(run)))))


def _faults(run: Run) -> str:
    """What is to be said of a policy that failed; its episodes score 0."""
    count = len(run.failures)
    return f"the policy failed in {count} of {len(run.episodes)} episodes, which score 0" if count else ""


def as_text(layout: Layout, found: Sequence[Comparison]) -> str:
    """The table for a terminal.

    Args:
        layout: Where the runs are.
        found: One line each.
    """
    rows = [("run", "new DBS", "published DBS", "difference", "verdict")]
    rows += [
        (
            each.entrant.label,
            _estimate(each.new),
            _estimate(each.published),
            _estimate(each.difference, signed=True),
            _verdict(each),
        )
        for each in found
    ]
    return "\n".join((_title(layout, found), "", *in_columns(rows), "", *_notes(layout, found))) + "\n"


def _title(layout: Layout, found: Sequence[Comparison]) -> str:
    driven = [each for each in found if each.new is not None]
    if not driven:
        return f"budget {layout.budget}: no run has ended well"
    run = load_run(layout.run(driven[0].entrant))
    return f"budget {layout.budget}, {title_of([run.manifest], len(run.episodes))}"


def _notes(layout: Layout, found: Sequence[Comparison]) -> Iterator[str]:
    if layout.budget == "smoke":
        yield SMOKE
    elif any(each.published for each in found):
        yield HOW_TO_READ
    words = [each for each in found if each.why and each.verdict is not Verdict.FAILED]
    yield from (f"{each.entrant.label}: {each.why}." for each in words)
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    yield "; ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)


def _verdict(each: Comparison) -> str:
    match each.verdict:
        case Verdict.DIFFERENT | Verdict.BEYOND:
            beyond = ", beyond training seeds" if each.verdict is Verdict.BEYOND else ""
            return f"different by {_estimate(each.difference, signed=True)}{beyond}"
        case Verdict.FAILED:
            return f"failed: {each.why}"
        case _:
            return each.verdict.value


def _estimate(estimate: Estimate | None, *, signed: bool = False) -> str:
    if estimate is None:
        return NOTHING
    sign = "+" if signed else ""
    value = f"{estimate.value:{sign}.1f}"
    if estimate.low is None or estimate.high is None:
        return f"{value} (n = {estimate.n})"
    return f"{value} [{estimate.low:.1f}, {estimate.high:.1f}]"


def as_json(layout: Layout, found: Sequence[Comparison]) -> str:
    """The table for programs: one object with ``schema``, ``budget``, ``suite``, ``level`` and ``runs``.

    A run has ``baseline``, ``seed`` (null where nothing is trained), ``verdict``, ``why``, ``new``,
    ``published`` and ``difference`` (``value``, ``low``, ``high``, ``n``, or null), and ``run``, its folder.

    Args:
        layout: Where the runs are.
        found: One line each.
    """
    content = {
        "schema": SCHEMA,
        "budget": layout.budget,
        "suite": SUITES[layout.budget],
        "level": LEVEL,
        "good": all(each.good for each in found),
        "runs": [{**each.as_json(), "run": str(layout.run(each.entrant))} for each in found],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
