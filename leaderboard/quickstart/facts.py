"""Provenance of a set of runs, as names and values for a page."""

from collections.abc import Iterator, Sequence

from drivebench.evaluation.record import Run

__all__ = ["facts_on"]

SHOWN = 16
"""Digits of a digest that are shown; the records hold all of them."""


def facts_on(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """What the runs of one table have in common, and the digests that tell them apart.

    Args:
        runs: At least one, of the same suite and metric.
    """
    manifest = runs[0].manifest
    yield "drivebench", f"{manifest.drivebench}, engine {manifest.engine_digest[:SHOWN]}"
    suite = manifest.suite
    yield "suite", f"{suite.name} v{suite.version}, {len(manifest.episodes)} episodes, {suite.digest[:SHOWN]}"
    yield "seeds", _seeds(manifest.episodes)
    yield "score", f"DriveBench Score v{manifest.metric_version}, {manifest.metric_digest[:SHOWN]}"
    yield "isolation", f"tier {manifest.isolation}, batches of {manifest.chunk_size}"
    for run in runs:
        policy = run.manifest.policy
        yield policy.name, f"{policy.digest[:SHOWN]}, results {run.results[:SHOWN]}{_training(run)}"
    attempt = manifest.attempts[-1] if manifest.attempts else None
    if attempt is not None:
        machine = ", ".join(f"{name} {value}" for name, value in sorted(attempt.machine.items()))
        yield "machine", machine
        yield "versions", ", ".join(f"{name} {value}" for name, value in sorted(attempt.versions.items()))
        yield "date", attempt.started


def _training(run: Run) -> str:
    training = run.manifest.policy.training
    if not training:
        return ""
    data = training.get("demonstrations", {})
    return (
        f"; training seed {training.get('seed')}, {data.get('episodes')} demonstrations with "
        f"{data.get('frames')} frames, {str(data.get('digest'))[:SHOWN]}"
    )


def _seeds(keys: Sequence[str]) -> str:
    seeds = [int(key.rpartition("/")[2]) for key in keys]
    return f"{min(seeds)} to {max(seeds)}; demonstrations are from other seeds by construction"
