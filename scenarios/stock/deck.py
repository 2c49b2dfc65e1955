"""From which worlds the later episodes of a vector environment are drawn."""

from collections.abc import Sequence

import numpy as np

from scenarios.stock.building import RandomState, state_of_seed

__all__ = ["Deck"]


class Deck:
    """So many worlds that follow from seeds, drawn at random and put back.

    Attributes:
        size: How many.
    """

    def __init__(self, size: int, seeds: Sequence[int]) -> None:
        """Shuffle.

        Args:
            size: How many worlds; with 0, there are none to be drawn, only random numbers.
            seeds: From which everything follows; none for the machine's entropy.
        """
        self.size = size
        self._generator = np.random.default_rng([*seeds] or None)
        self._seeds = self._generator.integers(2**31, size=size)
        self._states: dict[int, RandomState] = {}

    def draw(self, count: int) -> list[int]:
        """Draw worlds: numbers below ``size``."""
        drawn: list[int] = self._generator.integers(self.size, size=count).tolist()
        return drawn

    def draw_seed(self) -> int:
        """A seed for something else than a world of the deck."""
        return int(self._generator.integers(2**31))

    def state(self, card: int) -> RandomState:
        """The random numbers before the reset of a world, as gymnasium makes them from its seed."""
        if card not in self._states:
            self._states[card] = state_of_seed(int(self._seeds[card]))
        return self._states[card]
