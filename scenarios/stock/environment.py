"""highway-env's environments on the compiled world, one episode at a time.

>>> import drivebench, gymnasium                                                      # doctest: +SKIP
>>> env = gymnasium.make("drivebench/stock-highway-fast-v0", config={"lanes_count": 4})  # doctest: +SKIP

``gymnasium.make("highway-fast-v0", ...)`` and this give the same observations, rewards, ends of episodes and
information, in the same order of random numbers: episode after episode from one seed. What differs, and what
highway-env raises on, is listed in ``docs/stock.md``.
"""

import copy
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock import information
from scenarios.stock.building import RandomState, generator_in, state_of, state_of_seed
from scenarios.stock.configuration import complete_configuration, digest_of
from scenarios.stock.episodes import Episodes, Numerics, rows_of

__all__ = ["RENDER_MODES", "StockEnv", "check_render_mode"]

RENDER_MODES = ("rgb_array",)
_ONLY = np.zeros(1, dtype=np.int64)


def check_render_mode(render_mode: str | None) -> str | None:
    """The mode, if there is such a one.

    Raises:
        UnknownNameError: There is not.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise UnknownNameError("render mode", render_mode, RENDER_MODES)
    return render_mode


class StockEnv(gymnasium.Env[Any, Any]):
    """One of highway-env's environments.

    Attributes:
        config: The complete configuration. What is written to it holds from the next reset on.
        episodes: The world, for those who want to look inside.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 2}  # noqa: RUF012 (gymnasium's convention)

    def __init__(
        self,
        stock_id: str,
        *,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
        numerics: Numerics = "parity",
    ) -> None:
        """Make an environment.

        Args:
            stock_id: highway-env's id.
            config: What differs from its default configuration; tables replace the default ones as a whole.
            render_mode: ``rgb_array`` for the view from above.
            numerics: ``parity`` for the bits of highway-env on this machine, ``canonical`` for bits that are
                the same on every machine.

        Raises:
            UnknownNameError: No such id, key of the configuration, or mode; suggests the nearest.
            ConfigurationError: A setting that cannot be, or whose effect drivebench does not have.
        """
        self.episodes = Episodes(stock_id, config, numerics, 1)
        self.render_mode = check_render_mode(render_mode)
        self.config: dict[str, Any] = {}
        self._lent: RandomState | None = None
        self._ahead = False
        self._show_configuration()

    def _show_configuration(self) -> None:
        """Let the attributes say what the episodes are configured for."""
        used = self.episodes.config
        self.config.update(copy.deepcopy(used))
        self._digest = digest_of(self.episodes.entry, used)
        self.metadata = {**type(self).metadata, "render_fps": self.episodes.frames_hz}
        self.observation_space, self.action_space = self.episodes.space, self.episodes.actions.space

    def configure(self, config: Mapping[str, Any] | None) -> None:
        """Change the configuration from the next reset on.

        Args:
            config: What to change; tables replace those of before as a whole. None for nothing.

        Raises:
            UnknownNameError, ConfigurationError: As in the constructor; nothing is changed then.
        """
        if config is None:
            return
        if not isinstance(config, Mapping):
            raise ConfigurationError(f"config={config!r}; expected a table, or None")
        self.config.update(complete_configuration(self.episodes.entry, {**self.config, **config}))

    @property
    def np_random(self) -> np.random.Generator:
        """The random numbers, where they stand now; they are shared by resets and what is drawn in between.

        What is drawn from it counts if it is read anew after each step. At the intersection, whose traffic
        draws in every step, a generator that is set counts from the next reset on.
        """
        self._catch_up()
        generator = super().np_random
        self._lent = state_of(generator)
        return generator

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        bits = getattr(value, "bit_generator", value)
        if type(bits) is not np.random.PCG64:
            name = type(bits).__name__
            raise ConfigurationError(
                f"np_random is {name}; expected a numpy Generator on PCG64, as gymnasium makes them, for the "
                "compiled world draws on from its state"
            )
        self._np_random, self._np_random_seed, self._lent = value, -1, None
        self._ahead = not self.episodes.go_on_from(0, state_of(value))

    def _catch_up(self) -> None:
        """Move the generator to where the world's random numbers stand, or the world to where a user has."""
        generator = self._np_random
        if generator is None:
            return
        lent, self._lent = self._lent, None
        if lent is not None and (drawn := state_of(generator)) != lent:
            self._ahead = not self.episodes.go_on_from(0, drawn)
        elif self.episodes.batch is not None and not self._ahead:
            state = self.episodes.random_after(0)
            if state is not None:
                generator.bit_generator.state = generator_in(state).bit_generator.state

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Of the random numbers; None to go on with them, as highway-env does.
            options: ``config``: what to change in the configuration from now on.

        Raises:
            UnknownNameError: Another option, or an unknown key of the configuration.
            ConfigurationError: The seed is no whole number, or the world cannot be built.
        """
        for name in options or {}:
            if name != "config":
                raise UnknownNameError("reset option", str(name), ["config"])
        given = None if seed is None else generator_in(state_of_seed(seed))
        self.configure((options or {}).get("config"))
        if given is not None and seed is not None:
            self._np_random, self._np_random_seed = given, int(seed)
        else:
            self._catch_up()
        generator = super().np_random
        entry = self.episodes.entry
        if digest_of(entry, self.config) != self._digest:
            self.episodes.configure(complete_configuration(entry, self.config))
            self._show_configuration()
        if seed is not None:
            self.episodes.seed_samples(int(seed))
        after = self.episodes.begin([0], [state_of(generator)])[0]
        generator.bit_generator.state = generator_in(after).bit_generator.state
        self._lent, self._ahead = None, False
        actions, verdict = self.episodes.open([0])
        info = information.one(self.episodes, verdict, 0, rows_of(actions, 0), reset=True)
        return self._observe(), info

    def step(self, action: Any) -> tuple[Any, Any, Any, bool, dict[str, Any]]:
        """Take one decision.

        Args:
            action: Of ``action_space``.

        Raises:
            ActionError: Another shape or type, or a number that is not finite.
            ConfigurationError: There was no reset.
        """
        episodes = self.episodes
        episodes.running()
        actions = episodes.actions.read(_batch_of_one(action), 1)
        if self._lent is not None:
            self._catch_up()
        step = episodes.decide(actions)
        verdict, truncated = step.verdict, bool(step.truncated[0])
        info = information.one(episodes, verdict, 0, action, reset=False)
        if episodes.entry.agents_apart:
            return self._observe(), info["agents_rewards"], info["agents_terminated"], truncated, info
        return self._observe(), float(verdict.reward[0]), bool(verdict.terminated[0]), truncated, info

    def render(self) -> NDArray[np.uint8] | None:
        """The view from above, ``u1[H, W, 3]``, in mode ``rgb_array``."""
        return self.episodes.picture(0) if self.render_mode else None

    def _observe(self) -> Any:
        return rows_of(self.episodes.observe(_ONLY), 0)


def _batch_of_one(action: Any) -> Any:
    """An action with a batch axis."""
    if isinstance(action, tuple):
        return tuple(np.asarray(each)[None] for each in action)
    return np.asarray(action)[None]
