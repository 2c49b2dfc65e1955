"""What stands above and below a table: what was driven, how to read it, and what is wrong with which row."""

from collections.abc import Iterator, Mapping, Sequence

from drivebench.evaluation.manifest import Driven, RunManifest
from leaderboard.literature import UNVERIFIED_MARK
from leaderboard.outcomes import Outcomes
from leaderboard.rows import By, Claim
from leaderboard.scores import RunScore
from leaderboard.statistics import LEVEL, bootstrap

__all__ = [
    "FAULTS_MARK",
    "FEW_SEEDS",
    "LEAKS_MARK",
    "facts_of",
    "how_to_read",
    "literature_note",
    "notes_on",
    "title_of",
]

FAULTS_MARK = "†"
LEAKS_MARK = "‡"
DIGITS = 16
"""Of a digest, so many are printed."""

FEW_SEEDS = 5
"""With fewer training seeds the t interval of a method is wide, and little else can be said."""

_PERCENT = f"{100 * LEVEL:.0f} %"
_DBS = "DBS: DriveBench Score, 0 to 100, unweighted mean over scenario families."
_HOW_TO_READ: Mapping[Claim, str] = {
    "checkpoint": (
        f"{_DBS} [low, high]: its {_PERCENT} interval over episodes; n: episodes. A row is one policy as it "
        "was trained, not its method. Rank: every place that paired differences on the same episodes allow. "
        "Best of a track in bold (* in plain text); ≈: not told apart from the best by paired differences."
    ),
    "method": (
        f"{_DBS} A row is a method: the mean over k training seeds with Student's {_PERCENT} interval [low, "
        "high]; one seed has none, and what nobody trained needs none. Rank: every place that differences "
        "over training seeds allow. Best of a track in bold (* in plain text); ≈: not told apart from it."
    ),
}
_INTERVALS: Mapping[Claim, str] = {
    "checkpoint": (
        f"{_PERCENT}, Bayesian bootstrap over episodes within families with one imagined episode at the "
        "worst or best score, {resamples} resamples, seeded by the episodes"
    ),
    "method": f"{_PERCENT}, Student's t over training seeds",
}
_PARTS = (
    "At fault: collisions that were the policy's fault. Off road: share of episodes. EP: ego progress, TTC: "
    "time to collision, SL: speed limit, C: comfort, each 100 at best. Abilities: the score on the episodes "
    "that test them. Latency: median time to answer one batch."
)
_AGGREGATE = (
    "IQM: mean of the middle half of the scores; worst decile: mean of the lowest tenth; families weigh the "
    "same in both. Successes: share of all episodes."
)
_BEST = " P(best): share of resamples in which a policy is the best of its track."
_NORMALISED = "Expert-normalised: 0 is what the policy random scores in a family, 100 what expert does."


def title_of(manifests: Sequence[RunManifest], episodes: int) -> str:
    """What was driven, and by which rule it is scored.

    Args:
        manifests: Of the runs of the table; they agree in suite and metric.
        episodes: How many the table is over.
    """
    suite = f"suite {manifests[0].suite.name} v{manifests[0].suite.version}"
    if all(manifest.selection.partial for manifest in manifests):
        suite = f"a part of {suite}"
    return f"{suite}, {episodes} episodes, DriveBench Score v{manifests[0].metric_version}"


def facts_of(runs: Sequence[Outcomes], claim: Claim) -> dict[str, str]:
    """What a caption states beside the title.

    Args:
        runs: Of the table.
        claim: Of the table.
    """
    first = runs[0].manifest
    versions = ", ".join(sorted({run.manifest.drivebench for run in runs}))
    return {
        "suite digest": first.suite.digest[:DIGITS],
        "score digest": first.metric_digest[:DIGITS],
        "engine digest": first.engine_digest[:DIGITS],
        "drivebench": versions,
        "intervals": _INTERVALS[claim].format(resamples=f"{bootstrap.RESAMPLES:,}"),
    }


def how_to_read(claim: Claim, by: By | None, keys: Sequence[str]) -> Iterator[str]:
    """What the columns mean.

    Args:
        claim: Of the table.
        by: What it is broken down by.
        keys: Of its columns.
    """
    yield _HOW_TO_READ[claim]
    if by is None:
        yield _PARTS
    if by == "aggregate":
        yield _AGGREGATE + _BEST * ("p_best" in keys)
    if "normalised" in keys:
        yield _NORMALISED


def literature_note(keys: Sequence[str]) -> str:
    """What is to be said of rows from papers.

    Args:
        keys: Of the papers.
    """
    return (
        f"{UNVERIFIED_MARK} Numbers as {', '.join(dict.fromkeys(keys))} states them; no record of them was "
        "verified here."
    )


def notes_on(scores: Sequence[tuple[str, RunScore]]) -> Iterator[str]:
    """What is to be said of single runs.

    Args:
        scores: By label of the row.
    """
    yield from _training_data(scores)
    for label, score in scores:
        if score.run.manifest.selection.partial:
            yield _partial(label, score)
        if score.leaks:
            yield f"{LEAKS_MARK} {label} senses {', '.join(score.leaks)}, which leaks the label."
        if score.faults:
            yield _faults(label, score)


def _training_data(scores: Sequence[tuple[str, RunScore]]) -> Iterator[str]:
    """What policies say they have learnt from, one note for all that say the same."""
    labels: dict[str, list[str]] = {}
    for label, score in scores:
        policy = score.run.manifest.policy
        if policy.kind is Driven.SUBMISSION and policy.training_data not in ("", "none"):
            labels.setdefault(policy.training_data, []).append(label)
    for data, those in labels.items():
        yield f"{', '.join(dict.fromkeys(those))}: trained on {data}, as declared."


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
    first = score.run.first_failures
    reason = f" The first: {first[0][0]}: {first[0][1]}" if first else ""
    failed = sum(score.faults.values())
    return (
        f"{FAULTS_MARK} {label}: {failed} of {len(score.keys)} episodes failed and score 0: {what}.{reason}"
    )
