"""A run as one row of the index: all of its outcomes but the keys of its episodes, which runs share."""

import hashlib
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgpack
import numpy as np

from drivebench.evaluation.manifest import MANIFEST, read_manifest
from drivebench.evaluation.record import encode
from leaderboard.outcomes import COUNTS, MEASURES, Outcomes

__all__ = ["DERIVED_BY", "derivation", "keys_from", "keys_to_bytes", "outcomes_from", "outcomes_to_bytes"]

_LEVEL = 1
"""Of zlib: a run takes 57 kB instead of 210 kB. Its checksum finds a damaged row."""

DERIVED_BY = (
    "drivebench/metric/*.py",
    "drivebench/evaluation/manifest.py",
    "drivebench/evaluation/record.py",
    "drivebench/evaluation/run_files.py",
    "leaderboard/index/database.py",
    "leaderboard/index/rows.py",
    "leaderboard/outcomes.py",
)
"""Sources that outcomes follow from, beside the record."""


@cache
def derivation() -> str:
    """Digest of the sources that outcomes follow from: an index of others is another file."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for pattern in DERIVED_BY:
        for file in sorted(root.glob(pattern)):
            digest.update(f"{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def outcomes_to_bytes(outcomes: Outcomes) -> bytes:
    """A row; the numbers column by column, as tables read them.

    Args:
        outcomes: Of any run.
    """
    content = {
        "manifest": encode(replace(outcomes.manifest, episodes=())),
        "results": outcomes.results,
        "statuses": "\n".join(outcomes.statuses),
        "first_failures": outcomes.first_failures,
        "latency_s": outcomes.latency_s,
        "numbers": outcomes.numbers.astype("<f8").tobytes(order="F"),
    }
    return zlib.compress(msgpack.packb(content), _LEVEL)


def outcomes_from(row: bytes, keys: tuple[str, ...], path: Path) -> Outcomes:
    """The outcomes of a row, the same to the last bit.

    Args:
        row: Of :func:`outcomes_to_bytes`.
        keys: Of the run's episodes.
        path: Where the run is now.

    Raises:
        zlib.error: The row is damaged.
    """
    content = msgpack.unpackb(zlib.decompress(row))
    manifest = read_manifest(path, {MANIFEST: content["manifest"].encode()})
    statuses = tuple(map(sys.intern, content["statuses"].split("\n")))
    columns = np.frombuffer(content["numbers"], "<f8").reshape(len(MEASURES) + len(COUNTS), len(statuses))
    return Outcomes(
        path=path,
        results=content["results"],
        manifest=replace(manifest, episodes=keys),
        numbers=columns.T,
        statuses=statuses,
        first_failures=tuple((key, reason) for key, reason in content["first_failures"]),
        latency_s=content["latency_s"],
    )


def keys_to_bytes(keys: Sequence[str]) -> tuple[str, bytes]:
    """Keys of episodes, and what they are known by.

    Args:
        keys: In order.
    """
    text = "\n".join(keys).encode()
    return hashlib.sha256(text).hexdigest(), zlib.compress(text, _LEVEL)


def keys_from(content: bytes) -> tuple[str, ...]:
    """The keys again.

    Args:
        content: Of :func:`keys_to_bytes`.

    Raises:
        zlib.error: They are damaged.
    """
    return tuple(map(sys.intern, zlib.decompress(content).decode().split("\n")))
