"""Hold our stock environments against highway-env's, step by step: what they give must be equal.

Both are made by ``gymnasium.make``, reset with the same seed, given the same actions, and reset again
without a seed, so that the second episode goes on with the same random numbers. Observations (their types,
too), rewards, ends of episodes and information must be equal to the last bit. Two things are left out: the
``action`` that highway-env samples for the information of a reset from a generator without a seed, and the
parts of the reward there that follow from it.

Stock highway-env depends on the processor (see ``scenarios.stock.parity``), and its intersection changes
class constants for the whole process: the comparison runs in processes of its own, the intersection in
another.

``python -m scenarios.stock.face_check --seeds 30`` compares every id and exits with 1 if anything differs.
"""

import argparse
import copy
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

import drivebench  # noqa: F401 (importing it registers the ids)
from drivebench.errors import ConfigurationError
from drivebench.gymnasium_ids import NAMESPACE, register_environment
from scenarios.stock.families import rules_of
from scenarios.stock.ids import ENVIRONMENTS, IDS, stock_id
from scenarios.stock.parity import ORACLE_ENVIRONMENT
from scenarios.stock.upstream import register_stock_ids

__all__ = ["VARIANTS", "Comparison", "compare", "differences"]

_CONTINUOUS = {"type": "ContinuousAction"}
_KINEMATICS = {"type": "Kinematics", "vehicles_count": 7}
_AGENTS_META = {"type": "MultiAgentAction", "action_config": {"type": "DiscreteMetaAction"}}
_AGENTS_SEE = {"type": "MultiAgentObservation", "observation_config": _KINEMATICS}

VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "highway-fast-v0, continuous": ("highway-fast-v0", {"action": _CONTINUOUS, "policy_frequency": 5}),
    "highway-fast-v0, continuous on one axis, not clipped": (
        "highway-fast-v0",
        {
            "action": _CONTINUOUS | {"lateral": False, "clip": False, "acceleration_range": [-3, 4.5]},
            "normalize_reward": False,
        },
    ),
    "highway-fast-v0, discrete with limits": (
        "highway-fast-v0",
        {"action": {"type": "DiscreteAction", "actions_per_axis": 4}, "offroad_terminal": True},
    ),
    "highway-fast-v0, reach of speeds": (
        "highway-fast-v0",
        {"action": _CONTINUOUS | {"speed_range": [5, 27]}, "observation": {"type": "LidarObservation"}},
    ),
    "highway-v0, several agents": (
        "highway-v0",
        {
            "controlled_vehicles": 3,
            "vehicles_count": 12,
            "action": _AGENTS_META,
            "observation": _AGENTS_SEE,
            "simulation_frequency": 10,
            "policy_frequency": 2,
            "duration": 7,
        },
    ),
    "highway-v0, agents without actions": (
        "highway-v0",
        {"controlled_vehicles": 2, "vehicles_count": 8, "right_lane_reward": 0.5, "on_road_reward": 0.1},
    ),
    "highway-fast-v0, aggressive traffic": (
        "highway-fast-v0",
        {
            "other_vehicles_type": "highway_env.vehicle.behavior.AggressiveVehicle",
            "observation": {"type": "OccupancyGrid"},
            "action": {"type": "DiscreteMetaAction", "target_speeds": [15, 20, 25, 30, 35]},
        },
    ),
    "merge-v1, continuous on one axis": (
        "merge-v1",
        {"action": _CONTINUOUS | {"lateral": False}, "lane_change_reward": -0.3},
    ),
    "merge-generic-v0, three lanes": (
        "merge-generic-v0",
        {"lanes_count": 3, "vehicles_count": 8, "before_merge_length": 120, "policy_frequency": 3},
    ),
    "roundabout-v0, discrete": ("roundabout-v0", {"action": {"type": "DiscreteAction"}}),
    "roundabout-v1, not normalized": (
        "roundabout-v1",
        {"normalize_reward": False, "incoming_vehicle_destination": 1, "on_road_reward": 0.25},
    ),
    "exit-v1, two lanes": ("exit-v1", {"lanes_count": 2, "vehicles_count": 5, "right_lane_reward": 0.1}),
    "u-turn-v0, continuous": ("u-turn-v0", {"action": _CONTINUOUS, "observation": _KINEMATICS}),
    "racetrack-v0, both axes": (
        "racetrack-v0",
        {"action": _CONTINUOUS, "terminate_off_road": False, "other_vehicles": 4},
    ),
    "racetrack-v1, discrete": (
        "racetrack-v1",
        {"action": {"type": "DiscreteAction", "longitudinal": False}, "on_road_reward": 0.2},
    ),
    "racetrack-oval-v0, blocked": (
        "racetrack-oval-v0",
        {"block_lane": True, "force_decision": True, "no_lanes": 4, "length": 150},
    ),
    "racetrack-large-v1, several agents": (
        "racetrack-large-v1",
        {
            "controlled_vehicles": 2,
            "action": {"type": "MultiAgentAction", "action_config": _CONTINUOUS},
            "observation": _AGENTS_SEE,
        },
    ),
    "intersection-v0, any destination": (
        "intersection-v0",
        {"destination": None, "normalize_reward": True, "offroad_terminal": True, "spawn_probability": 0.9},
    ),
    "intersection-multi-agent-v1, four agents": (
        "intersection-multi-agent-v1",
        {"controlled_vehicles": 4, "initial_vehicle_count": 6, "duration": 20},
    ),
    "intersection-v0, defensive traffic": (
        "intersection-v0",
        {"other_vehicles_type": "highway_env.vehicle.behavior.DefensiveVehicle"},
    ),
    "two-way-v0, kinematics": ("two-way-v0", {"observation": _KINEMATICS | {"order": "shuffled"}}),
    "parking-v0, no walls": (
        "parking-v0",
        {
            "add_walls": False,
            "vehicles_count": 4,
            "duration": 5,
            "reward_weights": [1, 1, 0.1, 0.1, 0.3, 0.3],
        },
    ),
    "parking-v0, short": ("parking-v0", {"duration": 3}),
    "racetrack-v0, short": ("racetrack-v0", {"duration": 3}),
    "parking-v0, agents that see the goal nearer than it is": (
        "parking-v0",
        {
            "controlled_vehicles": 2,
            "duration": 3,
            "action": {"type": "MultiAgentAction", "action_config": _CONTINUOUS},
            "observation": {
                "type": "MultiAgentObservation",
                "observation_config": {
                    "type": "KinematicsGoal",
                    "features": ["x", "y", "vx", "vy", "cos_h", "sin_h"],
                    "scales": [2000, 2000, 5, 5, 10, 10],
                },
            },
        },
    ),
    "parking-v0, several agents": (
        "parking-v0",
        {
            "controlled_vehicles": 2,
            "action": {"type": "MultiAgentAction", "action_config": _CONTINUOUS},
            "observation": {
                "type": "MultiAgentObservation",
                "observation_config": {
                    "type": "KinematicsGoal",
                    "features": ["x", "y", "vx", "vy", "cos_h", "sin_h"],
                    "scales": [100, 100, 5, 5, 1, 1],
                    "normalize": False,
                },
            },
        },
    ),
}
"""Configurations that are compared, too: an id, and what differs from its defaults."""

EPISODES = 2
"""From each seed: one of the seed, one that goes on with its random numbers."""

