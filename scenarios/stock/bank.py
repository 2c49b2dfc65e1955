"""Worlds that were built before: highway-env's reset takes milliseconds, a world from here does not."""

import atexit
import contextlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from scenarios.stock.bank_file import bank_path, read_bank, write_bank
from scenarios.stock.building import Builder, Built, RandomState
from scenarios.stock.configuration import digest_of
from scenarios.stock.ids import StockId

__all__ = ["Bank", "bank_of"]

LARGEST = 4096
"""Worlds that one bank keeps; a world of 51 vehicles takes about 20 kB."""

MOST_BANKS = 8
"""Banks that a process keeps; beyond, those go that were not asked for the longest."""

WORTH_WRITING = 32
"""New worlds for which a file is written anew."""


class Bank:
    """The worlds of one environment in one configuration, by the state of the random numbers before them.

    The same state gives the same world, built anew or kept. Beyond ``LARGEST`` worlds those go that were not
    asked for the longest.
    """

    def __init__(self, builder: Builder, path: Path) -> None:
        self._builder, self._path = builder, path
        self._kept: OrderedDict[RandomState, Built] = OrderedDict()
        self._lock = threading.Lock()
        self._read, self._new = False, 0

    def use_file(self) -> None:
        """Read the worlds that an earlier process has built, and write this one's down when it ends."""
        with self._lock:
            if self._read or not self.one_network:
                return
            self._read = True
            for state, built in read_bank(self._path).items():
                self._kept.setdefault(state, built)
            atexit.register(self.write)

    def write(self) -> None:
        """Write the worlds down if there are new ones; a folder that cannot be written to is left alone."""
        with self._lock:
            if self._new >= WORTH_WRITING:
                with contextlib.suppress(OSError):
                    write_bank(self._path, self._kept)
                    self._new = 0

    @property
    def one_network(self) -> bool:
        """Whether all worlds are on the same roads."""
        return self._builder.one_network

    def __len__(self) -> int:
        return len(self._kept)

    def world(self, state: RandomState) -> Built:
        """The world of a state.

        Args:
            state: Of the random numbers before the reset.

        Raises:
            ConfigurationError: It cannot be built.
        """
        with self._lock:
            built = self._kept.get(state)
            if built is None:
                built = self._kept[state] = self._builder.build(state)
                self._new += 1
                if len(self._kept) > LARGEST:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(state)
            return built


_BANKS: OrderedDict[tuple[str, str], Bank] = OrderedDict()


def bank_of(entry: StockId, config: Mapping[str, Any], numerics: Literal["canonical", "parity"]) -> Bank:
    """The bank of an environment; the same for all environments of the process that are configured alike.

    Args:
        entry: Which environment.
        config: Its complete configuration.
        numerics: In which its worlds are stepped.
    """
    key = digest_of(entry, config), numerics
    if key not in _BANKS:
        _BANKS[key] = Bank(Builder(entry, config, numerics), bank_path(*key))
        if len(_BANKS) > MOST_BANKS:
            _BANKS.popitem(last=False)
    _BANKS.move_to_end(key)
    return _BANKS[key]
