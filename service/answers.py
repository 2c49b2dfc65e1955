"""What the API answers: the objects of its OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from service.codes import Code
from service.store import ACTIVE, State, Submission

__all__ = ["Problem", "Row", "SubmissionAnswer", "SuiteAnswer", "describe"]

OPEN = ("reasons", "results")
"""Of a result, what is shown only when anybody may know the suite: what a policy says of its failures could
be what it saw."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(_Answer):
    """Why the service says no."""

    code: str
    """Stable; docs/serve.md lists all."""
    meaning: str
    problem: str
    """What exactly, for people."""
    remedy: str

    @classmethod
    def of(cls, code: Code, problem: str) -> "Problem":
        """A code with its texts."""
        return cls(code=code.value, meaning=code.meaning, problem=problem, remedy=code.remedy)


class Estimate(_Answer):
    """A mean with its 95 % interval over n episodes; None where there is no interval."""

    value: float
    low: float | None
    high: float | None
    n: int


class Result(_Answer):
    """What a run came to. ``reasons`` and ``results`` are null as long as the suite is secret."""

    policy: str
    track: str
    digest: str
    dbs: Estimate
    success: Estimate
    families: dict[str, Estimate]
    episodes: int
    failures: dict[str, int]
    isolation: str
    attempts: dict[str, int | None]
    reasons: dict[str, int] | None
    results: str | None


class Verdict(_Answer):
    """What became of a submission; code and what follows are null where it is good."""

    accepted: bool
    code: str | None
    meaning: str | None
    problem: str | None
    remedy: str | None


class Progress(_Answer):
    """Episodes that were driven."""

    done: int
    total: int


class SubmissionAnswer(_Answer):
    """A submission, as its owner sees it."""

    id: str
    state: State
    received: str
    ended: str | None
    archive_bytes: int
    archive_sha256: str
    place: int | None
    """In the queue, from 1; null when it has a verdict."""
    progress: Progress
    verdict: Verdict | None
    report: dict[str, Any] | None
    """Of the check: the object that `drivebench check --json` prints."""
    result: Result | None
    journal: list[str]
    record: str | None
    """Address of the packed run."""


class Row(_Answer):
    """A submission, as everybody sees it on the leaderboard."""

    id: str
    account: str
    policy: str
    track: str
    digest: str
    dbs: Estimate
    families: dict[str, Estimate]
    ended: str
    record: str | None


class SuiteAnswer(_Answer):
    """What is driven here."""

    name: str
    version: int
    digest: str
    episodes: int
    isolation: str
    hidden: bool
    """Whether its seeds are secret, as yet."""
    commitment: str | None
    key: str | None
    """Of the secret suite, when it was revealed."""


def describe(
    row: Submission, *, place: int | None, journal: list[str], revealed: bool, record: str | None
) -> SubmissionAnswer:
    """A submission, as its owner sees it.

    Args:
        row: The submission.
        place: In the queue.
        journal: Its lines.
        revealed: Whether anybody may know the suite.
        record: Address of the packed run.
    """
    return SubmissionAnswer(
        id=row.id,
        state=row.state,
        received=row.received,
        ended=row.ended,
        archive_bytes=row.bytes,
        archive_sha256=row.sha256,
        place=place,
        progress=Progress(done=row.done, total=row.total),
        verdict=None if row.state in ACTIVE else _verdict(row),
        report=row.report,
        result=None if row.result is None else Result(**shown(row.result, revealed=revealed)),
        journal=journal,
        record=record,
    )


def shown(result: dict[str, Any], *, revealed: bool) -> dict[str, Any]:
    """As much of a result as may be shown."""
    return result if revealed else result | dict.fromkeys(OPEN)


def _verdict(row: Submission) -> Verdict:
    code = row.code
    return Verdict(
        accepted=row.state is State.FINISHED,
        code=None if code is None else code.value,
        meaning=None if code is None else code.meaning,
        problem=row.problem,
        remedy=None if code is None else code.remedy,
    )
