"""Worlds of stock environments, built by highway-env's own ``_reset`` and taken over.

Only roads and vehicles are laid out by highway-env; nothing is observed, rewarded or rendered there. What a
world is depends on the configuration and on the state of the random numbers before the reset, and on nothing
else: the constants of traffic that an environment may change for the whole process are set before and after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from gymnasium.utils import seeding

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork, World
from drivebench.world.takeover import take_network, take_traffic, take_world
from scenarios.stock.crossing import exits, take_open_traffic
from scenarios.stock.families import rules_of
from scenarios.stock.ids import StockId
from scenarios.stock.shortcuts import share_roads
from scenarios.stock.upstream import bare_environment, untouched_constants, vehicle_class
from scenarios.stock.warm_up import is_warm, warm_up_compiled

__all__ = [
    "Builder",
    "Built",
    "RandomState",
    "generator_in",
    "state_in",
    "state_of",
    "state_of_seed",
    "words_of",
]

RandomState = tuple[int, int, int, int]
"""State, increment, and the two words of a half-used draw: NumPy's PCG64."""


def state_of(generator: np.random.Generator) -> RandomState:
    """The state of a generator of random numbers.

    Args:
        generator: On a ``PCG64``, as gymnasium makes them.
    """
    bits: Any = generator.bit_generator.state
    words = bits["state"]
    return int(words["state"]), int(words["inc"]), int(bits["has_uint32"]), int(bits["uinteger"])


def generator_in(state: RandomState) -> np.random.Generator:
    """A generator that continues from a state."""
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state[0], "inc": state[1]},
        "has_uint32": state[2],
        "uinteger": state[3],
    }
    return np.random.Generator(bits)


def state_of_seed(seed: Any) -> RandomState:
    """The random numbers that gymnasium makes from a seed.

    Raises:
        ConfigurationError: It is no whole number from 0 on.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigurationError(f"seed {seed!r}; expected a whole number, 0 or more")
    return state_of(seeding.np_random(int(seed))[0])


def words_of(state: RandomState) -> list[int]:
    """A state as ``WorldBatch.random`` holds it, columns ``RandomInt``."""
    return [*divmod(state[0], 1 << 64), *divmod(state[1], 1 << 64), state[2], state[3]]


def state_in(words: Sequence[int]) -> RandomState:
    """The state in a row of ``WorldBatch.random``."""
    high, low, increment_high, increment_low, has_half, half = (int(word) for word in words)
    return (high << 64) + low, (increment_high << 64) + increment_low, has_half, half


@dataclass(frozen=True, kw_only=True)
class Built:
    """A world, and where the random numbers stand after it was built."""

    world: World
    after: RandomState


class Builder:
    """Builds the worlds of one environment in one configuration."""

    def __init__(
        self, entry: StockId, config: Mapping[str, Any], numerics: Literal["canonical", "parity"]
    ) -> None:
        """Prepare to build.

        Args:
            entry: Which environment.
            config: Its complete configuration.
            numerics: Parity keeps every bit of highway-env's numbers; canonical rounds them.
        """
        self.entry, self.config, self.numerics = entry, dict(config), numerics
        self._drawn = tuple(key for key in _DRAWN if self.config.get(key) == 0)
        self._stock: Any = None
        self._network: RoadNetwork | None = None

    @property
    def one_network(self) -> bool:
        """Whether all worlds are on the same roads."""
        return not self._drawn

    def build(self, state: RandomState) -> Built:
        """Build the world that highway-env's reset gives from a state of the random numbers.

        Args:
            state: Before the reset.

        Raises:
            ConfigurationError: highway-env cannot lay it out, or drivebench cannot take it over.
        """
        generator, exact = generator_in(state), self.numerics == "parity"
        with untouched_constants():
            stock = self._laid_out(generator, state)
            graph = stock.road.network.graph
            opens = rules_of(self.entry.family).opens_traffic
            network = self._network or take_network(
                graph,
                connected_lanes=bool(self.config["neighbour_vehicles_connected_lanes"]),
                exact=exact,
                exits=exits(graph) if opens else (),
            )
            traffic = vehicle_class(self.config["other_vehicles_type"])
            world = take_world(
                stock.road,
                stock.vehicle,
                exact=exact,
                ego_kind=None,
                agents=stock.controlled_vehicles,
                simulation_hz=int(self.config["simulation_frequency"]),
                policy_hz=int(self.config["policy_frequency"]),
                speed_range=_action(self.config).get("speed_range"),
                traffic=take_traffic(traffic),
                open_traffic=take_open_traffic(stock, network, traffic) if opens else None,
                network=network,
            )
        if self.one_network:
            self._network = network
        return Built(world=world, after=state_of(generator))

    def _laid_out(self, generator: np.random.Generator, state: RandomState) -> Any:
        if self._stock is None:
            self._stock = bare_environment(self.entry.cls, self.config)
            if self.one_network:
                share_roads(self._stock)
        stock = self._stock
        if self._drawn:
            stock.config = self.config | _draw(self._drawn, state)
        stock._np_random = generator
        crossing = rules_of(self.entry.family).opens_traffic
        if crossing:
            warm_up_compiled(stock, self.numerics, self._network)
        try:
            stock._reset()
        except _STOCK_ERRORS as error:
            raise ConfigurationError(
                f"highway-env cannot reset {self.entry.name} in this configuration: "
                f"{type(error).__name__}: {error}"
            ) from error
        if crossing:
            is_warm(stock)
        stock.road.neighbour_vehicles_connected_lanes = self.config["neighbour_vehicles_connected_lanes"]
        return stock


def _action(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The action of each agent."""
    action: Mapping[str, Any] = config["action"]
    return action["action_config"] if action["type"] == "MultiAgentAction" else action


_STOCK_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What highway-env raises where it cannot lay out a configuration."""

_DRAWN = {"length": (100, 200), "no_lanes": (2, 7)}
"""Settings of the racetrack oval that, at 0, highway-env draws from a generator without a seed, and the
bounds between which it does. (With ``no_lanes`` 0 its reset then raises.)"""


def _draw(names: tuple[str, ...], state: RandomState) -> dict[str, int]:
    """The drawn settings of a world: the same for the same state, without taking from its random numbers."""
    generator = np.random.default_rng([state[0] % 2**64, state[0] >> 64, state[1] % 2**64])
    drawn = {name: int(generator.integers(low, high)) for name, (low, high) in _DRAWN.items()}
    return {name: drawn[name] for name in names}
