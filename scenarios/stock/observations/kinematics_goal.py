"""highway-env's ``KinematicsGoalObservation``: where the ego is and where it should be, for parking."""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind, WorldBatch
from drivebench.world.layout import EntityInt, WorldInt
from scenarios.stock.observations.features import FEATURE_COUNT, FEATURES, describe
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["KinematicsGoalObserver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_KIND, _LANDMARK = int(EntityInt.KIND), int(EntityKind.LANDMARK)
_NETWORK, _LANES = int(WorldInt.NETWORK), int(WorldInt.LANES)
_VEHICLES, _ENTITIES = int(WorldInt.VEHICLES), int(WorldInt.ENTITIES)
_OF_GOALS = tuple(name for name in FEATURES if name != "heading" and not name.endswith("_off"))
"""What highway-env tells of a landmark."""
_IGNORED = {
    "vehicles_count": 5,
    "features_range": None,
    "absolute": False,
    "order": "sorted",
    "normalize": False,
    "clip": True,
    "see_behind": False,
    "observe_intentions": False,
    "include_obstacles": True,
}
"""Settings of ``Kinematics``, taken and never read: their defaults there; of ``normalize`` parking's, which
is what happens."""


@kernel
def _observe(
    first: int,
    last: int,
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_ints: Ints,
    agents: Ints,
    agent: int,
    slots: Ints,
    columns: Ints,
    scales: Floats,
    own: Floats,
    achieved: Floats,
    desired: Floats,
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
        agent: Which of them observes; its goal is the landmark of the same number.
        slots: [n] worlds.
        columns: [F] ``Feature`` of each column.
        scales: [F] what features are divided by.
        own: [n, F] where to write the agent.
        achieved: [n, F] the same.
        desired: [n, F] where to write its goal.
    """
    values = np.empty(FEATURE_COUNT)
    for k in range(first, last):
        world = slots[k]
        network = world_ints[world, _NETWORK]
        lane_float = lane_floats[network]
        lane_int = lane_ints[network]
        lanes = world_ints[world, _LANES]
        vehicles = world_ints[world, _VEHICLES]
        numbers = entity_float[world]
        integers = entity_int[world]
        route = routes[world]
        i = agents[world, agent]
        describe(
            numerics, lane_float, lane_int, lanes, numbers, integers, route, vehicles, i, True, False, values
        )
        for column in range(columns.shape[0]):
            value = values[columns[column]] / scales[column]
            own[k, column] = value
            achieved[k, column] = value
        passed = 0
        for goal in range(vehicles, world_ints[world, _ENTITIES]):
            if integers[_KIND, goal] != _LANDMARK:
                continue
            if passed == agent:
                describe(
                    numerics,
                    lane_float,
                    lane_int,
                    lanes,
                    numbers,
                    integers,
                    route,
                    vehicles,
                    goal,
                    False,
                    False,
                    values,
                )
                break
            passed += 1
        for column in range(columns.shape[0]):
            desired[k, column] = values[columns[column]] / scales[column]


class KinematicsGoalObserver(Observer):
    """``KinematicsGoal``: a dictionary of float64 vectors; an agent's goal is the landmark of its number."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings; of those of ``Kinematics`` only ``features`` has
                an effect, and the others must be highway-env's defaults.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use.
        """
        settings = Settings(config, known=("scales", "features"), ignored=_IGNORED)
        self.features = settings.names("features", _OF_GOALS, default=("presence", "x", "y", "vx", "vy"))
        if config.get("scales") is None:
            raise settings.error("scales", f"{len(self.features)} numbers, one for each feature")
        self._scales = settings.numbers("scales", default=None, shape=(len(self.features),))
        self._columns = np.array([FEATURES.index(name) for name in self.features])

    def space(self) -> gymnasium.Space[Any]:
        """Three unbounded ``f8[features]``."""
        shape = (len(self.features),)
        names = ("desired_goal", "achieved_goal", "observation")
        return gymnasium.spaces.Dict(
            {name: gymnasium.spaces.Box(-np.inf, np.inf, shape, np.float64) for name in names}
        )

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Check that each agent has a goal."""
        super().begin(batch, slots)
        places = np.asarray(slots, dtype=np.int64)
        goals = ((batch.kind[places] == _LANDMARK) & batch.present[places]).sum(axis=1)
        agents = (batch.agents[places] >= 0).sum(axis=1)
        if (goals < agents).any():
            raise ConfigurationError(
                "KinematicsGoal needs a goal for each agent, a landmark of the road, as parking-v0 has; this "
                f"world has {int(goals.min())} of them. Observe Kinematics instead"
            )

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``observation``, ``achieved_goal`` (the same) and ``desired_goal``; each ``f8[n, features]``."""
        if out is None:
            names = ("observation", "achieved_goal", "desired_goal")
            out = {name: np.empty((len(slots), len(self.features))) for name in names}
        arrays = out["observation"], out["achieved_goal"], out["desired_goal"]
        run(_observe, batch, slots, agent, (self._columns, self._scales, *arrays))
        return out
