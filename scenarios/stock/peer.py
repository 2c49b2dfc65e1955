"""Stock highway-env as the peer of the benchmarks."""

import itertools
import math
import os
from functools import partial

import numpy as np
from numpy.typing import NDArray

from drivebench.benchmarks.peer import PeerEnvironments, PeerPictures, PeerRoad
from drivebench.errors import ConfigurationError
from drivebench.world.takeover import take_world
from scenarios.stock.ids import IDS
from scenarios.stock.upstream import environment_without_reward, own_environment, stock_environment

__all__ = ["PEER", "StockPeer"]

_GRAYSCALE = {
    "type": "GrayscaleObservation",
    "observation_shape": (128, 64),
    "stack_size": 1,
    "weights": [0.2989, 0.5870, 0.1140],
    "scaling": 1.75,
}
"""The grayscale image of highway-env's documentation."""

ACTIONS = 64
"""Random actions of each environment, prepared before the clock runs and used in turn."""


class StockPeer:
    """Steps stock environments: the road alone, or all of it with a picture from above."""

    name = "highway-env"
    compiled = False
    about = (
        "highway-env itself, as its package installs it: one environment, because many are a loop over "
        "single ones."
    )

    def missing(self) -> str | None:
        """Never: drivebench requires it."""
        return None

    def environments(self, env_id: str, count: int, seed: int) -> PeerEnvironments | None:
        """Environments in a plain loop, as highway-env has no other; their seeds count on."""
        every = [own_environment(env_id, seed=seed + k) for k in range(count)]
        last_step = IDS[env_id].max_episode_steps or math.inf
        seeds = itertools.count(seed + count)
        steps = [0] * count
        ended = [False] * count
        actions = []
        for k, each in enumerate(every):
            each.action_space.seed(seed + k)
            actions.append([each.action_space.sample() for _ in range(ACTIONS)])
        turn = 0

        def step() -> int:
            nonlocal turn
            turn += 1
            stepped = 0
            for k, each in enumerate(every):
                if ended[k]:
                    each.reset()
                    steps[k], ended[k] = 0, False
                    continue
                _, _, terminated, truncated, _ = each.step(actions[k][turn % ACTIONS])
                steps[k] += 1
                stepped += 1
                ended[k] = bool(np.all(terminated)) or bool(truncated) or steps[k] >= last_step
            return stepped

        def reset() -> None:
            for each in every:
                each.reset(seed=next(seeds))
            steps[:], ended[:] = [0] * count, [False] * count

        config = every[0].config
        return PeerEnvironments(
            count=count,
            step=step,
            reset=reset,
            vehicles=lambda: float(np.mean([len(each.road.vehicles) for each in every])),
            road_steps=config["simulation_frequency"] // config["policy_frequency"],
            observation=config["observation"]["type"],
        )

    def road(self, env_id: str, seed: int) -> PeerRoad:
        """A freshly reset environment with a continuous ego that idles."""
        environment = environment_without_reward(env_id, seed=seed)
        idle = np.zeros(environment.action_type.size)
        return PeerRoad(
            world=take_world(environment.road, environment.vehicle),
            decide=partial(environment._simulate, idle),
        )

    def pictures(self, env_id: str, seed: int) -> PeerPictures:
        """A freshly reset environment that sees its grayscale image, with a continuous ego that idles.

        Raises:
            ConfigurationError: ``SDL_VIDEODRIVER`` is ``dummy``: highway-env's images would all be black, and
                its steps several times faster than they are.
        """
        if os.environ.get("SDL_VIDEODRIVER") == "dummy":
            raise ConfigurationError(
                "SDL_VIDEODRIVER is 'dummy', with which highway-env draws nothing; expected it to be unset "
                "(it renders without a screen all the same)"
            )
        config = {
            "action": {"type": "ContinuousAction"},
            "observation": _GRAYSCALE,
            "policy_frequency": 5,
            "offscreen_rendering": True,
        }
        environment = stock_environment(env_id, seed=seed, config=config)
        idle = np.zeros(environment.action_type.size)

        def step() -> NDArray[np.uint8]:
            picture: NDArray[np.uint8] = environment.step(idle)[0]
            return picture

        return PeerPictures(
            world=take_world(environment.road, environment.vehicle),
            step=step,
            picture=environment.observation_type.observe,
        )


PEER = StockPeer()
"""The registered peer."""
