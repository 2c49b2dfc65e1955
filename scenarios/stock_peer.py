"""Stock highway-env as the peer of the benchmarks."""

from functools import partial

import numpy as np

from drivebench.benchmarks.peer import PeerRoad
from drivebench.world.takeover import take_world
from scenarios.stock import environment_without_reward

__all__ = ["PEER", "StockPeer"]


class StockPeer:
    """Steps stock environments without observation and reward."""

    name = "stock highway-env"

    def road(self, env_id: str, seed: int) -> PeerRoad:
        """A freshly reset environment with a continuous ego that idles."""
        environment = environment_without_reward(env_id, seed=seed)
        idle = np.zeros(environment.action_type.size)
        return PeerRoad(
            world=take_world(environment.road, environment.vehicle),
            decide=partial(environment._simulate, idle),
        )


PEER = StockPeer()
"""The registered peer."""
