"""Named parts of a set of demonstrations: splits by seed, drivers, quality, fractions; whole episodes always.

=================  =========================================================================================
name               the episodes
=================  =========================================================================================
``train``          to learn from: all but the held-out ones
``held-out``       to measure on: those of every eighth place (scenario and seed) in the order of collection
a driver's name    of that driver, style or person: ``expert``, ``cautious``, ``ada``
a scenario's id    of that scenario: ``merge-v1``
``condition:NAME`` under that condition: ``condition:fog``
``success``        in which everything was done that the scenario asks for
``better``         the third with the highest score of their scenario; ``okay`` and ``worse`` are the others
``10%``            of a tenth of the training places of each scenario, one at least; any whole percentage
=================  =========================================================================================

Several names mean what is in all of them. All but the fraction are decided in the whole set, the fraction
last, among what the others leave: ``expert`` and ``10%`` is a tenth of the expert's. Places are drawn in the
order of a hash, so that a smaller fraction lies inside a larger one, and ``held-out`` is the same for every
fraction. Episodes on one place, by several drivers or under several conditions, share the road and the
traffic: they are held out together, or learnt from together.

Thirds by score are the ``better``, ``okay`` and ``worse`` of robomimic's multi-human sets (A. Mandlekar et
al., What Matters in Learning from Offline Human Demonstrations, CoRL 2021, arXiv:2108.03298), where they are
groups of operators; here the score decides, and the data set's card states its bounds.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from drivebench.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from drivebench.demonstrations.record import Demonstration, Demonstrations

__all__ = ["HELD_OUT", "QUALITIES", "SUCCESS", "TRAINING", "choose", "names_in", "qualities", "to_learn_from"]

TRAINING, HELD_OUT, SUCCESS = "train", "held-out", "success"
QUALITIES = ("better", "okay", "worse")
CONDITION = "condition:"

HELD_OUT_EVERY = 8
"""One place of so many is held out: the last of each group, in the order of collection."""

_FRACTION = re.compile(r"([1-9][0-9]?|100)%")
_SCENARIO = re.compile(r".+-v[0-9]+")


def names_in(episodes: "Sequence[Demonstration]") -> tuple[str, ...]:
    """All names that mean something in a set, other than fractions."""
    scenarios = sorted({episode.scenario for episode in episodes})
    conditions = sorted({f"{CONDITION}{episode.condition}" for episode in episodes})
    drivers = sorted({episode.driver for episode in episodes})
    return (TRAINING, HELD_OUT, *drivers, *scenarios, *conditions, SUCCESS, *QUALITIES)


def choose(episodes: "Sequence[Demonstration]", names: Sequence[str]) -> "tuple[Demonstration, ...]":
    """The episodes that all of some names mean, in their order.

    Args:
        episodes: The whole set.
        names: At least one.

    Raises:
        UnknownNameError: No such subset; suggests the nearest.
        DataError: Nothing is left.
    """
    fractions = [int(found[1]) for name in names if (found := _FRACTION.fullmatch(name))]
    plain = [name for name in names if not _FRACTION.fullmatch(name)]
    known = names_in(episodes)
    for name in plain:
        if name not in known:
            raise UnknownNameError("subset", name, (*known, "1%", "10%", "50%"))
    held_out = _held_out(episodes)
    if fractions:
        plain.append(TRAINING)
    quality = qualities(episodes) if any(name in QUALITIES for name in plain) else ["" for _ in episodes]

    def belongs(episode: "Demonstration", third: str, name: str) -> bool:
        if name in {TRAINING, HELD_OUT}:
            return (episode.place in held_out) == (name == HELD_OUT)
        if name == SUCCESS:
            return episode.success
        if name in QUALITIES:
            return third == name
        return name in {episode.driver, episode.scenario, f"{CONDITION}{episode.condition}"}

    chosen = [
        episode
        for episode, third in zip(episodes, quality, strict=True)
        if all(belongs(episode, third, name) for name in plain)
    ]
    if fractions:
        places = _first_places(chosen, min(fractions))
        chosen = [episode for episode in chosen if episode.place in places]
    if not chosen:
        raise DataError(
            f"of {len(episodes)} demonstrations, none is in all of the subsets {', '.join(names)}; "
            "collect two or more places, or leave a name out"
        )
    return tuple(chosen)


def to_learn_from(
    demonstrations: "Demonstrations", names: Sequence[str] = ()
) -> "tuple[Demonstrations, Demonstrations]":
    """Training and held-out episodes of a subset.

    A fraction thins out the training episodes only, so that learners on 1 % and on 10 % are measured alike.

    Args:
        demonstrations: The whole set.
        names: Of subsets; none for everything.

    Raises:
        UnknownNameError: No such subset; suggests the nearest.
        DataError: One of the two is empty.
    """
    rest = [name for name in names if not _FRACTION.fullmatch(name)]
    return demonstrations.subset(TRAINING, *names), demonstrations.subset(HELD_OUT, *rest)


def qualities(episodes: "Sequence[Demonstration]") -> list[str]:
    """The third that each episode belongs to by its score, among all episodes of its scenario.

    Of equal scores the one whose place and driver hash lower counts as the better.
    """
    third = [""] * len(episodes)
    by_scenario: defaultdict[str, list[int]] = defaultdict(list)
    for number, episode in enumerate(episodes):
        by_scenario[episode.scenario].append(number)
    for numbers in by_scenario.values():
        ranked = sorted(numbers, key=lambda number: _rank(episodes[number]))
        for rank, number in enumerate(ranked):
            third[number] = QUALITIES[rank * len(QUALITIES) // len(ranked)]
    return third


def refuse_ambiguous(drivers: Iterable[str]) -> None:
    """Refuse drivers whose names are empty or mean another subset.

    Raises:
        DataError: The first such name.
    """
    for driver in drivers:
        taken = driver in {TRAINING, HELD_OUT, SUCCESS, *QUALITIES} or driver.startswith(CONDITION)
        if not driver or taken or _FRACTION.fullmatch(driver) or _SCENARIO.fullmatch(driver):
            raise DataError(
                f"a driver is called {driver!r}, which means another subset or nothing; expected a name of "
                "its own, such as 'expert' or 'ada'"
            )


def _held_out(episodes: "Sequence[Demonstration]") -> set[tuple[str, int]]:
    places = list(dict.fromkeys(episode.place for episode in episodes))
    every = min(HELD_OUT_EVERY, len(places))
    return set(places[every - 1 :: every])


def _first_places(episodes: "Iterable[Demonstration]", percent: int) -> set[tuple[str, int]]:
    """So many of a hundred places of each scenario, rounded up, in the order of their hashes."""
    by_scenario: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for episode in episodes:
        by_scenario[episode.scenario].add(episode.place)
    first: set[tuple[str, int]] = set()
    for places in by_scenario.values():
        count = -(-len(places) * percent // 100)
        first.update(sorted(places, key=lambda place: _hash(*place))[:count])
    return first


def _rank(episode: "Demonstration") -> tuple[float, bytes]:
    return -episode.score, _hash(*episode.place, episode.condition, episode.driver)


def _hash(*names: object) -> bytes:
    return hashlib.sha256("/".join(map(str, names)).encode()).digest()
