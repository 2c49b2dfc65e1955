"""From which worlds the later episodes of a vector environment are drawn."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scenarios.stock.bank import Comes
from scenarios.stock.building import RandomState, state_of_seed

__all__ = ["DEAL_EVERY", "DEAL_FIRST", "Deck"]

DEAL_FIRST = 32
"""So many worlds are new before one is drawn again."""

DEAL_EVERY = 32
"""From then on every so many draws deal a new world. Building one takes highway-env up to some ten
milliseconds; among so many draws it is less than one for each, from the first thousand draws on."""


class Deck:
    """So many worlds that follow from seeds, dealt bit by bit, drawn at random and put back.

    Attributes:
        size: How many there are when all are dealt.
        comes: How often its worlds are asked for; those that follow from a seed in other processes, too.
    """

    def __init__(self, size: int, seeds: Sequence[int]) -> None:
        """Shuffle.

        Args:
            size: How many worlds; with 0, there are none to be drawn, only random numbers.
            seeds: From which everything follows; none for the machine's entropy.
        """
        self.size = size
        self.comes = (Comes.ALWAYS if seeds else Comes.AGAIN) if size else Comes.ONCE
        self._generator = np.random.default_rng([*seeds] or None)
        self._seeds = self._generator.integers(2**31, size=size)
        self._states: dict[int, RandomState] = {}
        self._dealt, self._drawn = 0, 0

    def lay(self, states: Sequence[RandomState]) -> None:
        """Let worlds that are built already be the next cards, as far as there is room.

        Args:
            states: Of the random numbers before their resets.
        """
        for state in states[: self.size - self._dealt]:
            self._states[self._dealt] = state
            self._dealt += 1

    def draw(self, count: int) -> list[int]:
        """Draw worlds: numbers below ``size``."""
        chances = self._generator.random(count)
        if self._dealt == self.size:
            return self._below(chances * self.size)
        bounds = np.empty(count)
        new: dict[int, int] = {}
        for place in range(count):
            dealing = self._dealt < DEAL_FIRST or self._drawn % DEAL_EVERY == 0
            if dealing and self._dealt < self.size:
                new[place] = self._dealt
                self._dealt += 1
            self._drawn += 1
            bounds[place] = self._dealt
        cards = self._below(chances * bounds)
        for place, card in new.items():
            cards[place] = card
        return cards

    @staticmethod
    def _below(numbers: npt.NDArray[np.float64]) -> list[int]:
        cards: list[int] = numbers.astype(np.int64).tolist()
        return cards

    def draw_seed(self) -> int:
        """A seed for something else than a world of the deck."""
        return int(self._generator.integers(2**31))

    def state(self, card: int) -> RandomState:
        """The random numbers before the reset of a world, as gymnasium makes them from its seed."""
        if card not in self._states:
            self._states[card] = state_of_seed(int(self._seeds[card]))
        return self._states[card]
