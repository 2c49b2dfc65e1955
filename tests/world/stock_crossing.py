"""Drives stock highway-env's intersections and the compiled world side by side; see ``test_crossing.py``.

Run as a program in an environment in which NumPy rounds as the C library does; prints what was found as JSON.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random

from drivebench.world import WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from drivebench.world.open_takeover import random_words
from drivebench.world.world import World
from scenarios.stock.building import Builder, state_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.ids import stock_id
from scenarios.stock.upstream import stock_environment

MANOEUVRES = {"LANE_LEFT": 0, "IDLE": 1, "LANE_RIGHT": 2, "FASTER": 3, "SLOWER": 4}


@dataclass
class Found:
    """What an episode came to: where it first differs from stock, and how much happened."""

    seed: int
    decisions: int = 0
    differs: str = ""
    vehicles: int = 0
    entered: int = 0
    left: int = 0
    yielded: int = 0
    crashed: int = 0
    changes: int = 0


def built(env_id: str, config: dict[str, Any], seed: int) -> World:
    """The world of a stock intersection after its reset, whose warm-up was taken in the compiled world."""
    entry = stock_id(env_id)
    builder = Builder(entry, complete_configuration(entry, config), "parity")
    return builder.build(state_of(np_random(seed)[0])).world


def stock_state(environment: Any, network: Any) -> tuple[np.ndarray, np.ndarray]:
    """All that matters of all vehicles, in the order of the list: [columns, vehicles]."""
    floats, ints = [], []
    for vehicle in environment.road.vehicles:
        pending = vehicle.impact is not None
        floats.append(
            [
                *vehicle.position,
                vehicle.heading,
                vehicle.speed,
                getattr(vehicle, "timer", 0.0),
                getattr(vehicle, "target_speed", 0.0),
                getattr(vehicle, "DELTA", 0.0),
                *(vehicle.impact if pending else (0.0, 0.0)),
                getattr(vehicle, "lateral_speed", 0.0),
                getattr(vehicle, "yaw_rate", 0.0),
            ]
        )
        ints.append(
            [
                network.lane(vehicle.lane_index),
                network.lane(getattr(vehicle, "target_lane_index", vehicle.lane_index)),
                int(vehicle.crashed),
                int(pending),
                len(getattr(vehicle, "route", None) or ()),
                int(getattr(vehicle, "is_yielding", False)),
                int(vehicle in environment.controlled_vehicles),
                int(getattr(vehicle, "speed_index", 0)),
            ]
        )
    return np.array(floats, dtype=np.float64).T, np.array(ints).T


def own_state(batch: WorldBatch, slot: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The same of the compiled world."""
    f, i, n = EntityFloat, EntityInt, int(batch.vehicles[slot])
    numbers, integers = batch.entity_float[slot, :, :n], batch.entity_int[slot, :, :n]
    kind = integers[i.KIND]
    steered = (kind == EntityKind.PLAIN) | (kind == EntityKind.BICYCLE)
    pending = integers[i.HAS_IMPACT] != 0
    has_delta = (kind == EntityKind.IDM) | (kind == EntityKind.LINEAR)
    floats = np.stack(
        [
            *numbers[[f.X, f.Y, f.HEADING, f.SPEED, f.TIMER]],
            np.where(steered, 0.0, numbers[f.TARGET_SPEED]),
            np.where(has_delta, numbers[f.DELTA], 0.0),
            *np.where(pending, numbers[[f.IMPACT_X, f.IMPACT_Y]], 0.0),
            *numbers[[f.LATERAL_SPEED, f.YAW_RATE]],
        ]
    )
    ints = np.stack(
        [
            integers[i.LANE],
            np.where(steered, integers[i.LANE], integers[i.TARGET_LANE]),
            integers[i.CRASHED],
            integers[i.HAS_IMPACT],
            integers[i.ROUTE_LEFT],
            integers[i.YIELDING],
            integers[i.AGENT] >= 0,
            np.where(kind == EntityKind.CONTROLLED, integers[i.SPEED_INDEX], 0),
        ]
    )
    return floats, ints


