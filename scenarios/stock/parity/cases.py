"""What is compared: each id as it is registered, and variants of its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from drivebench.world import World
from drivebench.world.takeover import take_network, take_traffic, take_world
from scenarios.stock.building import Builder, state_of_seed
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.crossing import exits, take_open_traffic
from scenarios.stock.ids import IDS
from scenarios.stock.parity.winding_scene import winding_scene
from scenarios.stock.upstream import own_environment, vehicle_class

__all__ = ["CASES", "VARIANTS", "ParityCase"]


@dataclass(frozen=True, kw_only=True)
class ParityCase:
    """A stock environment to compare with.

    Attributes:
        name: Of the case.
        env_id: Id of the environment.
        config: Settings that differ from its defaults.
        constants: Constants of the traffic's class that are changed first, as the intersection does.
        scene: Makes the environment from a seed, with ``env_id`` beneath but another road or other places of
            its vehicles; None for the environment as it is reset.
    """

    name: str
    env_id: str
    config: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    scene: Callable[[int], Any] | None = None

    def environment(self, seed: int) -> Any:
        """highway-env's environment after its reset with a seed."""
        if self.scene is not None:
            return self.scene(seed)
        return own_environment(self.env_id, seed=seed, config=self.config)

    @cached_property
    def _builder(self) -> Builder:
        entry = IDS[self.env_id]
        return Builder(entry, complete_configuration(entry, self.config), "parity")

    def build(self, seed: int) -> World | None:
        """The world that drivebench's own environment starts from; None if there is no such environment."""
        if self.scene is not None or self.constants:
            return None
        return self._builder.build(state_of_seed(seed)).world

    def take(self, environment: Any) -> World:
        """The world of an environment that was just reset, with every bit as it is."""
        traffic = vehicle_class(environment.config["other_vehicles_type"])
        graph = environment.road.network.graph
        is_open = hasattr(environment, "_spawn_vehicle")
        network = take_network(
            graph,
            connected_lanes=bool(environment.road.neighbour_vehicles_connected_lanes),
            exact=True,
            exits=exits(graph) if is_open else (),
        )
        return take_world(
            environment.road,
            environment.vehicle,
            exact=True,
            agents=environment.controlled_vehicles,
            simulation_hz=environment.config["simulation_frequency"],
            policy_hz=environment.config["policy_frequency"],
            speed_range=getattr(environment.action_type, "speed_range", None),
            traffic=take_traffic(traffic),
            open_traffic=take_open_traffic(environment, network, traffic) if is_open else None,
            network=network,
        )


def _variant(
    env_id: str, what: str, /, config: Mapping[str, Any], constants: Mapping[str, float] | None = None
) -> ParityCase:
    return ParityCase(name=f"{env_id}, {what}", env_id=env_id, config=config, constants=constants or {})


CONTINUOUS = {"action": {"type": "ContinuousAction"}, "policy_frequency": 5}
DYNAMICAL = {"action": {"type": "ContinuousAction", "dynamical": True}, "policy_frequency": 5}
"""With tyre forces."""
KINEMATICS = {"observation": {"type": "Kinematics"}}
"""Instead of the times to collision, which ask for the target speeds of an ego with meta-actions."""
OTHER_CONSTANTS = {"POLITENESS": 0.3, "DISTANCE_WANTED": 7.0, "COMFORT_ACC_MAX": 6.0, "COMFORT_ACC_MIN": -3.0}
POLITE = {"POLITENESS": 0.5}


def _traffic(name: str) -> dict[str, str]:
    return {"other_vehicles_type": f"highway_env.vehicle.behavior.{name}Vehicle"}


def _near_the_goal(seed: int) -> Any:
    """A parking lot whose ego starts around its goal, and so touches it."""
    environment = own_environment("parking-v0", seed=seed)
    rng, ego = np.random.default_rng([seed, 5]), environment.vehicle
    ego.position = ego.goal.position + rng.uniform(-5.0, 5.0, 2)
    ego.heading = ego.goal.heading + rng.normal(0.0, 0.3)
    ego.on_state_update()
    return environment


def _winding(what: str, action: Mapping[str, Any]) -> ParityCase:
    return ParityCase(
        name=f"winding road, {what}", env_id="highway-v0", scene=partial(winding_scene, action=action)
    )


def _agents(action: str, observation: Mapping[str, Any]) -> dict[str, Any]:
    """Several vehicles with actions and observations of their own."""
    return {
        "action": {"type": "MultiAgentAction", "action_config": {"type": action}},
        "observation": {"type": "MultiAgentObservation", "observation_config": observation},
    }


_STYLED = (
    "highway-fast-v0",
    "merge-v0",
    "merge-v1",
    "roundabout-v0",
    "roundabout-v1",
    "u-turn-v0",
    "u-turn-v1",
    "two-way-v0",
    "exit-v0",
)
"""Where other traffic than IDM drives."""

KINEMATIC = {
    "action": {
        "type": "ContinuousAction",
        "steering_range": [-1.0, 1.0],
        "longitudinal": True,
        "lateral": True,
        "dynamical": False,
        "target_speeds": [0, 4.5, 9],
    }
}
"""The intersection's continuous ego, without the tyre forces that it has by default."""

PARKING_GOAL = {
    "type": "KinematicsGoal",
    "features": ["x", "y", "vx", "vy", "cos_h", "sin_h"],
    "scales": [100, 100, 5, 5, 1, 1],
    "normalize": False,
}

