"""Worlds that were built before: highway-env's reset takes milliseconds, a world from here does not."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Literal

from scenarios.stock.building import Builder, Built, RandomState
from scenarios.stock.configuration import digest_of
from scenarios.stock.ids import StockId

__all__ = ["Bank", "bank_of"]

LARGEST = 8192
"""Worlds that one bank keeps; a world of 51 vehicles takes about 20 kB."""


class Bank:
    """The worlds of one environment in one configuration, by the state of the random numbers before them.

    The same state gives the same world, built anew or kept. Beyond ``LARGEST`` worlds those go that were not
    asked for the longest.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._kept: OrderedDict[RandomState, Built] = OrderedDict()
        self._lock = threading.Lock()

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
                if len(self._kept) > LARGEST:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(state)
            return built


_BANKS: dict[tuple[str, str], Bank] = {}


def bank_of(entry: StockId, config: Mapping[str, Any], numerics: Literal["canonical", "parity"]) -> Bank:
    """The bank of an environment; the same for all environments of the process that are configured alike.

    Args:
        entry: Which environment.
        config: Its complete configuration.
        numerics: In which its worlds are stepped.
    """
    key = digest_of(entry, config), numerics
    if key not in _BANKS:
        _BANKS[key] = Bank(Builder(entry, config, numerics))
    return _BANKS[key]
