"""Digests of canonical episodes of every stock environment, the same on every machine.

More than a thousand episodes: for each id ``SEEDS`` worlds, built through highway-env and taken over with
rounding, driven to the end of their duration by a simple controller that is disturbed by integers of a
generator of our own. A digest covers every float and integer of every entity and the random numbers after
every decision, and the traces within. Initial worlds have digests of their own: they pass through NumPy, so
that a difference there says nothing about stepping.

``drivebench bench --digests`` checks against the table; ``python -m scenarios.stock.digests`` writes it anew,
which is right only after a change that is meant to change what an episode is.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.benchmarks.digests import DigestRow
from drivebench.world import World, WorldBatch
from scenarios.stock.building import Builder, state_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.digest_driver import DigestDriver
from scenarios.stock.families import rules_of
from scenarios.stock.ids import IDS, StockId

__all__ = ["SEEDS", "TABLE", "Digests", "Start", "check", "compared", "drive", "entry_of", "starts", "table"]

SEEDS = range(33)
TABLE = Path(__file__).with_name("digests.json")
"""For each id the digest of all its worlds, the one of all its episodes, and the first digits of each."""
UNBOUNDED_S = 40.0
"""Of an episode whose environment has no end."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """The start of an episode.

    Attributes:
        entry: Which environment.
        seed: Of highway-env's reset, and of the integers that disturb the controller.
        world: Its initial world.
        decisions: How many it has.
    """

    entry: StockId
    seed: int
    world: World
    decisions: int


@dataclass(frozen=True, kw_only=True)
class Digests:
    """What episodes of one id come to.

    Attributes:
        worlds: A digest of each initial world, hexadecimal.
        steps: A digest of each episode.
    """

    worlds: tuple[str, ...]
    steps: tuple[str, ...]


def starts(entry: StockId, seeds: Iterable[int] = SEEDS) -> list[Start]:
    """The starts of episodes of an id in its own configuration.

    Args:
        entry: Which id.
        seeds: Of highway-env's reset.
    """
    config = complete_configuration(entry)
    builder = Builder(entry, config, "canonical")
    duration = float(config.get("duration", UNBOUNDED_S)) * config["policy_frequency"]
    return [
        Start(
            entry=entry,
            seed=seed,
            world=builder.build(state_of(gymnasium.utils.seeding.np_random(seed)[0])).world,
            decisions=entry.max_episode_steps or round(duration),
        )
        for seed in seeds
    ]


def drive(episodes: Sequence[Start], batch_size: int) -> list[str]:
    """A digest of each episode.

    Args:
        episodes: Their starts, of one environment or of several.
        batch_size: How many step together, the last ones with copies of their first; must not matter.
    """
    found: list[str] = []
    for begin in range(0, len(episodes), batch_size):
        part = list(episodes[begin : begin + batch_size])
        filled = part + part[:1] * (batch_size - len(part))
        batch = WorldBatch([start.world for start in filled])
        follows = [not rules_of(start.entry.family).parks for start in filled]
        driver = DigestDriver(batch, [start.seed for start in filled], follows)
        lengths = np.array([start.decisions for start in filled])
        digests = [hashlib.sha256() for _ in part]
        for decision in range(int(lengths.max())):
            active = lengths > decision
            driver.decide(active)
            for slot in np.flatnonzero(active[: len(part)]):
                for state in _state(batch, int(slot)):
                    digests[slot].update(state.tobytes())
        found += [digest.hexdigest() for digest in digests]
    return found


def _state(batch: WorldBatch, slot: int) -> Iterator[npt.NDArray[np.generic]]:
    n = int(batch.entities[slot])
    yield np.ascontiguousarray(batch.entity_float[slot, :, :n])
    yield np.ascontiguousarray(batch.entity_int[slot, :, :n])
    yield batch.random[slot]


def table(entries: Iterable[StockId] | None = None) -> Iterator[tuple[StockId, Digests]]:
    """Drive all episodes of some ids, or of all."""
    for entry in IDS.values() if entries is None else entries:
        episodes = starts(entry)
        steps = drive(episodes, len(episodes))
        yield entry, Digests(worlds=tuple(start.world.digest for start in episodes), steps=tuple(steps))


def check() -> Iterator[DigestRow]:
    """Compare all episodes with the table; registered as ``drivebench.digests``."""
    expected = json.loads(TABLE.read_text())["ids"]
    for entry, digests in table():
        yield compared(entry.name, digests, expected[entry.name])


def compared(name: str, digests: Digests, expected: Mapping[str, str]) -> DigestRow:
    """One id against its entry of the table.

    Args:
        name: The id.
        digests: What was found.
        expected: Its entry: the digest of all worlds and of all episodes, and the first digits of each.
    """
    worlds = dict(zip(SEEDS, expected["each world"].split(), strict=True))
    steps = dict(zip(SEEDS, expected["each episode"].split(), strict=True))
    other_worlds = [s for s, d in zip(SEEDS, digests.worlds, strict=True) if not d.startswith(worlds[s])]
    other_steps = [
        seed
        for seed, digest in zip(SEEDS, digests.steps, strict=True)
        if seed not in other_worlds and not digest.startswith(steps[seed])
    ]
    worlds_same = not other_worlds and _joined(digests.worlds) == expected["worlds"]
    steps_same = not other_steps and (bool(other_worlds) or _joined(digests.steps) == expected["episodes"])
    notes = []
    if not worlds_same:
        notes.append(f"initial worlds of seeds {other_worlds} (they are built through NumPy)")
    if not steps_same:
        notes.append(f"stepping of seeds {other_steps}")
    elif not worlds_same:
        notes.append("stepping is the same from the worlds that are")
    return DigestRow(
        name=name,
        episodes=len(digests.steps),
        worlds_same=worlds_same,
        steps_same=steps_same,
        note="; ".join(notes),
    )


def _joined(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


_DIGITS = 8


def entry_of(digests: Digests) -> dict[str, str]:
    """What the table holds of an id."""
    return {
        "worlds": _joined(digests.worlds),
        "episodes": _joined(digests.steps),
        "each world": " ".join(digest[:_DIGITS] for digest in digests.worlds),
        "each episode": " ".join(digest[:_DIGITS] for digest in digests.steps),
    }


def _write() -> None:
    ids = {}
    for entry, digests in table():
        ids[entry.name] = entry_of(digests)
        sys.stdout.write(f"{entry.name}: {len(digests.steps)} episodes\n")
    TABLE.write_text(json.dumps({"schema": 1, "seeds": len(SEEDS), "ids": ids}, indent=1) + "\n")


if __name__ == "__main__":
    _write()
