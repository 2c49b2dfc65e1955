"""Prints the digest of canonical episodes; run by ``test_determinism.py`` in other surroundings."""

import hashlib
import json
import sys

import numpy as np
from invented_worlds import assorted

from drivebench.world import WorldBatch, quantise

WORLDS = 18
DECISIONS = 40


def digests(batch_size: int, order: list[int]) -> list[str]:
    """One digest per world, in the worlds' own order."""
    worlds = assorted(WORLDS)
    found = [""] * WORLDS
    for begin in range(0, WORLDS, batch_size):
        places = [order[k] for k in range(begin, min(begin + batch_size, WORLDS))]
        filled = places + [places[0]] * (batch_size - len(places))
        batch = WorldBatch([worlds[k] for k in filled])
        episodes = [hashlib.sha256() for _ in places]
        for decision in range(DECISIONS):
            rng = [np.random.default_rng([k, decision]) for k in filled]
            batch.step(quantise(np.stack([g.uniform(-0.3, 0.3, 2) for g in rng])))
            for slot, episode in enumerate(episodes):
                n = int(batch.entities[slot])
                episode.update(np.ascontiguousarray(batch.entity_float[slot, :, :n]).tobytes())
                episode.update(np.ascontiguousarray(batch.entity_int[slot, :, :n]).tobytes())
                episode.update(np.ascontiguousarray(batch.trace[slot, :, :n]).tobytes())
        for k, episode in zip(places, episodes, strict=True):
            found[k] = episode.hexdigest()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(64, list(range(WORLDS)))))
