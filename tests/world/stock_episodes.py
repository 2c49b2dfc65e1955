"""Stock highway-env and the compiled world in parity numerics, side by side; run in an oracle process.

``python tests/world/stock_episodes.py CASE --seeds 10 --decisions 40`` prints a JSON record of each episode.
Processes are started with ``ORACLE_ENVIRONMENT``; see ``scenarios.stock.parity`` for why.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from drivebench.world import World, WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.network import RoadNetwork
from drivebench.world.takeover import take_world
from scenarios.stock.parity import ORACLE_ENVIRONMENT
from scenarios.stock.upstream import environment_without_reward, stock_environment

META = {"type": "DiscreteMetaAction"}
CONTINUOUS = {"type": "ContinuousAction"}
DYNAMICAL = {"type": "ContinuousAction", "dynamical": True}
NO_COMMAND = {"acceleration": 0.0, "steering": 0.0}
MANOEUVRES = ("LANE_LEFT", "IDLE", "LANE_RIGHT", "FASTER", "SLOWER")


@dataclass
class Episode:
    """What became of one episode; ``broken`` says when and how the two sides first differed."""

    seed: int
    decisions: int = 0
    changes: int = 0
    crashes: int = 0
    hits: int = 0
    broken: str | None = None


class Scene:
    """A stock environment with its agents, and how they act."""

    def __init__(self, environment: Any, wander: tuple[float, float]) -> None:
        self.environment = environment
        self.wander = wander
        self.action = np.zeros((len(environment.controlled_vehicles), 2))
        self.agents = list(environment.controlled_vehicles)
        self.hz = environment.config["simulation_frequency"], environment.config["policy_frequency"]

    @property
    def road(self) -> Any:
        return self.environment.road

    def world(self) -> World:
        kind = self.environment.action_type
        return take_world(
            self.road,
            self.agents[0],
            exact=True,
            agents=self.agents,
            simulation_hz=self.hz[0],
            policy_hz=self.hz[1],
            speed_range=getattr(kind, "speed_range", None),
        )

    def decide(self, rng: np.random.Generator) -> tuple[list[dict[str, float]], list[int]]:
        """Let stock take one decision, and say what was commanded to each agent."""
        kind = self.environment.action_type
        single = getattr(kind, "agents_action_types", [kind])
        commands, manoeuvres, actions = [], [], []
        self.action = np.clip(0.9 * self.action + rng.normal(0.0, self.wander, self.action.shape), -1, 1)
        for place, one in enumerate(single):
            if hasattr(one, "get_action"):
                action = self.action[place, -one.size :]
                commands.append(one.get_action(action))
                manoeuvres.append(1)
            else:
                action = int(rng.integers(len(one.actions)))
                commands.append(NO_COMMAND)
                manoeuvres.append(MANOEUVRES.index(one.actions[action]))
            actions.append(action)
        kind.act(tuple(actions) if hasattr(kind, "agents_action_types") else actions[0])
        self.environment._simulate()
        return commands, manoeuvres


class RoadScene:
    """A road that is nobody's environment, with one vehicle under meta-actions or continuous ones."""

    hz = (15, 5)

    def __init__(self, road: Any, ego: Any) -> None:
        self.road, self.agents = road, [ego]

    def world(self) -> World:
        return take_world(self.road, self.agents[0], exact=True)

    def decide(self, rng: np.random.Generator) -> tuple[list[dict[str, float]], list[int]]:
        ego = self.agents[0]
        commands, manoeuvre = NO_COMMAND, 1
        if hasattr(ego, "target_speeds"):
            manoeuvre = int(rng.integers(5))
            ego.act(MANOEUVRES[manoeuvre])
        else:
            commands = dict(zip(("acceleration", "steering"), rng.normal(0.0, [2.0, 0.1]), strict=True))
            ego.act(dict(commands))
        for _ in range(self.hz[0] // self.hz[1]):
            self.road.act()
            self.road.step(1 / self.hz[0])
        return [commands], [manoeuvre]


def stock_state(entities: Sequence[Any], network: RoadNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Everything of a stock vehicle that its future depends on."""
    floats, integers = [], []
    for e in entities:
        impact = getattr(e, "impact", None)
        pending = impact if hasattr(e, "action") and impact is not None else (0.0, 0.0)
        action = getattr(e, "action", {"steering": 0.0, "acceleration": 0.0})
        floats.append(
            [
                *e.position,
                e.heading,
                e.speed,
                getattr(e, "timer", 0.0),
                getattr(e, "lateral_speed", 0.0),
                getattr(e, "yaw_rate", 0.0),
                getattr(e, "target_speed", 0.0),
                action["steering"],
                action["acceleration"],
                *pending,
            ]
        )
        target = getattr(e, "target_lane_index", e.lane_index)
        integers.append(
            [
                network.lane(e.lane_index),
                network.lane(target),
                int(e.crashed),
                int(e.hit),
                len(getattr(e, "route", None) or ()),
            ]
        )
    return np.array(floats, dtype=np.float64).T, np.array(integers).T


FLOATS = (
    EntityFloat.X,
    EntityFloat.Y,
    EntityFloat.HEADING,
    EntityFloat.SPEED,
    EntityFloat.TIMER,
    EntityFloat.LATERAL_SPEED,
    EntityFloat.YAW_RATE,
    EntityFloat.TARGET_SPEED,
    EntityFloat.STEERING,
    EntityFloat.ACCELERATION,
    EntityFloat.IMPACT_X,
    EntityFloat.IMPACT_Y,
)
INTEGERS = (EntityInt.LANE, EntityInt.TARGET_LANE, EntityInt.CRASHED, EntityInt.HIT, EntityInt.ROUTE_LEFT)


def own_state(batch: WorldBatch, follows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    numbers, integers = batch.entity_float[0].copy(), batch.entity_int[0].copy()
    pending = integers[EntityInt.HAS_IMPACT] != 0
    for row in (EntityFloat.IMPACT_X, EntityFloat.IMPACT_Y):
        numbers[row] = np.where(pending, numbers[row], 0.0)
    integers[EntityInt.TARGET_LANE] = np.where(
        follows, integers[EntityInt.TARGET_LANE], integers[EntityInt.LANE]
    )
    return numbers[list(FLOATS)], integers[list(INTEGERS)]


def difference(one: np.ndarray, other: np.ndarray, names: Sequence[Any]) -> str | None:
    if one.tobytes() == np.ascontiguousarray(other).tobytes():
        return None
    rows, columns = np.nonzero((one != other) | (np.signbit(one) != np.signbit(other)))
    row, column = int(rows[0]), int(columns[0])
    return f"{names[row].name} of entity {column}: {one[row, column]!r} instead of {other[row, column]!r}"


def drive(scene: Any, seed: int, decisions: int) -> Episode:
    """One episode to its end, crashes notwithstanding."""
    rng = np.random.default_rng([seed, 7])
    world = scene.world()
    batch = WorldBatch([world], numerics="parity")
    entities = [*scene.road.vehicles, *scene.road.objects]
    follows = np.array([hasattr(entity, "target_lane_index") for entity in entities])
    episode = Episode(seed=seed)
    before = own_state(batch, follows)[1]
    for decision in range(decisions):
        commands, manoeuvres = scene.decide(rng)
        given = np.array([[[c["acceleration"], c["steering"]] for c in commands]], dtype=np.float64)
        batch.drive(given, np.array([manoeuvres], dtype=np.int64))
        episode.decisions += 1
        floats, integers = own_state(batch, follows)
        expected = stock_state(entities, world.network)
        episode.changes += int((integers[:3] != before[:3]).sum())
        before = integers
        found = difference(integers, expected[1], INTEGERS) or difference(floats, expected[0], FLOATS)
        if found:
            episode.broken = f"decision {decision}: {found}"
            break
    episode.crashes, episode.hits = int(before[2].sum()), int(before[3].sum())
    return episode


CASES: dict[str, Callable[[int], Any]] = {}
"""Scenes by name, made from a seed."""


def _environment_case(
    env_id: str,
    config: Mapping[str, Any],
    *,
    rewardless: bool = False,
    wander: tuple[float, float] = (0.3, 0.1),
) -> Callable[[int], Scene]:
    make = environment_without_reward if rewardless else stock_environment
    return lambda seed: Scene(make(env_id, seed=seed, config=config), wander)


for _style in ("Linear", "Aggressive", "Defensive"):
    for _id in (
        "highway-v0",
        "merge-v0",
        "merge-v1",
        "roundabout-v0",
        "roundabout-v1",
        "u-turn-v0",
        "two-way-v0",
        "exit-v0",
    ):
        _config: dict[str, Any] = {"other_vehicles_type": f"highway_env.vehicle.behavior.{_style}Vehicle"}
        if _id == "highway-v0":
            _config["vehicles_count"] = 20
        CASES[f"{_style} {_id}"] = _environment_case(_id, _config)
CASES["Linear roundabout-v1, continuous"] = _environment_case(
    "roundabout-v1",
    {"other_vehicles_type": "highway_env.vehicle.behavior.LinearVehicle"},
    rewardless=True,
)

CASES["Bicycle lane-keeping-v0"] = _environment_case("lane-keeping-v0", {})
for _id, _more in {
    "highway-v0": {"vehicles_count": 10},
    "racetrack-v0": {"other_vehicles": 3},
    "roundabout-v1": {},
    "merge-v1": {},
}.items():
    CASES[f"Bicycle {_id}"] = _environment_case(
        _id, {"action": DYNAMICAL, "policy_frequency": 5, **_more}, rewardless=True
    )

_TWO = {
    "controlled_vehicles": 2,
    "action": {"type": "MultiAgentAction", "action_config": CONTINUOUS},
    "observation": {
        "type": "MultiAgentObservation",
        "observation_config": {
            "type": "KinematicsGoal",
            "features": ["x", "y", "vx", "vy", "cos_h", "sin_h"],
            "scales": [100, 100, 5, 5, 1, 1],
            "normalize": False,
        },
    },
}
for _id, _more in {
    "parking-v0": {},
    "parking-parked-v0": {},
    "parking-ActionRepeat-v0": {"policy_frequency": 1},
    "parking-parked-v0, speed range": {"action": {**CONTINUOUS, "speed_range": (-3.3, 4.1)}},
    "parking-v0, two agents": {**_TWO, "vehicles_count": 20},
}.items():
    CASES[f"Parking {_id}"] = _environment_case(_id.split(",")[0], _more, rewardless=True, wander=(0.3, 0.25))


def near_the_goal(seed: int) -> Scene:
    """A parking ego that starts around its goal, and so touches it."""
    scene = CASES["Parking parking-v0"](seed)
    ego = scene.agents[0]
    rng = np.random.default_rng([seed, 5])
    ego.position = ego.goal.position + rng.uniform(-5.0, 5.0, 2)
    ego.heading = ego.goal.heading + rng.normal(0.0, 0.3)
    ego.on_state_update()
    return scene


CASES["Parking parking-v0 near the goal"] = near_the_goal


def curve(rng: np.random.Generator, start: np.ndarray, heading: float, pieces: int) -> np.ndarray:
    """[K, 2] points of a winding curve from a start on, three to eight metres apart."""
    points, bend = [np.array(start, dtype=np.float64)], 0.0
    for _ in range(pieces):
        bend = 0.8 * bend + rng.normal(0.0, 0.08)
        heading += bend
        points.append(points[-1] + rng.uniform(3.0, 8.0) * np.array([np.cos(heading), np.sin(heading)]))
    return np.array(points)


def beside(points: np.ndarray, lateral: float | np.ndarray) -> np.ndarray:
    """The same curve further to the right."""
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return points + np.reshape(lateral, (-1, 1)) * np.stack([-along[:, 1], along[:, 0]], axis=1)


def polyline_road(seed: int, style: str) -> RoadScene:
    """Two winding lanes, then two between boundaries, then one; a ramp joins them and a fork leaves."""
    from highway_env.road.lane import PolyLane, PolyLaneFixedWidth, StraightLane
    from highway_env.road.road import Road, RoadNetwork
    from highway_env.vehicle.behavior import IDMVehicle
    from highway_env.vehicle.controller import MDPVehicle
    from highway_env.vehicle.kinematics import Vehicle
    from highway_env.vehicle.objects import Obstacle

    rng = np.random.default_rng([seed, 3])
    middle = curve(rng, np.zeros(2), rng.uniform(-3, 3), 60)
    network = RoadNetwork()
    parts = [("a", "b", middle[:26]), ("b", "c", middle[25:45]), ("c", "d", middle[44:])]
    for origin, destination, points in parts:
        for side in (0, 1) if origin != "c" else (0,):
            lane = beside(points, 4.0 * side)
            if origin == "b":
                widths = rng.uniform(1.5, 3.5, len(points))
                lane_ = PolyLane(
                    lane, beside(lane, -widths), beside(lane, widths[::-1]), line_types=(1, 1), speed_limit=15
                )
            else:
                lane_ = PolyLaneFixedWidth(
                    lane, width=rng.uniform(3.5, 5.0), line_types=(1, 1), speed_limit=18
                )
            network.add_lane(origin, destination, lane_)
    ramp = beside(middle[:26], np.linspace(25.0, 5.0, 26))
    network.add_lane("j", "b", PolyLaneFixedWidth(ramp, forbidden=bool(seed % 2), speed_limit=None))
    tangent = middle[44] - middle[43]
    network.add_lane("c", "e", StraightLane(middle[44], middle[44] + 12 * tangent, line_types=(1, 1)))
    road = Road(
        network, np_random=np.random.RandomState(seed), neighbour_vehicles_connected_lanes=seed % 3 > 0
    )
    lanes = [("a", "b", 0), ("a", "b", 1), ("j", "b", 0), ("b", "c", 0), ("b", "c", 1), ("c", "d", 0)]

    def place(kind: Any, **settings: Any) -> Any:
        index = lanes[int(rng.integers(len(lanes)))]
        lane = network.get_lane(index)
        s = rng.uniform(-2.0, lane.length - 5.0)
        position = lane.position(s, rng.normal(0.0, 0.4))
        return kind(road, position, lane.heading_at(s) + rng.normal(0, 0.02), rng.uniform(6, 14), **settings)

    ego = place(Vehicle if style == "plain" else MDPVehicle)
    if style == "meta":
        ego.target_speeds = np.array([5.0, 10.0, 15.0])
    road.vehicles.append(ego)
    for number in range(9):
        car = place(IDMVehicle)
        car.DELTA = rng.uniform(3.5, 4.5)
        if number % 2:
            car.plan_route_to("d" if number % 4 == 1 else "e")
        road.vehicles.append(car)
    road.objects.append(Obstacle(road, middle[-2]))
    return RoadScene(road, ego)


for _style in ("meta", "plain"):
    CASES[f"Polyline traffic, {_style} ego"] = partial(polyline_road, style=_style)


def run(case: str, seeds: int, decisions: int) -> list[Episode]:
    """Drive episodes of a case in an oracle process."""
    result = subprocess.run(
        [sys.executable, Path(__file__), case, "--seeds", str(seeds), "--decisions", str(decisions)],
        env={**os.environ, **ORACLE_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return [Episode(**record) for record in json.loads(result.stdout.splitlines()[-1])]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--decisions", type=int, default=40)
    options = parser.parse_args()
    wanted = [name for name in CASES if name.startswith(options.case)]
    assert wanted, f"no case {options.case}; known: {', '.join(CASES)}"
    episodes = []
    for name in wanted:
        found = [drive(CASES[name](seed), seed, options.decisions) for seed in range(options.seeds)]
        sys.stderr.write(
            f"{name}: {sum(e.broken is None for e in found)}/{len(found)} identical, "
            f"{sum(e.decisions for e in found)} decisions, {sum(e.changes for e in found)} changes, "
            f"{sum(e.crashes for e in found)} crashed, {sum(e.hits for e in found)} hit\n"
        )
        for episode in found:
            if episode.broken:
                sys.stderr.write(f"   seed {episode.seed}: {episode.broken}\n")
        episodes += found
    sys.stdout.write("\n" + json.dumps([asdict(episode) for episode in episodes]) + "\n")


if __name__ == "__main__":
    main()
