"""What a submission says of itself and its run says of it, as names and values: the card of its page."""

import re
from collections.abc import Iterator
from typing import Any

from drivebench.evaluation.manifest import Attempt, Driven, PolicyCard
from leaderboard.formats.cells import NOTHING, one_line
from leaderboard.outcomes import Outcomes

__all__ = ["attempt_words", "card_of", "paper_link", "provenance_of", "sensor_words", "steps_of"]

_WEB = re.compile(r"https?://[^\s<>\"']+")
_STEPS = "steps"


def card_of(outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """Who made it, what it senses and what it has learnt from, as declared.

    Args:
        outcomes: Of its run.
    """
    policy = outcomes.manifest.policy
    yield "authors", ", ".join(policy.authors) or NOTHING
    yield "track", policy.track
    yield "sensors", ", ".join(map(sensor_words, policy.sensors)) or _senses_nothing(policy)
    yield "what drives", _form(policy)
    yield "trained on", policy.training_data or NOTHING
    if policy.training is None:
        return
    for name in ("baseline", "budget", "seed", "device"):
        stated = outcomes.stated(name)
        if isinstance(stated, str | int):
            yield f"training {name}" if name != "baseline" else "baseline", str(stated)
    frames = outcomes.stated("demonstrations", "frames")
    if outcomes.demonstrations is not None:
        more = f", {frames:,} frames" if isinstance(frames, int) else ""
        yield "demonstrations", f"{outcomes.demonstrations:,} episodes{more}"
    own = outcomes.stated("labelled_on_own_drives")
    if isinstance(own, dict) and own:
        counts = [count for count in own.values() if isinstance(count, int)]
        yield "labelled on own drives", f"{sum(counts):,} frames"
    steps = steps_of(outcomes)
    if steps is not None:
        yield "gradient steps", f"{steps:,}"
    yield from _open_loop(outcomes)


def provenance_of(outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """What tells this run from every other one, and under which rules it was driven.

    Args:
        outcomes: Of the run.
    """
    manifest = outcomes.manifest
    limits = manifest.limits
    yield "isolation", _isolation(manifest.policy, manifest.isolation)
    yield (
        "limits",
        f"{limits.start_up_s:g} s to start, {limits.decision_s:g} s to decide, "
        f"{limits.memory_bytes / 2**30:g} GiB of memory",
    )
    yield "batch", f"{manifest.chunk_size} episodes"
    yield "attempts", str(len(manifest.attempts)) if manifest.attempts else NOTHING
    earlier = next((a.earlier for a in manifest.attempts if a.earlier is not None), None)
    if earlier is not None:
        yield (
            "evaluated before",
            f"{earlier.policy} times on this machine and suite, {earlier.name} times under this name",
        )
    yield "policy digest", manifest.policy.digest
    yield "results digest", outcomes.results
    yield "suite", f"{manifest.suite.name} v{manifest.suite.version}, {manifest.suite.digest}"
    if manifest.selection.partial:
        yield "a part of it", str(manifest.selection)
    yield "drivebench", f"{manifest.drivebench}, engine {manifest.engine_digest}"
    yield "metric", f"v{manifest.metric_version}, {manifest.metric_digest}"


def attempt_words(attempt: Attempt) -> tuple[str, ...]:
    """A start of ``evaluate``: when, how it ended, what it finished, by what, and where.

    Args:
        attempt: Which.
    """
    machine = {**attempt.machine, **attempt.versions}
    return (
        attempt.started,
        attempt.ended or NOTHING,
        attempt.outcome,
        str(attempt.chunks),
        f"{attempt.engine}, {attempt.workers}",
        ", ".join(f"{name} {value}" for name, value in sorted(machine.items())),
    )


def paper_link(policy: PolicyCard) -> str | None:
    """Where a paper is, if that is an address of the web and nothing else; text otherwise.

    Args:
        policy: The card.
    """
    return policy.paper if _WEB.fullmatch(policy.paper) and one_line(policy.paper) == policy.paper else None


def steps_of(outcomes: Outcomes) -> int | None:
    """Gradient steps of a training in one phase; one in several phases has no single number of them.

    Args:
        outcomes: Of a run.
    """
    config = outcomes.stated("config")
    if not isinstance(config, dict) or [name for name in config if _STEPS in str(name)] != [_STEPS]:
        return None
    steps = config[_STEPS]
    return steps if isinstance(steps, int) and steps > 0 else None


def sensor_words(sensor: dict[str, Any]) -> str:
    """A declared sensor with its options, as in ``front (height 96)``.

    Args:
        sensor: As the manifest has it.
    """
    options = ", ".join(f"{name} {value}" for name, value in sorted(sensor.items()) if name != "name")
    name = str(sensor.get("name", NOTHING))
    return f"{name} ({options})" if options else name


def _senses_nothing(policy: PolicyCard) -> str:
    return "the whole world" if policy.kind is Driven.DRIVER else NOTHING


def _form(policy: PolicyCard) -> str:
    if policy.kind is Driven.DRIVER:
        return "a registered driver, inside of the evaluation"
    return policy.form or "code"


def _isolation(policy: PolicyCard, tier: str) -> str:
    if policy.kind is Driven.DRIVER:
        return f"{tier}: drivers are part of drivebench"
    return f"tier {tier}"


def _open_loop(outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """Error on held-out frames of the expert, where the training measured it."""
    names = {"steering_r2": "steering R², open loop", "acceleration_r2": "acceleration R², open loop"}
    for name, head in names.items():
        stated = outcomes.stated("open_loop", name)
        if isinstance(stated, float):
            yield head, f"{stated:.3f}"
