"""What tables need of runs, kept in SQLite, so that thousands of runs stay fast.

It is made from the records at any time, and is never evidence: deleting it costs time alone, and ``verify``,
``leaderboard add`` and ``python -m leaderboard.readme --check`` never look into it.
"""

from leaderboard.index.reading import read_runs

__all__ = ["read_runs"]