LONGEST = 100
"""Decisions of an episode that are compared at most, where the command is not told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found of one seed of one id.

    Attributes:
        name: highway-env's id, or the name of a variant.
        seed: Of the first reset.
        decisions: How many were compared.
        difference: The first one, in words; None if there was none.
    """

    name: str
    seed: int
    decisions: int
    difference: str | None


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two observations, rewards or pieces of information differ.

    Args:
        one: Stock's.
        other: Ours.
        path: What they are, for the words.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            yield f"{path}: keys {sorted(one)} and {sorted(other)}"
        for key in one.keys() & other.keys():
            yield from differences(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, tuple) and isinstance(other, tuple):
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)} entries"
        for number, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from differences(left, right, f"{path}[{number}]")
    else:
        left, right = np.asarray(one), np.asarray(other)
        typed = not isinstance(one, np.ndarray) or left.dtype == right.dtype
        if left.shape != right.shape or not typed or not _same_bits(left, right):
            yield f"{path}: {one!r} and {other!r}"


def _same_bits(left: NDArray[Any], right: NDArray[Any]) -> bool:
    """Whether numbers are the same, the signs of zeros included; all that are none count as the same."""
    if left.dtype.kind != "f" or right.dtype.kind != "f":
        return np.array_equal(left, right)
    numbers = ~np.isnan(left)
    signs = np.array_equal(np.signbit(left[numbers]), np.signbit(right[numbers]))
    return np.array_equal(left, right, equal_nan=True) and signs


def _without_sample(info: dict[str, Any]) -> dict[str, Any]:
    """The information of a reset without what follows from an action that was sampled for it."""
    kept = {key: value for key, value in info.items() if key != "action"}
    if "rewards" in kept:
        sampled = ("lane_change_reward", "action_reward")
        kept["rewards"] = {name: value for name, value in kept["rewards"].items() if name not in sampled}
    return kept


def _has_ended(terminated: Any, truncated: Any) -> bool:
    return bool(truncated or (all(terminated) if isinstance(terminated, tuple) else terminated))


def _action(space: Any, gentle: bool) -> Any:
    """A random action; a gentle continuous one stays on the road for longer."""
    action = space.sample()
    return (
        (action * 0.1).astype(action.dtype)
        if gentle and isinstance(action, np.ndarray) and action.ndim
        else action
    )


def compare_seed(name: str, seed: int, longest: int = LONGEST) -> Comparison:
    """Drive the stock environment and ours side by side.

    Args:
        name: highway-env's id, or the name of a variant.
        seed: Of the first reset.
        longest: Bound on the decisions of each episode; those that gymnasium limits are driven to their end.
    """
    env_id, config = VARIANTS.get(name, (name, None))
    longest = max(longest, stock_id(env_id).max_episode_steps or 0)
    arguments: dict[str, Any] = {} if config is None else {"config": copy.deepcopy(config)}
    stock = gymnasium.make(env_id, **arguments)
    ours = gymnasium.make(f"{NAMESPACE}/stock-{env_id}", **arguments)
    parts = ("observation", "reward", "terminated", "truncated", "info")
    decisions = 0

    def found(difference: str | None) -> Comparison:
        stock.close()
        return Comparison(name=name, seed=seed, decisions=decisions, difference=difference)

    for episode in range(EPISODES):
        given: dict[str, Any] = {"seed": seed} if episode == 0 else {}
        (one, told), (other, ours_told) = stock.reset(**given), ours.reset(**given)
        if stock.observation_space != ours.observation_space or stock.action_space != ours.action_space:
            return found(f"spaces {stock.observation_space}, {ours.observation_space}")
        start, ours_start = (one, _without_sample(told)), (other, _without_sample(ours_told))
        for difference in differences(start, ours_start, f"reset {episode}"):
            return found(difference)
        stock.action_space.seed(1000 * seed + episode)
        for decision in range(longest):
            action = _action(stock.action_space, gentle=seed % 2 == 0)
            left, right = stock.step(action), ours.step(action)
            decisions += 1
            for part, before, after in zip(parts, left, right, strict=True):
                for difference in differences(
                    before, after, f"episode {episode}, decision {decision}, {part}"
                ):
                    return found(difference)
            if _has_ended(left[2], left[3]):
                break
    return found(None)


