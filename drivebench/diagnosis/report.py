"""A diagnosis as text for a terminal, and as one JSON object."""

import math
from dataclasses import asdict
from typing import Any

from drivebench.diagnosis.diagnosis import Diagnosis
from drivebench.diagnosis.words import sentences

__all__ = ["SCHEMA", "as_json", "as_text"]

SCHEMA = 1


def as_text(diagnosis: Diagnosis) -> str:
    """A summary: for each scenario one sentence a measure.

    Args:
        diagnosis: What was found.
    """
    lines = []
    for found in diagnosis.scenarios:
        lines.append(f"{diagnosis.policy.name} on {found.scenario}, {found.episodes} development episodes")
        lines += [f"  {measure}: {said}" for measure, said in sentences(found).items()]
    return "\n".join(lines) + "\n"


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """One object; ``docs/diagnose.md`` says what is in it.

    Args:
        diagnosis: What was found.
    """
    content: dict[str, Any] = _finite({"schema": SCHEMA, **asdict(diagnosis)})
    return content


def _finite(value: Any) -> Any:
    """The same as JSON can hold it: what is not finite is null."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
