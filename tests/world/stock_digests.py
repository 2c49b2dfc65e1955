"""Prints digests of canonical episodes of every stock id; ``test_digests.py`` runs it elsewhere."""

import json
import sys

from scenarios.stock.digests import Start, drive, starts
from scenarios.stock.ids import IDS

SEEDS = (0, 1)


def all_starts() -> list[Start]:
    """A few episodes of each id, mixed so that neighbours in a batch are of different ids."""
    episodes = [start for entry in IDS.values() for start in starts(entry, SEEDS)]
    return episodes[:: len(SEEDS)] + episodes[1 :: len(SEEDS)]


def digests(episodes: list[Start], batch_size: int) -> dict[str, str]:
    """Digest of each episode by id and seed."""
    names = [f"{start.entry.name} {start.seed}" for start in episodes]
    return dict(zip(names, drive(episodes, batch_size), strict=True))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(all_starts(), 64)))
