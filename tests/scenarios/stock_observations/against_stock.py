"""Drive stock environments and compare what they observe with the compiled kernels, byte for byte.

Runs in a process of its own, with AVX512 switched off (``ORACLE_ENVIRONMENT``):
``python against_stock.py REQUESTS`` takes a JSON object of named arguments of ``compare`` and prints one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from drivebench.world import WorldBatch
from drivebench.world.takeover import take_world
from scenarios.stock.kept_lanes import KeptLanes
from scenarios.stock.observations import LaneKeeping, make_observer
from scenarios.stock.parity import ORACLE_ENVIRONMENT
from scenarios.stock.upstream import stock_environment


def _parts(observation: Any, slot: int | None) -> dict[str, np.ndarray]:
    """An observation as named arrays; of one slot, where it has an axis of them."""
    if isinstance(observation, tuple):
        return {
            f"{k}.{name}": array
            for k, part in enumerate(observation)
            for name, array in _parts(part, slot).items()
        }
    if isinstance(observation, Mapping):
        return {
            f"{key}.{name}": array
            for key, part in observation.items()
            for name, array in _parts(part, slot).items()
        }
    return {"": np.ascontiguousarray(observation if slot is None else observation[slot])}


def _difference(stock: Any, own: Any) -> str | None:
    theirs, ours = _parts(stock, None), _parts(own, 0)
    if list(theirs) != list(ours):
        return f"parts {list(theirs)} and {list(ours)}"
    for name, their in theirs.items():
        our = ours[name]
        if (their.shape, their.dtype) != (our.shape, our.dtype):
            return f"{name}: {their.shape} {their.dtype} and {our.shape} {our.dtype}"
        if their.tobytes() != our.tobytes():
            places = np.argwhere(~np.isclose(their, our, rtol=0, atol=0, equal_nan=True))
            if len(places) == 0:
                return f"{name}: signs of zeros or NaNs differ"
            place = tuple(places[0])
            return f"{name}: {len(places)} places, first {place}: {their[place]!r} and {our[place]!r}"
    return None


class Found(NamedTuple):
    """What a comparison found: the differences, and how many different observations there were."""

    differences: list[str]
    observations: int


def compare(
    env_id: str,
    variants: Sequence[Mapping[str, Any]],
    *,
    config: Mapping[str, Any] | None = None,
    seeds: Sequence[int] = (0, 1),
    decisions: int = 5,
    twist: Mapping[str, Any] | None = None,
) -> Found:
    """Compare stock and own observations along some episodes.

    Args:
        env_id: Stock environment.
        variants: Observation settings to compare; an empty one stands for the environment's own.
        config: Of the environment.
        seeds: Of the episodes.
        decisions: Length of each; the ego acts at random.
        twist: Settings that our side alone is given, to see that differences are noticed.
    """
    from highway_env.envs.common.observation import observation_factory

    found: list[str] = []
    seen: set[bytes] = set()
    for seed in seeds:
        environment = stock_environment(env_id, seed=seed, config=config)
        environment.action_space.seed(seed)
        frequencies = environment.config["simulation_frequency"], environment.config["policy_frequency"]
        pairs = []
        for variant in variants:
            settings = dict(variant) or environment.config["observation"]
            stock = observation_factory(environment, settings)
            agents = len(environment.controlled_vehicles)
            own = make_observer({**settings, **(twist or {})}, policy_hz=frequencies[1], agents=agents)
            if stock.space() != own.space():
                found.append(f"{settings}: space {stock.space()} and {own.space()}")
            pairs.append((settings, stock, own))
        batch = None
        for decision in range(decisions + 1):
            world = take_world(
                environment.road,
                environment.vehicle,
                exact=True,
                agents=environment.controlled_vehicles,
                simulation_hz=frequencies[0],
                policy_hz=frequencies[1],
            )
            if batch is None:
                batch = WorldBatch([world], numerics="parity")
                batch.random[0] = words_of(environment.np_random)
                for _, _, own in pairs:
                    own.begin(batch, [0])
            batch.load(0, world)
            for settings, stock, own in pairs:
                batch.random[0] = words_of(environment.np_random)
                theirs, ours = stock.observe(), own.observe(batch, [0])
                after = words_of(environment.np_random)
                if own.draws and not np.array_equal(batch.random[0], after):
                    found.append(f"seed {seed}, decision {decision}, {settings}: other random numbers follow")
                seen.update(array.tobytes() for array in _parts(theirs, None).values())
                difference = _difference(theirs, ours)
                if difference:
                    found.append(f"seed {seed}, decision {decision}, {settings}: {difference}")
            environment._simulate(environment.action_space.sample())
    return Found(found, len(seen))


def compare_lane_keeping(*, seeds: Sequence[int] = (0, 1), decisions: int = 60) -> Found:
    """Compare what whole steps of lane-keeping-v0 return, resets included.

    Args:
        seeds: Of the episodes.
        decisions: Length of each; the ego acts at random.
    """
    found: list[str] = []
    seen: set[bytes] = set()
    for seed in seeds:
        environment = stock_environment("lane-keeping-v0", seed=seed)
        environment.action_space.seed(seed)
        kept = KeptLanes(1)
        own = make_observer(
            environment.config["observation"],
            policy_hz=environment.config["policy_frequency"],
            lane_keeping=LaneKeeping(kept=kept, state_noise=0.05, derivative_noise=0.05),
        )
        theirs, _ = environment.reset(seed=seed)
        if environment.observation_space != own.space():
            found.append(f"space {environment.observation_space} and {own.space()}")
        batch = WorldBatch([take_world(environment.road, environment.vehicle, exact=True)], numerics="parity")
        batch.random[0] = words_of(np.random.default_rng(seed))
        kept.begin(batch, [0])
        own.begin(batch, [0])
        for decision in range(decisions):
            ours = own.observe(batch, [0])
            seen.update(array.tobytes() for array in _parts(theirs, None).values())
            difference = _difference(theirs, ours)
            if difference:
                found.append(f"seed {seed}, decision {decision}: {difference}")
            random = batch.random[0].copy()
            batch.load(0, take_world(environment.road, environment.vehicle, exact=True))
            batch.random[0] = random
            theirs, *_ = environment.step(environment.action_space.sample())
            batch.steering[0, 0] = environment.vehicle.action["steering"]
            kept.follow(batch, [0])
            if batch.networks[0].lane_index[kept.rows[0]][0] != _name_of(environment, environment.lane):
                found.append(f"seed {seed}, decision {decision}: another lane is to be kept")
    return Found(found, len(seen))


def _name_of(environment: Any, lane: Any) -> str:
    """The node at which a lane begins."""
    lanes = environment.road.network.lanes_dict()
    return next(str(index[0]) for index, other in lanes.items() if other is lane)


def words_of(generator: np.random.Generator) -> np.ndarray:
    """[columns ``RandomInt``] the state of a generator."""
    state: Any = generator.bit_generator.state
    low = 2**64 - 1
    numbers = [state["state"]["state"], state["state"]["inc"]]
    halves = [half for number in numbers for half in (number >> 64, number & low)]
    return np.array([*halves, state["has_uint32"], state["uinteger"]], dtype=np.uint64)


def differences_elsewhere(requests: Mapping[str, Mapping[str, Any]]) -> dict[str, Found]:
    """``compare`` in a process of its own with AVX512 switched off.

    Args:
        requests: Arguments by a name.

    Returns:
        What was found, by the same names.
    """
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    result = subprocess.run(
        [sys.executable, str(Path(__file__)), json.dumps(requests)],
        env={**os.environ, **ORACLE_ENVIRONMENT, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return {name: Found(*found) for name, found in json.loads(result.stdout.splitlines()[-1]).items()}


if __name__ == "__main__":
    results = {
        name: compare(**arguments) if "env_id" in arguments else compare_lane_keeping(**arguments)
        for name, arguments in json.loads(sys.argv[1]).items()
    }
    print(json.dumps(results))  # noqa: T201
