"""Worlds that were built before: highway-env's reset takes milliseconds, a world from here does not."""

import atexit
import contextlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal

from scenarios.stock.bank_file import bank_path, read_bank, write_bank
from scenarios.stock.building import Builder, Built, RandomState
from scenarios.stock.configuration import digest_of
from scenarios.stock.ids import StockId

__all__ = ["Bank", "Comes", "bank_of"]

LARGEST = 4096
"""Worlds that one bank keeps for decks; a world of 51 vehicles takes about 20 kB."""

RECENT = 64
"""Worlds that one bank keeps beside them: those of episodes that follow one from another and hardly recur."""

MOST_BANKS = 8
"""Banks that a process keeps; beyond, those go that were not asked for the longest."""

WORTH_WRITING = 32
"""New worlds for which a file is written anew."""


class Comes(IntEnum):
    """How often a world is asked for."""

    ONCE = 0
    """Hardly again: a single environment's."""
    AGAIN = 1
    """Again in this process: a deck's."""
    ALWAYS = 2
    """In other processes, too: that of a deck that follows from a seed."""


class Bank:
    """The worlds of one environment in one configuration, by the state of the random numbers before them.

    The same state gives the same world, built anew or kept. Beyond ``LARGEST`` worlds of decks and ``RECENT``
    others those go that were not asked for the longest.
    """

    def __init__(self, builder: Builder, path: Path) -> None:
        self._builder, self._path = builder, path
        self._kept: OrderedDict[RandomState, Built] = OrderedDict()
        self._recent: OrderedDict[RandomState, Built] = OrderedDict()
        self._lasting: set[RandomState] = set()
        self._lock = threading.Lock()
        self._has_file, self._new = False, 0
        _ALIVE.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process: the bank of the same environment there."""
        builder = self._builder
        return _bank_again, (builder.entry, builder.config, builder.numerics, self._has_file)

    def use_file(self) -> None:
        """Read the worlds that an earlier process has built, and write this one's down when it ends."""
        with self._lock:
            if self._has_file or not self.one_network:
                return
            self._has_file = True
            for state, built in read_bank(self._path).items():
                self._kept.setdefault(state, built)
                self._lasting.add(state)

    def write(self) -> None:
        """Write the worlds down if there are new ones; a folder that cannot be written to is left alone.

        Those that another process has written since are kept, as far as there is room.
        """
        with self._lock:
            if self._new < WORTH_WRITING or not self._has_file:
                return
            mine = {state: built for state, built in self._kept.items() if state in self._lasting}
            worlds = {state: built for state, built in read_bank(self._path).items() if state not in mine}
            worlds |= mine
            with contextlib.suppress(OSError):
                write_bank(self._path, dict([*worlds.items()][-LARGEST:]))
                self._new = 0

    @property
    def one_network(self) -> bool:
        """Whether all worlds are on the same roads."""
        return self._builder.one_network

    def __len__(self) -> int:
        return len(self._kept) + len(self._recent)

    def world(self, state: RandomState, comes: Comes = Comes.ONCE) -> Built:
        """The world of a state.

        Args:
            state: Of the random numbers before the reset.
            comes: How often it will be asked for.

        Raises:
            ConfigurationError: It cannot be built.
        """
        with self._lock:
            built = self._kept.get(state) or self._recent.get(state) or self._builder.build(state)
            if comes is Comes.ONCE and state not in self._kept:
                _put(self._recent, state, built, RECENT)
                return built
            self._recent.pop(state, None)
            self._lasting.difference_update(_put(self._kept, state, built, LARGEST))
            if comes is Comes.ALWAYS and state not in self._lasting:
                self._lasting.add(state)
                self._new += 1
            return built


def _put(
    worlds: OrderedDict[RandomState, Built], state: RandomState, built: Built, most: int
) -> set[RandomState]:
    """Put a world last; those that have to go for it."""
    worlds[state] = built
    worlds.move_to_end(state)
    return {worlds.popitem(last=False)[0] for _ in range(len(worlds) - most)}


_BANKS: OrderedDict[tuple[str, str], Bank] = OrderedDict()
_BANKS_LOCK = threading.Lock()
_ALIVE: weakref.WeakSet[Bank] = weakref.WeakSet()


@atexit.register
def _write_all() -> None:
    """Write down what is still there when the process ends, evicted banks that are in use included."""
    for bank in [*_ALIVE]:
        bank.write()


def bank_of(entry: StockId, config: Mapping[str, Any], numerics: Literal["canonical", "parity"]) -> Bank:
    """The bank of an environment; the same for all environments of the process that are configured alike.

    Args:
        entry: Which environment.
        config: Its complete configuration.
        numerics: In which its worlds are stepped.
    """
    key = digest_of(entry, config), numerics
    evicted = None
    with _BANKS_LOCK:
        bank = _BANKS.get(key)
        if bank is None:
            bank = _BANKS[key] = Bank(Builder(entry, config, numerics), bank_path(*key))
            if len(_BANKS) > MOST_BANKS:
                _, evicted = _BANKS.popitem(last=False)
        _BANKS.move_to_end(key)
    if evicted is not None:
        evicted.write()
    return bank


def _bank_again(
    entry: StockId, config: Mapping[str, Any], numerics: Literal["canonical", "parity"], has_file: bool
) -> Bank:
    bank = bank_of(entry, config, numerics)
    if has_file:
        bank.use_file()
    return bank