CASES = {env_id: ParityCase(name=env_id, env_id=env_id) for env_id in IDS}
"""Each id with its own default configuration, by name."""

VARIANTS = {
    case.name: case
    for case in (
        _variant("highway-v0", "continuous", CONTINUOUS),
        _variant("merge-v1", "continuous", CONTINUOUS),
        _variant("roundabout-v1", "continuous", CONTINUOUS),
        _variant("two-way-v0", "continuous", {**CONTINUOUS, **KINEMATICS}),
        _variant("u-turn-v1", "continuous", {**CONTINUOUS, **KINEMATICS}),
        _variant("exit-v1", "continuous", {**CONTINUOUS, "simulation_frequency": 15}),
        _variant("highway-v0", "tyre forces", {**DYNAMICAL, "vehicles_count": 10}),
        _variant("merge-v1", "tyre forces", DYNAMICAL),
        _variant("roundabout-v1", "tyre forces", DYNAMICAL),
        _variant("racetrack-v0", "tyre forces, 3 others", {**DYNAMICAL, "other_vehicles": 3}),
        _variant("highway-fast-v0", "connected lanes", {"neighbour_vehicles_connected_lanes": True}),
        _variant("two-way-v0", "connected lanes", {"neighbour_vehicles_connected_lanes": True}),
        _variant("racetrack-v1", "separate lanes", {"neighbour_vehicles_connected_lanes": False}),
        _variant("highway-fast-v0", "polite traffic", {}, POLITE),
        _variant("roundabout-v0", "polite traffic", {}, POLITE),
        _variant("merge-generic-v1", "polite traffic", {}, POLITE),
        _variant("racetrack-v1", "8 others", {"other_vehicles": 8}),
        _variant("racetrack-v1", "8 others, other constants", {"other_vehicles": 8}, OTHER_CONSTANTS),
        _variant("racetrack-large-v1", "8 others", {"other_vehicles": 8}),
        _variant("racetrack-oval-v1", "obstacles, 8 others", {"block_lane": True, "other_vehicles": 8}),
        _variant("racetrack-oval-v0", "other obstacles", {"force_decision": True, "other_vehicles": 4}),
        _variant("racetrack-oval-v1", "5 lanes", {"length": 150, "no_lanes": 5, "other_vehicles": 8}),
        _variant("exit-v1", "dense", {"vehicles_density": 3.0, "vehicles_count": 40}),
        _variant("highway-fast-v0", "dense", {"vehicles_count": 50, "vehicles_density": 2.0}),
        _variant("merge-generic-v1", "4 lanes", {"lanes_count": 4, "vehicles_count": 10}),
        _variant(
            "merge-generic-v0",
            "other lengths",
            {
                "lanes_count": 3,
                "vehicles_count": 8,
                "before_merge_length": 80,
                "converge_merge_length": 50,
                "parallel_merge_length": 120,
                "after_merge_length": 200,
            },
        ),
        _variant("roundabout-generic-v1", "3 lanes", {"roundabout_lanes": 3, "vehicles_count": 8}),
        _variant(
            "roundabout-generic-v0",
            "small",
            {"roundabout_lanes": 1, "roundabout_radius": 15, "vehicles_count": 6},
        ),
        *(
            _variant(env_id, f"{name.lower()} traffic", _traffic(name))
            for name in ("Linear", "Aggressive", "Defensive")
            for env_id in _STYLED
        ),
        _variant("merge-generic-v0", "defensive traffic", _traffic("Defensive")),
        _variant("roundabout-v1", "continuous, linear traffic", {**CONTINUOUS, **_traffic("Linear")}),
        _variant("intersection-v0", "linear traffic", _traffic("Linear")),
        _variant("intersection-v2", "aggressive traffic", _traffic("Aggressive")),
        _variant("intersection-v0", "continuous", CONTINUOUS),
        _variant("intersection-v1", "kinematic", KINEMATIC),
        _variant("intersection-v1", "connected lanes", {"neighbour_vehicles_connected_lanes": True}),
        _variant("intersection-v1", "5 Hz", {"policy_frequency": 5}),
        _variant("intersection-v0", "dense", {"initial_vehicle_count": 20, "spawn_probability": 1.0}),
        _variant("intersection-multi-agent-v1", "4 agents", {"controlled_vehicles": 4, "destination": None}),
        _variant("merge-v0", "30 Hz", {"simulation_frequency": 30, "policy_frequency": 2}),
        _variant(
            "highway-v0",
            "3 agents",
            {
                "controlled_vehicles": 3,
                "vehicles_count": 20,
                **_agents("DiscreteMetaAction", {"type": "Kinematics"}),
            },
        ),
        _variant(
            "parking-v0",
            "2 agents, other cars",
            {"controlled_vehicles": 2, "vehicles_count": 20, **_agents("ContinuousAction", PARKING_GOAL)},
        ),
        _variant(
            "parking-parked-v0",
            "speed range",
            {"action": {"type": "ContinuousAction", "speed_range": (-3.3, 4.1)}},
        ),
        ParityCase(name="parking-v0, near the goal", env_id="parking-v0", scene=_near_the_goal),
        _winding("meta-actions", {"type": "DiscreteMetaAction", "target_speeds": [5.0, 10.0, 15.0]}),
        _winding("continuous", {"type": "ContinuousAction"}),
    )
}
"""Configurations that differ from the defaults, by name; a few seeds each."""
