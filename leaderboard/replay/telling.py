"""Which episodes of a run are worth watching: a few, always the same, as different as they can be."""

from collections import Counter
from collections.abc import Iterable

from drivebench.errors import ConfigurationError
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.metric.measurement import Ending

__all__ = ["telling_episodes"]

_TO_THE_END = (Ending.GOAL, Ending.HORIZON)


def telling_episodes(run: Run, limit: int = 6) -> tuple[str, ...]:
    """Choose episodes of a run: the worst of each way to fail in turn, and one of the best at the end.

    Ways to fail come in the order of how often they occur. Of each, the episode with the lowest score of a
    family that is not shown yet is taken, if there is one, and of a condition that is not shown yet; of equal
    ones the first in the suite's order. The last is the best of what was driven to success, chosen the same
    way. A run that never fails shows its lowest scores.

    Args:
        run: A finished run.
        limit: How many, at most.

    Returns:
        Their keys, each once; the one of the best last.
    """
    if limit < 1:
        raise ConfigurationError(f"{limit} episodes of {run.path} to be chosen; expected at least one")
    reasons = [_reason(record) for record in run.episodes]
    counts = Counter(reason for reason in reasons if reason)
    failed = [
        [record for record, of_it in zip(run.episodes, reasons, strict=True) if of_it == reason]
        for reason in sorted(counts, key=lambda reason: (-counts[reason], reason))
    ]
    done = [record for record, reason in zip(run.episodes, reasons, strict=True) if not reason]
    chosen: dict[str, EpisodeRecord] = {}
    room = min(limit - 1 if done and limit > 1 else limit, len(run.episodes))
    groups = failed or [done]
    while len(chosen) < room and any(groups):
        for group in groups:
            if group and len(chosen) < room:
                _take(group, chosen, best=False)
        groups = [[record for record in group if record.key not in chosen] for group in groups]
    left = [record for record in done if record.key not in chosen]
    if left and len(chosen) < limit:
        _take(left, chosen, best=True)
    return tuple(chosen)


def _take(group: Iterable[EpisodeRecord], chosen: dict[str, EpisodeRecord], *, best: bool) -> None:
    """Add the most telling episode of a group to those that are chosen."""
    families = {record.family for record in chosen.values()}
    conditions = {record.condition for record in chosen.values()}
    taken = min(
        group,
        key=lambda record: (
            record.family in families,
            record.condition in conditions,
            -record.score if best else record.score,
        ),
    )
    chosen[taken.key] = taken


def _reason(record: EpisodeRecord) -> str:
    """How an episode failed; empty where it did not."""
    if record.status is not Status.DRIVEN:
        return record.status.value
    if record.measurement.ended_by not in _TO_THE_END:
        return record.measurement.ended_by.value
    return "" if record.success else "not done"