def random_actions(environment: Any, rng: np.random.Generator) -> tuple[Any, np.ndarray, np.ndarray]:
    """An action of all agents for stock, and the same as commands and manoeuvres."""
    types = getattr(environment.action_type, "agents_action_types", [environment.action_type])
    commands, manoeuvres = np.zeros((1, len(types), 2)), np.ones((1, len(types)), dtype=np.int64)
    chosen = []
    for agent, action_type in enumerate(types):
        if hasattr(action_type, "actions"):
            action: Any = int(rng.integers(len(action_type.actions)))
            manoeuvres[0, agent] = MANOEUVRES[action_type.actions[action]]
        else:
            action = np.array([rng.uniform(-0.5, 0.7), rng.normal(0.0, 0.08)])
            given = action_type.get_action(action)
            commands[0, agent] = given["acceleration"], given["steering"]
        chosen.append(action)
    multiple = hasattr(environment.action_type, "agents_action_types")
    return tuple(chosen) if multiple else chosen[0], commands, manoeuvres


def first_difference(environment: Any, batch: WorldBatch, network: Any) -> str:
    """Where the compiled world differs from stock in a bit, empty if it does not."""
    ours, stock = own_state(batch), stock_state(environment, network)
    for name, one, other in zip(("floats", "integers"), ours, stock, strict=True):
        if one.shape != other.shape:
            return f"{one.shape[1]} vehicles, stock has {other.shape[1]}"
        wrong = np.argwhere(one != other)
        if len(wrong):
            row, column = wrong[0]
            return f"{name} row {row} of vehicle {column}: {one[row, column]!r}, stock {other[row, column]!r}"
    if tuple(int(word) for word in batch.random[0]) != random_words(environment.np_random):
        return "random numbers"
    return ""


def compare_episode(env_id: str, config: dict[str, Any], seed: int, decisions: int) -> Found:
    """Drive one episode in both, on after crashes, arrival and the time limit."""
    environment = stock_environment(env_id, seed=seed, config=config)
    world = built(env_id, config, seed)
    batch = WorldBatch([world], numerics="parity")
    found = Found(seed=seed, differs=first_difference(environment, batch, world.network))
    rng = np.random.default_rng([seed, 2])
    identities = set(batch.entity_int[0, EntityInt.IDENTITY, : batch.vehicles[0]].tolist())
    before = batch.snapshot(0)
    for decision in range(decisions):
        if found.differs:
            break
        if decision > 0:
            environment._clear_vehicles()
            environment._spawn_vehicle(spawn_probability=environment.config["spawn_probability"])
        action, commands, manoeuvres = random_actions(environment, rng)
        environment._simulate(action)
        batch.drive(commands, manoeuvres)
        difference = first_difference(environment, batch, world.network)
        if difference:
            found.differs = f"decision {decision}: {difference}"
        now = batch.snapshot(0)
        present = set(now.entity_int[EntityInt.IDENTITY].tolist())
        found.entered += len(present - identities)
        found.left += len(identities - present)
        same, past = (w.entity_int[EntityInt.IDENTITY] for w in (now, before))
        both = np.intersect1d(same, past)
        rows = [EntityInt.LANE, EntityInt.TARGET_LANE, EntityInt.CRASHED, EntityInt.YIELDING]
        one = now.entity_int[rows][:, np.isin(same, both)]
        found.changes += int((one != before.entity_int[rows][:, np.isin(past, both)]).sum())
        found.yielded += int(now.entity_int[EntityInt.YIELDING].sum())
        found.decisions, found.vehicles = decision + 1, max(found.vehicles, now.vehicles)
        identities, before = present, now
    environment._clear_vehicles()
    environment._spawn_vehicle(spawn_probability=environment.config["spawn_probability"])
    if not found.differs and batch.random_after(0) != random_words(environment.np_random):
        found.differs = "random numbers after the episode"
    found.crashed = int(before.entity_int[EntityInt.CRASHED].sum())
    return found


def main() -> None:
    """Compare the episodes that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--config", default="{}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--decisions", type=int, default=13)
    given = parser.parse_args()
    config = json.loads(given.config)
    found = [compare_episode(given.id, config, seed, given.decisions) for seed in range(given.seeds)]
    sys.stdout.write("\n" + json.dumps([asdict(episode) for episode in found]) + "\n")


if __name__ == "__main__":
    main()
