"""What is compared: each id as it is registered, and variants of its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivebench.world import World
from drivebench.world.open_takeover import take_open_traffic
from drivebench.world.takeover import take_network, take_traffic, take_world
from scenarios.stock.ids import IDS
from scenarios.stock.upstream import vehicle_class

__all__ = ["CASES", "VARIANTS", "ParityCase"]


@dataclass(frozen=True, kw_only=True)
class ParityCase:
    """A stock environment to compare with.

    Attributes:
        name: Of the case.
        env_id: Id of the environment.
        config: Settings that differ from its defaults.
        constants: Constants of the traffic's class that are changed first, as the intersection does.
    """

    name: str
    env_id: str
    config: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)

    def take(self, environment: Any) -> World:
        """The world of an environment that was just reset, with every bit as it is."""
        traffic = vehicle_class(environment.config["other_vehicles_type"])
        network = take_network(
            environment.road.network.graph,
            connected_lanes=bool(environment.road.neighbour_vehicles_connected_lanes),
            exact=True,
        )
        is_open = hasattr(environment, "_spawn_vehicle")
        return take_world(
            environment.road,
            environment.vehicle,
            exact=True,
            agents=environment.controlled_vehicles,
            simulation_hz=environment.config["simulation_frequency"],
            policy_hz=environment.config["policy_frequency"],
            traffic=take_traffic(traffic),
            open_traffic=take_open_traffic(environment, network, traffic) if is_open else None,
            network=network,
        )


def _variant(
    env_id: str, what: str, /, config: Mapping[str, Any], constants: Mapping[str, float] | None = None
) -> ParityCase:
    return ParityCase(name=f"{env_id}, {what}", env_id=env_id, config=config, constants=constants or {})


CONTINUOUS = {"action": {"type": "ContinuousAction"}, "policy_frequency": 5}
KINEMATICS = {"observation": {"type": "Kinematics"}}
"""Instead of the times to collision, which ask for the target speeds of an ego with meta-actions."""
OTHER_CONSTANTS = {"POLITENESS": 0.3, "DISTANCE_WANTED": 7.0, "COMFORT_ACC_MAX": 6.0, "COMFORT_ACC_MIN": -3.0}
POLITE = {"POLITENESS": 0.5}


def _traffic(name: str) -> dict[str, str]:
    return {"other_vehicles_type": f"highway_env.vehicle.behavior.{name}Vehicle"}


def _agents(action: str, observation: Mapping[str, Any]) -> dict[str, Any]:
    """Several vehicles with actions and observations of their own."""
    return {
        "action": {"type": "MultiAgentAction", "action_config": {"type": action}},
        "observation": {"type": "MultiAgentObservation", "observation_config": observation},
    }


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
        _variant("highway-fast-v0", "linear traffic", _traffic("Linear")),
        _variant("roundabout-v1", "aggressive traffic", _traffic("Aggressive")),
        _variant("merge-generic-v0", "defensive traffic", _traffic("Defensive")),
        _variant("u-turn-v1", "linear traffic", _traffic("Linear")),
        _variant("intersection-v0", "linear traffic", _traffic("Linear")),
        _variant("intersection-v2", "aggressive traffic", _traffic("Aggressive")),
        _variant("intersection-v0", "continuous", CONTINUOUS),
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
            {"controlled_vehicles": 2, "vehicles_count": 6, **_agents("ContinuousAction", PARKING_GOAL)},
        ),
    )
}
"""Configurations that differ from the defaults, by name; a few seeds each."""
