"""The file of the index, which several processes may read and write at once.

Connections are short: one for a look, one for a batch of rows, and whoever writes, or takes a damaged file
away, holds a lock meanwhile. So a file can be replaced while others read, and no journal of one outlives it
beside the next (https://www.sqlite.org/howtocorrupt.html, 1.3, 1.4 and 2.4). The journal is SQLite's ordinary
one: write-ahead logging does not work on network file systems, where home directories often are.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from drivebench.progress import say
from leaderboard.index.rows import derivation, keys_from, keys_to_bytes, outcomes_from, outcomes_to_bytes
from leaderboard.outcomes import Outcomes
from leaderboard.threads import in_threads

__all__ = ["VARIABLE", "Entry", "Index"]

VARIABLE = "DRIVEBENCH_INDEX"
"""Names the folder of the index, such as one beside the records; when not set, it is in the user's cache."""

PATIENCE_S = 30.0
"""A batch takes a second to write; who holds the lock for longer has hung."""

_TABLES = """
CREATE TABLE IF NOT EXISTS keys (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS runs (content TEXT PRIMARY KEY, keys TEXT NOT NULL, outcomes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS stamps (stamp TEXT PRIMARY KEY, content TEXT NOT NULL);
"""
_BY_CONTENT = "SELECT keys, outcomes FROM runs WHERE content = ?"
_BY_STAMP = "SELECT keys, outcomes FROM stamps JOIN runs USING (content) WHERE stamp = ?"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run to be kept.

    Attributes:
        content: SHA-256 of its checksums: what it is, wherever it is.
        stamp: What its files are known by, as long as they are not touched; None where that is not sure yet.
        outcomes: What is kept of it; None where that is known already.
    """

    content: str
    stamp: str | None
    outcomes: Outcomes | None


class Index:
    """Outcomes of runs by content, and by the state of their files.

    What goes wrong with it is said, and costs time alone: a run that is not found is read.

    Attributes:
        path: The file. Its name holds a digest of the sources that outcomes follow from, so that no row can
            be of another version.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is read or made yet.

        Args:
            folder: Of the index; that of ``VARIABLE``, or the user's cache, when None.
        """
        given = folder or os.environ.get(VARIABLE)
        place = Path(given) if given else Path(platformdirs.user_cache_dir("drivebench")) / "outcomes"
        self.path = place / f"{derivation()}.sqlite"
        self._keys: dict[str, tuple[str, ...]] = {}
        self._given_up = False

    def by_stamp(self, stamps: Mapping[Path, str]) -> dict[Path, Outcomes]:
        """Runs whose files are as they were.

        Args:
            stamps: What the files are known by now.
        """
        return self._find(_BY_STAMP, stamps)

    def by_content(self, content: str, path: Path) -> Outcomes | None:
        """A run that was read before, maybe elsewhere.

        Args:
            content: SHA-256 of its checksums, which its files were held against.
            path: Where it is.
        """
        return self._find(_BY_CONTENT, {path: content}).get(path)

    def keep(self, entries: Sequence[Entry]) -> None:
        """Add runs.

        Args:
            entries: Which were read, with every check.
        """
        if self._given_up or not entries:
            return
        new = [(each.content, each.outcomes) for each in entries if each.outcomes is not None]
        keys = {content: keys_to_bytes(outcomes.manifest.episodes) for content, outcomes in new}
        rows = [(content, keys[content][0], outcomes_to_bytes(outcomes)) for content, outcomes in new]
        stamps = [(each.stamp, each.content) for each in entries if each.stamp is not None]
        try:
            with self._locked(), self._connected() as connection, connection:
                connection.executescript(_TABLES)
                connection.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?)", set(keys.values()))
                connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)
                connection.executemany("INSERT OR REPLACE INTO stamps VALUES (?, ?)", stamps)
        except (OSError, Timeout, sqlite3.OperationalError) as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            self._discard(error)

    def clear(self) -> None:
        """Take away all that is kept, also what other versions have kept in the same folder."""
        for file in self.path.parent.glob("*.sqlite"):
            _remove(file)

    def count(self) -> int:
        """How many runs are kept."""
        if not self.path.exists():
            return 0
        try:
            with self._connected() as connection:
                return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])
        except sqlite3.Error as error:
            self._discard(error)
            return 0

    def _find(self, query: str, wanted: Mapping[Path, str]) -> dict[Path, Outcomes]:
        if self._given_up or not wanted or not self.path.exists():
            return {}
        rows: list[tuple[Path, bytes, tuple[str, ...]]] = []
        try:
            with self._connected() as connection:
                for path, value in wanted.items():
                    row = connection.execute(query, (value,)).fetchone()
                    if row is not None:
                        rows.append((path, row[1], self._keys_of(connection, row[0])))
            found = in_threads(lambda row: outcomes_from(row[1], row[2], row[0]), rows)
        except (sqlite3.Error, zlib.error) as error:
            self._discard(error)
            return {}
        return {path: outcomes for (path, _, _), outcomes in zip(rows, found, strict=True)}

    def _keys_of(self, connection: sqlite3.Connection, digest: str) -> tuple[str, ...]:
        """Keys of episodes; runs of one suite share them."""
        if digest not in self._keys:
            (content,) = connection.execute("SELECT content FROM keys WHERE digest = ?", (digest,)).fetchone()
            self._keys[digest] = keys_from(content)
        return self._keys[digest]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=PATIENCE_S)) as connection:
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), timeout=PATIENCE_S):
            yield

    def _discard(self, error: Exception) -> None:
        say(f"the index {self.path} is damaged ({error}); it is made again from the records")
        try:
            with self._locked():
                _remove(self.path)
        except (OSError, Timeout) as why:
            self._give_up(why)

    def _give_up(self, error: Exception) -> None:
        say(f"the index {self.path} is not kept ({error}); set {VARIABLE} to a folder that can be written")
        self._given_up = True


def _remove(file: Path) -> None:
    """The journal first: one that is left beside another database would be played back into it."""
    file.with_name(f"{file.name}-journal").unlink(missing_ok=True)
    file.unlink(missing_ok=True)
