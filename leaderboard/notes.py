"""What stands above and below a table: what was driven, how to read it, and what is wrong with which row."""

from collections.abc import Iterator, Sequence

from drivebench.evaluation.manifest import Driven
from drivebench.evaluation.record import Run
from leaderboard.scores import RunScore
from leaderboard.statistics import LEVEL, mean_over_seeds

__all__ = ["FAULTS_MARK", "LEAKS_MARK", "notes_on", "title_of"]

FAULTS_MARK = "†"
LEAKS_MARK = "‡"

FEW_SEEDS = 5
"""With fewer training seeds the t interval of a method is wide, and little else can be said."""

HOW_TO_READ = (
    "DBS: DriveBench Score, 0 to 100, unweighted mean over scenario families. [low, high]: its "
    f"{100 * LEVEL:.0f} % interval over episodes; n: episodes. Rank: every place that the intervals allow."
)
HOW_TO_READ_PARTS = (
    "At fault: collisions that were the policy's fault. Off road: share of episodes. EP: ego progress, TTC: "
    "time to collision, SL: speed limit, C: comfort, each 100 at best. Abilities: the score on the episodes "
    "that test them. Latency: median time to answer one batch."
)


def title_of(runs: Sequence[Run], episodes: int) -> str:
    """What was driven, and by which rule it is scored.

    Args:
        runs: Of the table; they agree in suite and metric.
        episodes: How many the table is over.
    """
    manifest = runs[0].manifest
    suite = f"suite {manifest.suite.name} v{manifest.suite.version}"
    if all(run.manifest.selection.partial for run in runs):
        suite = f"a part of {suite}"
    return f"{suite}, {episodes} episodes, DriveBench Score v{manifest.metric_version}"


def notes_on(scores: Sequence[tuple[str, RunScore]], *, parts: bool) -> Iterator[str]:
    """The notes of a table.

    Args:
        scores: By label of the row.
        parts: Whether the table has the parts of the score as columns.
    """
    yield HOW_TO_READ
    if parts:
        yield HOW_TO_READ_PARTS
    yield from _over_training_seeds([score for _, score in scores])
    yield from _training_data(scores)
    for label, score in scores:
        if score.run.manifest.selection.partial:
            yield _partial(label, score)
        if score.leaks:
            yield f"{LEAKS_MARK} {label} senses {', '.join(score.leaks)}, which leaks the label."
        if score.faults:
            yield _faults(label, score)


def _over_training_seeds(scores: Sequence[RunScore]) -> Iterator[str]:
    """The claim about a method, where runs of several training seeds are in the table.

    There is none where a seed stands twice, where settings differ, or where a run is partial.
    """
    for name in dict.fromkeys(score.name for score in scores):
        runs = [score for score in scores if score.name == name]
        seeds = {score.training_seed for score in runs}
        settings = [score.training_settings for score in runs]
        partial = any(score.run.manifest.selection.partial for score in runs)
        alike = all(each == settings[0] for each in settings)
        if len(runs) < 2 or len(seeds) < len(runs) or None in seeds or partial or not alike:
            continue
        mean = mean_over_seeds([score.overall.dbs.value for score in runs])
        assert mean.low is not None
        assert mean.high is not None
        few = f" (fewer than {FEW_SEEDS} seeds: little can be said)" if mean.n < FEW_SEEDS else ""
        yield (
            f"{name} as a method, over {mean.n} training seeds: {mean.value:.1f} "
            f"[{max(0.0, mean.low):.1f}, {min(100.0, mean.high):.1f}], t interval{few}."
        )


def _training_data(scores: Sequence[tuple[str, RunScore]]) -> Iterator[str]:
    """What policies say they have learnt from, one note for all that say the same."""
    labels: dict[str, list[str]] = {}
    for label, score in scores:
        policy = score.run.manifest.policy
        if policy.kind is Driven.SUBMISSION and policy.training_data not in ("", "none"):
            labels.setdefault(policy.training_data, []).append(label)
    for data, those in labels.items():
        yield f"{', '.join(those)}: trained on {data}, as declared."


def _partial(label: str, score: RunScore) -> str:
    selection = score.run.manifest.selection
    chosen = [*selection.scenarios, *selection.conditions]
    if selection.limit is not None:
        chosen.append(f"at most {selection.limit} of each")
    missing = score.faults.get("missing", 0)
    scored = f"; {missing} episodes of this table were not driven and score 0" if missing else ""
    return f"{label} is a partial run ({', '.join(chosen)}){scored}."


def _faults(label: str, score: RunScore) -> str:
    what = ", ".join(f"{count} {status}" for status, count in score.faults.items())
    failures = score.run.failures
    reason = f" The first: {failures[0].key}: {failures[0].reason}" if failures else ""
    failed = sum(score.faults.values())
    return (
        f"{FAULTS_MARK} {label}: {failed} of {len(score.keys)} episodes failed and score 0: {what}.{reason}"
    )
