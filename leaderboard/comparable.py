"""Which runs may share a table: those of the same episodes, scored by the same rule."""

from collections.abc import Callable, Sequence

from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation.record import Run
from drivebench.metric.score import METRIC_VERSION, metric_digest
from leaderboard.outcomes import Outcomes

__all__ = ["check_comparable", "check_metric", "differs", "episodes_of"]

_MUST_AGREE: dict[str, Callable[[Run | Outcomes], str]] = {
    "suite": lambda run: f"{run.manifest.suite.name} v{run.manifest.suite.version}",
    "suite digest": lambda run: run.manifest.suite.digest,
    "engine digest": lambda run: run.manifest.engine_digest,
    "metric version": lambda run: str(run.manifest.metric_version),
    "metric digest": lambda run: run.manifest.metric_digest,
}


def differs(one: Run | Outcomes, other: Run | Outcomes) -> str | None:
    """The first thing in which two runs differ that may not share a table then; None when they may."""
    return next((what for what, of in _MUST_AGREE.items() if of(one) != of(other)), None)


def check_comparable(runs: Sequence[Outcomes]) -> None:
    """Make sure that runs may share a table.

    Raises:
        ConfigurationError: Two runs are of different suites or metrics, or the same run is given twice;
            names both, and what differs.
    """
    first = runs[0]
    for run in runs[1:]:
        what = differs(first, run)
        if what is not None:
            of = _MUST_AGREE[what]
            raise ConfigurationError(
                f"{first.path} and {run.path} cannot share a table: the {what} of the first is "
                f"{of(first)[:16]}, of the second {of(run)[:16]}. Evaluate both policies on the same "
                "suite with the same drivebench."
            )
    seen: dict[tuple[str, str], Outcomes] = {}
    for run in runs:
        key = (run.manifest.policy.digest, run.results)
        if key in seen:
            raise ConfigurationError(
                f"{seen[key].path} and {run.path} are runs of the same policy with the same results. "
                "Expected each policy once; leave one of them out."
            )
        seen[key] = run


def check_metric(runs: Sequence[Outcomes]) -> None:
    """Make sure that runs were measured by the metric that scores are derived by here.

    Raises:
        RecordError: Names the run that was not.
    """
    for run in runs:
        manifest = run.manifest
        if manifest.metric_digest != metric_digest():
            raise RecordError(
                f"{run.path} was measured by version {manifest.metric_version} of the metric with the digest "
                f"{manifest.metric_digest[:16]}…; this drivebench scores by version {METRIC_VERSION} with "
                f"{metric_digest()[:16]}…. Score it with drivebench {manifest.drivebench}, or evaluate again."
            )


def episodes_of(runs: Sequence[Outcomes]) -> tuple[str, ...]:
    """Keys of all episodes that any of the runs was asked for, in the order of the longest run.

    A run that lacks some of them scores 0 there.
    """
    asked = dict.fromkeys(run.manifest.episodes for run in runs)
    return tuple(dict.fromkeys(key for keys in sorted(asked, key=len, reverse=True) for key in keys))
