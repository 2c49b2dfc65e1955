"""Submissions and their states.

Every change of a state names the states that it may follow: of two processes that want to change it, one
does.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from service.codes import Code, RefusedError, code_of
from service.database import Database, now

__all__ = ["ACTIVE", "CANCELLABLE", "State", "Store", "Submission"]

DAY_S = 86_400
SHOWN_LINES = 200


class State(StrEnum):
    """How far a submission is; the last four are verdicts."""

    QUEUED = "queued"
    CHECKING = "checking"
    EVALUATING = "evaluating"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    FINISHED = "finished"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.CHECKING, State.EVALUATING, State.VERIFYING, State.PUBLISHING)
CANCELLABLE = ACTIVE[:-1]
TAKEN = (*ACTIVE[2:], State.FINISHED)
"""States in which another submission with the same content is a repetition."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A row of the table of submissions.

    Attributes:
        number: In the order of arrival.
        id: Of addresses and folders.
        account: Who sent it.
        received: When, UTC, ISO 8601.
        sha256: Of the archive.
        bytes: Of the archive.
        state: How far it is.
        cancelled: Whether its owner wants no more of it.
        deaths: How often its job ended without a verdict.
        spent_s: How long its jobs ran.
        done: Episodes that were driven, or verified.
        total: Of so many.
        ended: When it had its verdict.
        code: Of the verdict, where it is not a good one.
        problem: What exactly, for people.
        digest: Of its files, when it passed the check.
        report: What the check found.
        result: What its run came to, all of it.
    """

    number: int
    id: str
    account: str
    received: str
    sha256: str
    bytes: int
    state: State
    cancelled: bool
    deaths: int
    spent_s: float
    done: int
    total: int
    ended: str | None
    code: Code | None
    problem: str | None
    digest: str | None
    report: dict[str, Any] | None
    result: dict[str, Any] | None

    @property
    def active(self) -> bool:
        """Whether it has no verdict yet."""
        return self.state in ACTIVE


class Store(Database):
    """The submissions of a service."""

    def begin_upload(self, account: str, *, per_day: int, waiting: int, queue: int) -> None:
        """Count an upload, if another one is allowed.

        Args:
            account: Who uploads.
            per_day: Uploads that are allowed in a day.
            waiting: Submissions of the account that may be without a verdict.
            queue: The same, of all accounts.

        Raises:
            RefusedError: Too many, with its code.
        """
        today = datetime.now(UTC)
        with self._transaction(writes=True) as rows:
            _check_queue(rows, account, waiting, queue)
            since = (today - timedelta(seconds=DAY_S)).isoformat(timespec="seconds")
            recent = rows.execute(
                "SELECT at FROM uploads WHERE account = ? AND at > ? ORDER BY at", (account, since)
            ).fetchall()
            if len(recent) >= per_day:
                free = datetime.fromisoformat(recent[-per_day]["at"]) + timedelta(seconds=DAY_S)
                raise RefusedError(
                    Code.DAILY,
                    f"{len(recent)} uploads in 24 hours; allowed are {per_day}",
                    max(1, round((free - today).total_seconds())),
                )
            rows.execute("DELETE FROM uploads WHERE account = ? AND at <= ?", (account, since))
            rows.execute("INSERT INTO uploads VALUES (?, ?)", (account, now()))

    def add(self, submission: str, account: str, *, sha256: str, size: int, waiting: int, queue: int) -> None:
        """Queue a submission that has arrived; when this returns, it will get a verdict.

        Args:
            submission: Its id.
            account: Who sent it.
            sha256: Of the archive.
            size: Of the archive, in bytes.
            waiting: Submissions of the account that may be without a verdict.
            queue: The same, of all accounts.

        Raises:
            RefusedError: Too many, with its code.
        """
        with self._transaction(writes=True) as rows:
            _check_queue(rows, account, waiting, queue)
            rows.execute(
                "INSERT INTO submissions (id, account, received, sha256, bytes, state) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (submission, account, now(), sha256, size, State.QUEUED),
            )

    def get(self, submission: str) -> Submission | None:
        """One of them."""
        found = self._select("WHERE id = ?", (submission,))
        return found[0] if found else None

    def of_id(self, submission: str) -> Submission:
        """One that there is."""
        found = self.get(submission)
        assert found is not None
        return found

    def of_account(self, account: str) -> list[Submission]:
        """Those of an account, the latest hundred, the latest first."""
        return self._select("WHERE account = ? ORDER BY number DESC LIMIT 100", (account,))

    def finished(self) -> list[Submission]:
        """Those that are on the leaderboard, the latest first."""
        return self._select("WHERE state = ? ORDER BY number DESC", (State.FINISHED,))

    def active(self) -> list[Submission]:
        """Those without a verdict, in the order of arrival."""
        return self._select(f"WHERE state IN ({_marks(ACTIVE)}) ORDER BY number", ACTIVE)

    def move(self, submission: str, to: State, come_from: Sequence[State], **changes: object) -> bool:
        """Change a state, unless somebody else did.

        Args:
            submission: Whose.
            to: What it becomes. Nothing but ``cancelled`` follows once its owner has cancelled it.
            come_from: What it must be.
            **changes: Other columns.

        Returns:
            Whether it was changed.
        """
        if to not in ACTIVE:
            changes["ended"] = now()
        named = "".join(f", {name} = ?" for name in changes)
        wanted = "" if to is State.CANCELLED else " AND NOT cancelled"
        with self._transaction(writes=True) as rows:
            return bool(
                rows.execute(
                    f"UPDATE submissions SET state = ?{named} WHERE id = ? "
                    f"AND state IN ({_marks(come_from)}){wanted}",
                    (to, *map(_value, changes.values()), submission, *come_from),
                ).rowcount
            )

    def claim(self, submission: str, digest: str, report: dict[str, Any]) -> str | None:
        """Go on from the check to driving, unless the same content is driven already.

        Args:
            submission: That was checked.
            digest: Of its files.
            report: Of the check.

        Returns:
            The submission with the same content; None when there is none, and this one goes on.
        """
        with self._transaction(writes=True) as rows:
            other = rows.execute(
                f"SELECT id FROM submissions WHERE digest = ? AND state IN ({_marks(TAKEN)})",
                (digest, *TAKEN),
            ).fetchone()
            if other is not None:
                return str(other["id"])
            rows.execute(
                "UPDATE submissions SET state = ?, digest = ?, report = ? WHERE id = ? AND state = ? "
                "AND NOT cancelled",
                (State.EVALUATING, digest, _value(report), submission, State.CHECKING),
            )
        return None

    def ask_to_cancel(self, submission: str) -> bool:
        """Note that its owner wants no more of it; False when it is too late."""
        with self._transaction(writes=True) as rows:
            return bool(
                rows.execute(
                    f"UPDATE submissions SET cancelled = 1 WHERE id = ? AND state IN ({_marks(CANCELLABLE)})",
                    (submission, *CANCELLABLE),
                ).rowcount
            )

    def note_progress(self, submission: str, done: int, total: int) -> None:
        """So many episodes of so many."""
        with self._transaction(writes=True) as rows:
            rows.execute("UPDATE submissions SET done = ?, total = ? WHERE id = ?", (done, total, submission))

    def note_time(self, submission: str, seconds: float) -> None:
        """Its job has run for so long, since this was last noted."""
        with self._transaction(writes=True) as rows:
            rows.execute("UPDATE submissions SET spent_s = spent_s + ? WHERE id = ?", (seconds, submission))

    def note_death(self, submission: str) -> int:
        """Its job has ended without a verdict; returns how often this has happened."""
        with self._transaction(writes=True) as rows:
            found = rows.execute(
                "UPDATE submissions SET deaths = deaths + 1 WHERE id = ? RETURNING deaths", (submission,)
            ).fetchone()
        return int(found["deaths"])

    def say(self, submission: str, line: str) -> None:
        """Write a line into its journal, which its owner sees."""
        with self._transaction(writes=True) as rows:
            rows.execute("INSERT INTO journal VALUES (?, ?, ?)", (submission, now(), line))

    def journal(self, submission: str) -> list[str]:
        """The last lines of its journal, each after the time when it was written."""
        with self._transaction() as rows:
            found = rows.execute(
                "SELECT at, line FROM journal WHERE submission = ? ORDER BY rowid DESC LIMIT ?",
                (submission, SHOWN_LINES),
            ).fetchall()
        return [f"{row['at']} {row['line']}" for row in reversed(found)]

    def _select(self, where: str, values: Sequence[object]) -> list[Submission]:
        with self._transaction() as rows:
            found = rows.execute(f"SELECT * FROM submissions {where}", values).fetchall()
        return [
            Submission(
                **{name: row[name] for name in row.keys()}  # noqa: SIM118 (a row iterates over its values)
                | {
                    "state": State(row["state"]),
                    "cancelled": bool(row["cancelled"]),
                    "code": None if row["code"] is None else code_of(row["code"]),
                    "report": None if row["report"] is None else json.loads(row["report"]),
                    "result": None if row["result"] is None else json.loads(row["result"]),
                }
            )
            for row in found
        ]


def _check_queue(rows: sqlite3.Connection, account: str, waiting: int, queue: int) -> None:
    """Raise if another submission would be too many."""
    found = rows.execute(
        f"SELECT count(*) AS queued, coalesce(sum(account = ?), 0) AS own FROM submissions "
        f"WHERE state IN ({_marks(ACTIVE)})",
        (account, *ACTIVE),
    ).fetchone()
    if found["own"] >= waiting:
        raise RefusedError(Code.WAITING, f"{found['own']} of yours wait for a verdict; allowed are {waiting}")
    if found["queued"] >= queue:
        raise RefusedError(
            Code.QUEUE, f"{found['queued']} submissions wait for a verdict; allowed are {queue}"
        )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _value(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value
