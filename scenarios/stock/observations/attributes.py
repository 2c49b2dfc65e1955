"""highway-env's ``AttributesObservation`` as its lane-keeping environment uses it.

Stock observes at the beginning of a step: the action is in force but nothing has moved yet. It draws the
noise from the environment's random numbers, and twice in each reset only to learn the shapes of its space.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind, WorldBatch
from drivebench.world.bicycle import slopes
from drivebench.world.geometry import heading_at, local_coordinates
from drivebench.world.layout import EntityFloat, WorldInt
from drivebench.world.random_stream import uniform
from scenarios.stock.kept_lanes import KeptLanes
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["AttributesObserver", "LaneKeeping"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

ATTRIBUTES = ("state", "derivative", "reference_state")
"""y, heading, speed to the right and yaw rate; their derivatives; and where the first two should be."""
_SIZE = 4
_SPACES_IN_RESET = 2
"""How often stock observes in a reset before the observation that it returns (``define_spaces``)."""
_DRAWN = 2
"""The first two attributes are noisy."""

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LATERAL_SPEED, _YAW_RATE = int(EntityFloat.LATERAL_SPEED), int(EntityFloat.YAW_RATE)
_STEERING, _NETWORK = int(EntityFloat.STEERING), int(WorldInt.NETWORK)


@dataclass(frozen=True, kw_only=True)
class LaneKeeping:
    """What the lane-keeping environment has besides its world.

    Attributes:
        kept: The lanes to be kept; whoever makes it begins and follows them.
        state_noise: Bound of the noise on the state.
        derivative_noise: Bound of the noise on the derivative.
    """

    kept: KeptLanes
    state_noise: float
    derivative_noise: float


@kernel
def _observe(
    first: int,
    last: int,
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,  # noqa: ARG001 - all kernels of observations take the same arrays
    routes: Ints,  # noqa: ARG001
    world_ints: Ints,
    agents: Ints,
    agent: int,
    slots: Ints,
    order: Ints,
    noise: Floats,
    kept: Ints,
    random: Words,
    out: Floats,
) -> None:
    """Observe the worlds in ``slots[first:last]``.

    Args:
        first: First row.
        last: One past the last.
        numerics: None for canonical, an integer for parity.
        lane_floats: Of the batch, as all up to ``agents``.
        lane_ints: The same.
        entity_float: The same.
        entity_int: The same.
        routes: The same.
        world_ints: The same.
        agents: The same.
        agent: Which of them observes.
        slots: [n] worlds.
        order: Which of ``ATTRIBUTES`` are observed, in this order.
        noise: [2] bounds of the noise on state and derivative.
        kept: [B] rows of the lanes to be kept.
        random: [B, columns ``RandomInt``] the environments' random numbers.
        out: [len(ATTRIBUTES), n, 4, 1] where to write.
    """
    values = np.empty((3, _SIZE))
    for k in range(first, last):
        world = slots[k]
        i = agents[world, agent]
        numbers = entity_float[world]
        lane_float = lane_floats[world_ints[world, _NETWORK]]
        lane_int = lane_ints[world_ints[world, _NETWORK]]
        x, y, heading = numbers[_X, i], numbers[_Y, i], numbers[_HEADING, i]
        lateral, yaw_rate = numbers[_LATERAL_SPEED, i], numbers[_YAW_RATE, i]
        values[0, 0], values[0, 1], values[0, 2], values[0, 3] = y, heading, lateral, yaw_rate
        _, y_slope, lateral_slope, yaw_slope = slopes(
            numerics, heading, numbers[_SPEED, i], lateral, yaw_rate, numbers[_STEERING, i]
        )
        values[1, 0], values[1, 1], values[1, 2], values[1, 3] = y_slope, yaw_rate, lateral_slope, yaw_slope
        s, r = local_coordinates(numerics, lane_float, lane_int, kept[world], x, y)
        values[2, 0] = y - r
        values[2, 1] = heading_at(numerics, lane_float, lane_int, kept[world], s)
        values[2, 2] = 0.0
        values[2, 3] = 0.0
        for place in range(order.shape[0]):
            attribute = order[place]
            for row in range(_SIZE):
                value = values[attribute, row]
                if attribute < _DRAWN:
                    value += uniform(random[world], -noise[attribute], noise[attribute])
                out[attribute, k, row, 0] = value


class AttributesObserver(Observer):
    """``AttributesObservation`` of ``state``, ``derivative`` and ``reference_state``.

    It draws from ``batch.random``: write the state of the environment's random numbers there before
    ``begin``.
    Observe after the action was written into the ego's row of steering and before the world moves.
    """

    draws = True

    def __init__(self, config: Mapping[str, Any], *, lane_keeping: LaneKeeping | None) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings.
            lane_keeping: What else the environment has.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use, or an environment
                that has no such attributes.
        """
        settings = Settings(config, known=("attributes",))
        if config.get("attributes") is None:
            raise settings.error("attributes", f"a list of names out of {', '.join(ATTRIBUTES)}")
        self.attributes = settings.names("attributes", ATTRIBUTES, default=())
        if lane_keeping is None:
            raise ConfigurationError(
                f"{settings.kind}: only lane-keeping-v0 has {', '.join(self.attributes)}; observe Kinematics"
            )
        self._kept = lane_keeping.kept
        self._noise = np.array([lane_keeping.state_noise, lane_keeping.derivative_noise])
        self._order = np.array([ATTRIBUTES.index(name) for name in self.attributes])

    def space(self) -> gymnasium.Space[Any]:
        """An unbounded ``f8[4, 1]`` for each attribute."""
        return gymnasium.spaces.Dict(
            {name: gymnasium.spaces.Box(-np.inf, np.inf, (_SIZE, 1), np.float64) for name in self.attributes}
        )

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Draw what stock draws in a reset to learn its space."""
        super().begin(batch, slots)
        places = np.asarray(slots, dtype=np.int64)
        if (batch.kind[places, batch.agents[places, 0]] != EntityKind.BICYCLE).any():
            raise ConfigurationError(
                "AttributesObservation asks for a vehicle with tyre forces; set 'dynamical' to True in action"
            )
        for _ in range(_SPACES_IN_RESET):
            self.observe(batch, places)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``f8[n, 4, 1]`` for each attribute."""
        values = np.empty((len(ATTRIBUTES), len(slots), _SIZE, 1))
        run(_observe, batch, slots, agent, (self._order, self._noise, self._kept.rows, batch.random, values))
        if out is None:
            return {name: values[ATTRIBUTES.index(name)] for name in self.attributes}
        for name in self.attributes:
            out[name][:] = values[ATTRIBUTES.index(name)]
        return out
