"""What the pages need of a run beyond its outcomes, so that a run is read once and let go."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from drivebench.evaluation.record import Run
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.site.ends import End, detail_of, end_of

__all__ = ["Dossier", "Latency", "Replays", "dossier_of", "file_name"]

LONGEST_NAME = 48


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times to answer one batch, in seconds.

    Attributes:
        typical_s: Median over chunks of their medians, as in tables.
        slow_s: The largest 99th percentile of a chunk.
        longest_s: Of all answers.
        batch: Episodes in a batch.
    """

    typical_s: float
    slow_s: float
    longest_s: float
    batch: int


@dataclass(frozen=True, kw_only=True)
class Replays:
    """What there is to watch of a policy.

    Attributes:
        episodes: Their keys, the first to be shown first; empty where nothing can be driven again.
        reason: Why nothing can be.
    """

    episodes: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """A run, as its page shows it.

    Attributes:
        outcomes: What tables are made of.
        ends: How each of its episodes came out, by key.
        details: How often a collision was the policy's fault for which reason, and what it failed in.
        latency: None for a reference driver, and where nothing was answered.
        replays: What there is to watch.
    """

    outcomes: Outcomes
    ends: dict[str, End] = field(repr=False)
    details: Counter[tuple[End, str]]
    latency: Latency | None
    replays: Replays

    @property
    def file_name(self) -> str:
        """Of its page and of its replays, without the ending."""
        return _name_of_run(self.outcomes)

    def ends_on(self, keys: Sequence[str]) -> Counter[End]:
        """How often its episodes came to each end.

        Args:
            keys: Of episodes; one that the run lacks is missing.
        """
        return Counter(self.ends.get(key, End.MISSING) for key in keys)


def dossier_of(run: Run, replays_of: Callable[[Run, str], Replays]) -> Dossier:
    """Keep what the pages need.

    Args:
        run: As it was read.
        replays_of: Writes its replays under a name.
    """
    outcomes = outcomes_of(run)
    details = Counter((end_of(record), detail_of(record)) for record in run.episodes)
    answered = [chunk for chunk in run.timing if chunk.decisions]
    latency = None
    if outcomes.latency_s is not None:
        latency = Latency(
            typical_s=outcomes.latency_s,
            slow_s=float(np.max([chunk.latency_p99_s for chunk in answered])),
            longest_s=float(np.max([chunk.latency_max_s for chunk in answered])),
            batch=run.manifest.chunk_size,
        )
    return Dossier(
        outcomes=outcomes,
        ends={record.key: end_of(record) for record in run.episodes},
        details=Counter({key: count for key, count in details.items() if key[1]}),
        latency=latency,
        replays=replays_of(run, _name_of_run(outcomes)),
    )


def _name_of_run(outcomes: Outcomes) -> str:
    """A file name for what is about one run.

    Args:
        outcomes: Of the run.
    """
    return file_name(outcomes.name, (outcomes.manifest.policy.digest, outcomes.results))


def file_name(text: str, identity: Sequence[str]) -> str:
    """A name that every file system takes, and that no two things share.

    Args:
        text: What it shall remind of: the name of a policy, which may hold anything.
        identity: What tells the thing from all others.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_NAME].strip("-")
    digest = hashlib.sha256("\0".join((text, *identity)).encode()).hexdigest()[:8]
    return f"{words}-{digest}" if words else digest