def compare(names: Sequence[str], seeds: Iterable[int], longest: int = LONGEST) -> list[Comparison]:
    """Compare environments, in processes with AVX512 switched off.

    Args:
        names: highway-env's ids, or names of variants.
        seeds: Of the first resets.
        longest: Bound on the decisions of each episode.

    Raises:
        ConfigurationError: A process failed; the message has its output.
    """
    families = {name: stock_id(VARIANTS.get(name, (name,))[0]).family for name in names}
    crossings = [name for name in names if rules_of(families[name]).opens_traffic]
    others = [name for name in names if name not in crossings]
    found: list[Comparison] = []
    for group in (others, crossings):
        if not group:
            continue
        request = json.dumps({"names": group, "seeds": list(seeds), "longest": longest})
        result = subprocess.run(
            [sys.executable, "-m", "scenarios.stock.face_check", "--request", request],
            env={**os.environ, **ORACLE_ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ConfigurationError(f"the comparison with {group} failed:\n{result.stderr[-4000:]}")
        found += [Comparison(**record) for record in json.loads(result.stdout.splitlines()[-1])]
    return found


def _compare_here(names: Sequence[str], seeds: Sequence[int], longest: int) -> list[Comparison]:
    warnings.simplefilter("ignore")
    gymnasium.logger.min_level = gymnasium.logger.ERROR
    register_stock_ids()
    for environment in ENVIRONMENTS:
        if f"{NAMESPACE}/{environment.name}" not in gymnasium.registry:
            register_environment(environment)
    return [compare_seed(name, seed, longest) for name in names for seed in seeds]


def _table(found: Sequence[Comparison], command: str) -> str:
    lines = [
        "# Our stock environments against highway-env's",
        "",
        f"Generated by `{command}`. What is compared is described in `scenarios/stock/face_check.py`.",
        "",
        "| id | seeds | episodes | decisions | seeds with a difference |",
        "|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(each.name for each in found):
        rows = [each for each in found if each.name == name]
        lines.append(
            f"| {name} | {len(rows)} | {len(rows) * EPISODES} | {sum(each.decisions for each in rows)} | "
            f"{sum(each.difference is not None for each in rows)} |"
        )
    wrong = [f"- {each.name}, seed {each.seed}: {each.difference}" for each in found if each.difference]
    return "\n".join([*lines, "", *(["Differences:", "", *wrong] if wrong else ["No difference."]), ""])


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m scenarios.stock.face_check", description=__doc__)
    parser.add_argument("--seeds", type=int, default=30, help="for each id")
    parser.add_argument(
        "--ids", nargs="*", default=[*IDS, *VARIANTS], help="highway-env's ids and variants; all if not given"
    )
    parser.add_argument("--longest", type=int, default=LONGEST, help="decisions of each episode at most")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="ids that are compared at the same time"
    )
    parser.add_argument("--out", type=Path, help="Markdown file to write; standard output if not given")
    parser.add_argument("--request", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.request:
        request = json.loads(options.request)
        found = _compare_here(request["names"], request["seeds"], request["longest"])
        sys.stdout.write("\n" + json.dumps([asdict(each) for each in found]) + "\n")
        return 0
    found = []
    with ThreadPoolExecutor(options.workers) as pool:  # each comparison is a process of its own
        seeds = range(options.seeds)
        for rows in pool.map(lambda name: compare([name], seeds, options.longest), options.ids):
            found += rows
            wrong = sum(each.difference is not None for each in rows)
            sys.stderr.write(f"{rows[0].name}: {len(rows)} seeds compared, {wrong} with a difference\n")
    page = _table(
        found, f"python -m scenarios.stock.face_check --seeds {options.seeds} --out docs/stock_check.md"
    )
    if options.out is None:
        sys.stdout.write(page)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(page, encoding="utf-8")
    return int(any(each.difference for each in found))


if __name__ == "__main__":
    sys.exit(main())
