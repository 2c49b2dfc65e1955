"""What is kept in SQLite, and how it is changed.

Every change is one transaction that is on the disk when it returns. There is no connection that lives longer
than a transaction, so that any process may be killed at any moment.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Database", "now"]

PATIENCE_S = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS accounts (
  name TEXT PRIMARY KEY, public TEXT NOT NULL UNIQUE, hash BLOB NOT NULL, made TEXT NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS uploads (account TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS uploads_of ON uploads (account, at);
CREATE TABLE IF NOT EXISTS submissions (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
  received TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, state TEXT NOT NULL,
  cancelled INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0, spent_s REAL NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, ended TEXT, code TEXT, problem TEXT,
  digest TEXT, report TEXT, result TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS submissions_by_state ON submissions (state, number);
CREATE TABLE IF NOT EXISTS journal (submission TEXT NOT NULL, at TEXT NOT NULL, line TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS journal_of ON journal (submission);
"""


class Database:
    """The database of a service."""

    def __init__(self, path: Path) -> None:
        """Open it; what is not there yet is made.

        Args:
            path: Of the file.
        """
        self._path = path
        path.touch(mode=0o600)
        with self._transaction() as rows:
            rows.execute("PRAGMA journal_mode = WAL")
            rows.executescript(_TABLES)

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
        rows = sqlite3.connect(self._path, timeout=PATIENCE_S, isolation_level=None)
        try:
            rows.row_factory = sqlite3.Row
            rows.execute("PRAGMA synchronous = FULL")
            if not writes:
                yield rows
                return
            rows.execute("BEGIN IMMEDIATE")
            try:
                yield rows
            except BaseException:
                rows.execute("ROLLBACK")
                raise
            rows.execute("COMMIT")
        finally:
            rows.close()

    def fact(self, name: str) -> str:
        """Something that is true of the whole service; empty when it was never noted."""
        with self._transaction() as rows:
            found = rows.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return "" if found is None else str(found["value"])

    def note_fact(self, name: str, value: str) -> None:
        """Note it; it takes the place of what was noted before."""
        with self._transaction(writes=True) as rows:
            rows.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def now() -> str:
    """UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
