"""EnvPool's C++ environments as a peer of the benchmarks; an optional one: ``pip install drivebench[bench]``.

EnvPool (https://github.com/sail-sg/envpool, Apache-2.0) has ported part of highway-env 1.10 to C++. What is
measured is its Gymnasium interface in synchronous mode with one worker thread. How its worlds differ from
highway-env's: see ``EnvPoolPeer.about``.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np

from drivebench.benchmarks.peer import PeerEnvironments

__all__ = ["PEER", "EnvPoolPeer"]

TASKS = {
    "exit-v0": 5,
    "highway-fast-v0": 5,
    "highway-v0": 15,
    "intersection-multi-agent-v0": 15,
    "intersection-v0": 15,
    "intersection-v1": 15,
    "lane-keeping-v0": 1,
    "merge-v0": 15,
    "parking-ActionRepeat-v0": 15,
    "parking-parked-v0": 3,
    "parking-v0": 3,
    "racetrack-large-v0": 3,
    "racetrack-oval-v0": 3,
    "racetrack-v0": 3,
    "roundabout-v0": 15,
    "two-way-v0": 15,
    "u-turn-v0": 15,
}
"""highway-env's ids that it has -> simulation steps of one policy step in both.

Its ``intersection-multi-agent-v1`` is another environment than highway-env's of that name.
"""

ACTIONS = 64
"""Random actions, prepared before the clock runs and used in turn."""


class EnvPoolPeer:
    """Steps EnvPool's environments."""

    name = "EnvPool"
    compiled = True
    about = (
        "[EnvPool](https://github.com/sail-sg/envpool)'s port of highway-env 1.10 to C++ (`pip install "
        "drivebench[bench]`), with one worker thread. Its worlds are not highway-env's: Highway, "
        "HighwayFast, Merge and Parking apart, its ids reset to one fixed scene whatever the seed; its "
        "intersections get no new vehicles and its racetracks have no traffic; on its motorways a vehicle "
        "considers no other lane once it accepts one, so that its episodes soon take another course. Where "
        "the numbers of vehicles differ, notes say so."
    )

    def missing(self) -> str | None:
        """How to install it, if it is not."""
        return None if find_spec("envpool") else "not installed: pip install drivebench[bench]"

    def environments(self, env_id: str, count: int, seed: int) -> PeerEnvironments | None:
        """Environments on one worker thread."""
        if env_id not in TASKS:
            return None
        import envpool

        pool: Any = envpool.make(env_id, env_type="gymnasium", num_envs=count, num_threads=1, seed=seed)
        players = int(pool.config["max_num_players"])
        generator = np.random.default_rng(seed)
        everyone = np.arange(count, dtype=np.int32)
        actions = [_random(pool.action_space, count * players, generator) for _ in range(ACTIONS)]
        ended = np.zeros(count, dtype=np.bool_)
        turn = 0

        def step() -> int:
            nonlocal ended, turn
            turn += 1
            _, _, terminated, truncated, _ = pool.step(actions[turn % ACTIONS])
            stepped = count - int(ended.sum())
            ended = terminated | truncated
            assert ended.shape == (count,)
            return stepped

        def reset() -> None:
            pool.reset()
            ended[:] = False

        def vehicles() -> float:
            return float(np.mean([len(state.vehicles) for state in pool.debug_states(everyone.tolist())]))

        reset()
        return PeerEnvironments(
            count=count,
            step=step,
            reset=reset,
            vehicles=vehicles,
            road_steps=TASKS[env_id],
            observation=_described(pool.observation_space),
        )


def _random(space: Any, count: int, generator: np.random.Generator) -> Any:
    if hasattr(space, "n"):
        return generator.integers(int(space.n), size=count, dtype=np.int32)
    return generator.uniform(space.low, space.high, (count, *space.shape)).astype(np.float32)


def _described(space: Any) -> str:
    if hasattr(space, "spaces"):
        return "dictionary of " + ", ".join(str(name) for name in space.spaces)
    return "×".join(str(size) for size in space.shape)


PEER = EnvPoolPeer()
"""The registered peer."""
