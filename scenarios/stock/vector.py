"""highway-env's environments on the compiled world, many that step together.

>>> import drivebench, gymnasium                                                       # doctest: +SKIP
>>> envs = gymnasium.make_vec("drivebench/stock-highway-fast-v0", num_envs=64)         # doctest: +SKIP

``reset(seed=s)`` gives environment k the world of seed s + k, as gymnasium's ``SyncVectorEnv`` over stock
environments does. Later episodes come from a deck of worlds: with ``bank=1024``, from up to 1,024 that follow
from the seed, those of the first episodes among them. The first 32 are new, then every 32nd draw builds a new
one, until there are 1,024; the others are drawn again at random: a reset costs less than a millisecond on
average, and some tens of microseconds in the end. ``bank=0`` builds every world anew, in stock's order of
random numbers and at stock's price.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock import information
from scenarios.stock.building import RandomState, state_of_seed
from scenarios.stock.configuration import FixedConfiguration
from scenarios.stock.deck import Deck
from scenarios.stock.environment import RENDER_MODES, check_render_mode
from scenarios.stock.episodes import Episodes, Numerics, rows_of
from scenarios.stock.rewards import Verdict

__all__ = ["BANK", "StockVectorEnv"]

BANK = 1024
"""Worlds from which later episodes are drawn."""

Info = dict[str, Any]
Flags = NDArray[np.bool_]


class _Seed(NamedTuple):
    """A seed, and the random numbers that gymnasium makes from it."""

    number: int
    state: RandomState

    @classmethod
    def of(cls, seed: Any) -> "_Seed":
        """Check a seed."""
        state = state_of_seed(seed)
        return cls(int(seed), state)


class StockVectorEnv(gymnasium.vector.VectorEnv[Any, Any, NDArray[Any]]):
    """Many of one of highway-env's environments.

    Where highway-env has rewards and ends of each agent (its ``MultiAgentWrapper``), rewards and terminations
    have an axis for the agents; ``autoreset`` then waits for the end of all.

    Attributes:
        episodes: The worlds, for those who want to look inside.
    """

    def __init__(
        self,
        stock_id: str,
        *,
        num_envs: int = 1,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
        numerics: Numerics = "parity",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        bank: int = BANK,
    ) -> None:
        """Make a vector environment.

        Args:
            stock_id: highway-env's id.
            num_envs: How many episodes.
            config: As in :class:`StockEnv`.
            render_mode: As in :class:`StockEnv`.
            numerics: As in :class:`StockEnv`.
            autoreset_mode: One of gymnasium's three; see https://farama.org/Vector-Autoreset-Mode.
            max_episode_steps: After how many steps episodes are truncated; gymnasium passes the id's.
            bank: From how many worlds later episodes are drawn; 0 for stock's own order of worlds.

        Raises:
            UnknownNameError: No such id, key of the configuration, or mode; suggests the nearest.
            ConfigurationError: A setting that cannot be.
        """
        if num_envs < 1 or bank < 0 or (max_episode_steps is not None and max_episode_steps < 1):
            raise ConfigurationError(
                f"num_envs={num_envs}, bank={bank}, max_episode_steps={max_episode_steps}; expected at least "
                "one environment, no negative bank, and None or at least one step"
            )
        self.episodes = Episodes(stock_id, config, numerics, num_envs)
        self.num_envs = num_envs
        self.single_observation_space = self.episodes.space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = self.episodes.actions.space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.render_mode = check_render_mode(render_mode)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = [mode.value for mode in AutoresetMode]
            raise UnknownNameError("autoreset mode", str(autoreset_mode), modes) from None
        self.metadata = {
            "render_modes": list(RENDER_MODES),
            "render_fps": self.episodes.frames_hz,
            "autoreset_mode": self.autoreset_mode,
        }
        self._last_step = max_episode_steps
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._ended = np.zeros(num_envs, dtype=np.bool_)
        self._everyone = np.arange(num_envs)
        self._all = np.ones(num_envs, dtype=np.bool_)
        self._bank = bank
        if bank:
            self.episodes.bank.use_file()
        self._deck: Deck | None = None
        self._chain: list[RandomState | None] = [None] * num_envs

    @property
    def config(self) -> FixedConfiguration:
        """The complete configuration, to be read."""
        return FixedConfiguration(self.episodes.config)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, Info]:
        """Begin episodes in all environments, or in those that a mask names.

        Args:
            seed: Of the first environment, the others count on from it; or one for each.
            options: ``reset_mask``, ``bool[num_envs]``: which to reset, as in ``SyncVectorEnv``.

        Raises:
            UnknownNameError: Another option; suggests the nearest.
            ConfigurationError: Not one seed and one entry of the mask for each environment, or a seed that is
                no whole number.
        """
        for name in options or {}:
            if name != "reset_mask":
                raise UnknownNameError("reset option", str(name), ["reset_mask"])
        seeds = self._seeds_of_all(seed)
        mask = np.asarray((options or {}).get("reset_mask", self._all))
        if len(seeds) != self.num_envs or mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise ConfigurationError(
                f"{len(seeds)} seeds and a reset mask of shape {mask.shape} and type {mask.dtype}; expected "
                f"one seed and one bool for each of {self.num_envs} environments"
            )
        if not mask.any():
            raise ConfigurationError("a reset mask that names no environment; expected one at least")
        slots = np.flatnonzero(mask).tolist()
        asked = [seeds[slot] for slot in slots]
        given = [each.number for each in asked if each is not None]
        if given or self._deck is None:
            self._deck = Deck(self._bank, given)
            self.episodes.seed_samples(self._deck.draw_seed())
        fresh = self.episodes.batch is None or len(given) > 0
        self._begin(slots, self._deck, asked if fresh else None)
        self._ended[mask] = False
        actions, verdict = self.episodes.open(slots)
        info = information.vector(self.episodes, verdict, actions, mask, np.zeros_like(mask))
        return self.episodes.observe(self._everyone), info

    def step(self, actions: Any) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], Info]:
        """Take one decision in each environment.

        Args:
            actions: Of ``action_space``.

        Raises:
            ActionError: Another shape or type, or a number that is not finite.
            ConfigurationError: There was no reset, or an environment has ended and resets are the caller's.
        """
        episodes, deck = self.episodes, self._deck
        if deck is None:
            raise ConfigurationError("no episode was begun; call reset() before anything else")
        again = np.flatnonzero(self._ended).tolist() if self._ended.any() else []
        if again and self.autoreset_mode is AutoresetMode.DISABLED:
            raise ConfigurationError(
                f"environments {again} have ended; reset them with options={{'reset_mask': ...}} before the "
                "next step, or choose another autoreset mode"
            )
        read = episodes.actions.read(actions, self.num_envs)
        stepped = ~self._ended
        step = episodes.decide(read, stepped if again else None)
        verdict, truncations = step.verdict, step.truncated
        self._steps += stepped
        apart = episodes.entry.agents_apart
        rewards = (verdict.agent_reward if apart else verdict.reward).copy()
        terminations = (verdict.agent_terminated if apart else verdict.terminated).copy()
        if self._last_step is not None:
            truncations = truncations | (self._steps >= self._last_step)
        if again:
            rewards[again], terminations[again], truncations[again] = 0.0, False, False
        ended = (terminations.all(axis=1) if apart else terminations) | truncations
        told: Info = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            again = np.flatnonzero(ended).tolist()
            told = self._last_words(read, verdict, again)
            stepped = ~ended
        else:
            self._ended = ended
        if again:
            self._begin(again, deck)
            read, verdict = episodes.open(again, read)
        told |= information.vector(episodes, verdict, read, self._all, stepped)
        return episodes.observe(self._everyone), rewards, terminations, truncations, told

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """One view from above for each environment, ``u1[H, W, 3]``, in mode ``rgb_array``."""
        return tuple(map(self.episodes.picture, range(self.num_envs))) if self.render_mode else None

    def _seeds_of_all(self, seed: Any) -> list["_Seed | None"]:
        """Seeds as a list, checked."""
        if isinstance(seed, list | tuple | np.ndarray):
            return [None if each is None else _Seed.of(each) for each in seed]
        if seed is None:
            return [None] * self.num_envs
        first = _Seed.of(seed)
        return [first, *(_Seed.of(first.number + slot) for slot in range(1, self.num_envs))]

    def _begin(self, slots: list[int], deck: Deck, seeds: Sequence["_Seed | None"] | None = None) -> None:
        """Begin episodes: of given seeds; else from the deck; else where the slot's random numbers stand."""
        self._steps[slots] = 0
        if seeds is None and deck.size:
            self.episodes.begin_again(slots, deck.draw(len(slots)), deck)
            return
        states = []
        for slot, seed in zip(slots, seeds or [None] * len(slots), strict=True):
            chain = self._chain[slot]
            if seed is not None:
                states.append(seed.state)
            elif chain is None:
                states.append(state_of_seed(deck.draw_seed()))
            else:
                states.append(self.episodes.random_after(slot) or chain)
        deck.lay(states)
        for slot, after in zip(slots, self.episodes.begin(slots, states, deck.comes), strict=True):
            self._chain[slot] = after

    def _last_words(self, actions: Any, verdict: Verdict, ended: list[int]) -> Info:
        """The last observations and information of episodes."""
        told: Info = {}
        if ended:
            last = self.episodes.observe(np.array(ended))
            for row, slot in enumerate(ended):
                final = information.one(self.episodes, verdict, slot, rows_of(actions, slot), reset=False)
                told = self._add_info(told, {"final_obs": rows_of(last, row), "final_info": final}, slot)
        return told
