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
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import drivebench  # noqa: F401 (importing it registers the ids)
from drivebench.errors import ConfigurationError
from drivebench.gymnasium_ids import NAMESPACE, register_environment
from scenarios.stock.ids import ENVIRONMENTS, IDS, Family, stock_id
from scenarios.stock.parity import ORACLE_ENVIRONMENT
from scenarios.stock.upstream import register_stock_ids

__all__ = ["Comparison", "compare", "differences"]

EPISODES = 2
"""From each seed: one of the seed, one that goes on with its random numbers."""

LONGEST = 100
"""Decisions of an episode that are compared at most, where the command is not told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found of one seed of one id.

    Attributes:
        name: highway-env's id.
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
        if (
            left.shape != right.shape
            or not typed
            or not np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
        ):
            yield f"{path}: {one!r} and {other!r}"


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
        name: highway-env's id.
        seed: Of the first reset.
        longest: Bound on the decisions of each episode.
    """
    stock, ours = gymnasium.make(name), gymnasium.make(f"{NAMESPACE}/stock-{name}")
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
        names: highway-env's ids.
        seeds: Of the first resets.
        longest: Bound on the decisions of each episode.

    Raises:
        ConfigurationError: A process failed; the message has its output.
    """
    crossings = [name for name in names if stock_id(name).family is Family.INTERSECTION]
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
    parser.add_argument("--ids", nargs="*", default=list(IDS), help="highway-env's ids; all if not given")
    parser.add_argument("--longest", type=int, default=LONGEST, help="decisions of each episode at most")
    parser.add_argument("--out", type=Path, help="Markdown file to write; standard output if not given")
    parser.add_argument("--request", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.request:
        request = json.loads(options.request)
        found = _compare_here(request["names"], request["seeds"], request["longest"])
        sys.stdout.write("\n" + json.dumps([asdict(each) for each in found]) + "\n")
        return 0
    found = []
    for name in options.ids:
        found += compare([name], range(options.seeds), options.longest)
        sys.stderr.write(f"{name}: compared\n")
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
