"""Prints digests of canonical episodes of every stock id, and of worlds that no stock id has.

``test_digests.py`` runs it elsewhere.
"""

import json
import sys

from invented_worlds import assorted

from scenarios.stock.digests import Start, drive, starts
from scenarios.stock.ids import IDS, StockId

SEEDS = (0, 1)
INVENTED = 18
INVENTED_DECISIONS = 40


def invented_starts() -> list[Start]:
    """Episodes on polylines, crossings with obstacles and more, in a batch with those of the stock ids."""
    entry = StockId(name="invented", cls="", family="highway")
    return [
        Start(entry=entry, seed=seed, world=world, decisions=INVENTED_DECISIONS)
        for seed, world in enumerate(assorted(INVENTED))
    ]


def all_starts() -> list[Start]:
    """A few episodes of each id and the others, mixed so that neighbours in a batch differ."""
    episodes = [start for entry in IDS.values() for start in starts(entry, SEEDS)]
    return episodes[:: len(SEEDS)] + invented_starts() + episodes[1 :: len(SEEDS)]


def digests(episodes: list[Start], batch_size: int) -> dict[str, str]:
    """Digest of each episode by id and seed."""
    names = [f"{start.entry.name} {start.seed}" for start in episodes]
    return dict(zip(names, drive(episodes, batch_size), strict=True))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(all_starts(), 64)))
