"""highway-env's environments on the compiled world, one episode at a time.

>>> import drivebench, gymnasium                                                      # doctest: +SKIP
>>> env = gymnasium.make("drivebench/stock-highway-fast-v0", config={"lanes_count": 4})  # doctest: +SKIP

``gymnasium.make("highway-fast-v0", ...)`` and this give the same observations, rewards, ends of episodes and
information, in the same order of random numbers: episode after episode from one seed. What differs, and what
highway-env raises on, is listed in ``docs/stock.md``.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import UnknownNameError
from scenarios.stock import information
from scenarios.stock.building import RandomState, state_of, state_of_seed
from scenarios.stock.configuration import complete_configuration
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
        config: The complete configuration.
        episodes: The world, for those who want to look inside.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 5}  # noqa: RUF012 (gymnasium's convention)

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
        self.metadata = {**type(self).metadata, "render_fps": self.config["policy_frequency"]}
        self.observation_space = self.episodes.space
        self.action_space = self.episodes.actions.space

    @property
    def config(self) -> dict[str, Any]:
        """The complete configuration; it is changed by ``reset(options={"config": ...})``."""
        return self.episodes.config

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
        if seed is not None:
            state_of_seed(seed)
        super().reset(seed=seed)
        if seed is None and self.episodes.batch is not None:
            self._go_on(self.episodes.random_after(0))
        if options:
            changed = complete_configuration(self.episodes.entry, {**self.config, **options["config"]})
            self.episodes.configure(changed)
            self.observation_space, self.action_space = self.episodes.space, self.episodes.actions.space
        if seed is not None:
            self.episodes.seed_samples(seed)
        self._go_on(self.episodes.begin([0], [state_of(self.np_random)])[0])
        sample = self.episodes.sample()
        verdict = self.episodes.judge(self.episodes.actions.read(_batch_of_one(sample), 1))
        return self._observe(), information.one(self.episodes, verdict, 0, sample, reset=True)

    def _go_on(self, state: RandomState | None) -> None:
        """Set the random numbers to where they stand now, None for where they are."""
        if state is not None:
            self.np_random.bit_generator.state = {
                "bit_generator": "PCG64",
                "state": {"state": state[0], "inc": state[1]},
                "has_uint32": state[2],
                "uinteger": state[3],
            }

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
        episodes.drive(actions, None)
        verdict = episodes.judge(actions)
        info = information.one(episodes, verdict, 0, action, reset=False)
        truncated = bool(episodes.truncated()[0])
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
