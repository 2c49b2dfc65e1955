"""How the controlled vehicles of a stock environment are driven for the comparison.

A *random* ego takes uniformly random meta-actions, or lets acceleration and steering wander. A *sensible* one
keeps its distance, overtakes where there is room and follows its lane, or drives to its parking place; a
little wandering stays, so that no two episodes are alike. Both see stock's state and act on its terms.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scenarios.stock.parity.orders import action_types

__all__ = ["EGOS", "Ego", "EgoKind"]

EgoKind = Literal["random", "sensible"]
EGOS: tuple[EgoKind, ...] = ("random", "sensible")

_PULL = 0.95
_SPREAD = (0.08, 0.03)
_LEFT_ALONE = 0.2
"""How often a sensible ego tries the lane to its right without a reason."""


class Ego:
    """Drives all controlled vehicles of one episode."""

    def __init__(self, environment: Any, kind: EgoKind, seed: int) -> None:
        self._environment = environment
        self._sensible = kind == "sensible"
        self._random = np.random.default_rng([seed, EGOS.index(kind)])
        self._wander = np.zeros((len(action_types(environment)), 2))

    def action(self) -> Any:
        """The next action, as for the environment's ``step``."""
        actions: list[Any] = []
        for agent, kind in enumerate(action_types(self._environment)):
            drift = _PULL * self._wander[agent] + self._random.normal(0.0, _SPREAD)
            self._wander[agent] = np.clip(drift, -1.0, 1.0)
            if hasattr(kind, "get_action"):
                actions.append(self._continuous(kind, self._wander[agent]))
            else:
                actions.append(self._meta(kind))
        return tuple(actions) if hasattr(self._environment.action_type, "agents_action_types") else actions[0]

    def _meta(self, kind: Any) -> int:
        if not self._sensible:
            return int(self._random.integers(len(kind.actions)))
        wanted = _manoeuvre(kind.controlled_vehicle, curious=bool(self._random.random() < _LEFT_ALONE))
        return int(kind.actions_indexes.get(wanted, kind.actions_indexes["IDLE"]))

    def _continuous(self, kind: Any, wander: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        controls = np.array(wander)
        if self._sensible:
            vehicle = kind.controlled_vehicle
            goal = getattr(vehicle, "goal", None)
            acceleration, wheel = _follow(vehicle) if goal is None else _park(vehicle, goal)
            controls = np.array([acceleration, wheel / kind.steering_range[1]]) + 0.3 * wander
        chosen = [*controls[:1][: kind.longitudinal], *controls[1:][: kind.lateral]]
        bounded: npt.NDArray[np.float32] = np.clip(chosen, -1.0, 1.0).astype(np.float32)
        return bounded


def _gaps(vehicle: Any, lane: Any) -> tuple[float, float]:
    """Distances along its lane to those before and behind a vehicle on some lane, m."""
    front, rear = vehicle.road.neighbour_vehicles(vehicle, lane)
    return (
        np.inf if front is None else float(vehicle.lane_distance_to(front)),
        np.inf if rear is None else -float(vehicle.lane_distance_to(rear)),
    )


def _manoeuvre(vehicle: Any, *, curious: bool) -> str:
    """A meta-action that keeps the distance and overtakes where there is room."""
    network = vehicle.road.network
    lane = vehicle.lane_index
    ahead, _ = _gaps(vehicle, lane)
    wanted = 10.0 + 1.5 * max(vehicle.speed, 0.0)
    if vehicle.target_lane_index == lane and (ahead < wanted or curious):
        for side in network.side_lanes(lane):
            room, behind = _gaps(vehicle, side)
            right = side[2] > lane[2]
            if behind > 15.0 and (room > ahead + 10.0 or (curious and right and room > wanted)):
                return "LANE_RIGHT" if right else "LANE_LEFT"
    if ahead < wanted:
        return "SLOWER"
    return "FASTER" if ahead > 1.5 * wanted else "IDLE"


def _follow(vehicle: Any) -> tuple[float, float]:
    """Acceleration in [-1, 1] and front wheel angle in rad that keep a vehicle on its lane, or overtake."""
    network, index = vehicle.road.network, vehicle.lane_index
    ahead, _ = _gaps(vehicle, index)
    if ahead < 10.0 + 1.5 * max(vehicle.speed, 0.0):
        for side in network.side_lanes(index):
            room, behind = _gaps(vehicle, side)
            if room > ahead + 5.0 and behind > 10.0:
                index, ahead = side, room
    lane = network.get_lane(index)
    s, r = lane.local_coordinates(vehicle.position)
    limit = 20.0 if lane.speed_limit is None else lane.speed_limit
    safe = max(ahead - 8.0, 0.0) / 1.5
    acceleration = 0.3 * (min(limit, safe) - vehicle.speed)
    return acceleration, _turn(lane.heading_at(s + 4.0) - vehicle.heading) - 0.12 * r


def _park(vehicle: Any, goal: Any) -> tuple[float, float]:
    """The same towards a parking place, in reverse when it lies behind."""
    offset = goal.position - vehicle.position
    distance = float(np.hypot(*offset))
    bearing = _turn(float(np.arctan2(offset[1], offset[0])) - vehicle.heading)
    backwards = abs(bearing) > np.pi / 2
    wanted = min(0.5 * distance, 4.0) * (-1.0 if backwards else 1.0)
    wheel = -_turn(bearing - np.pi) if backwards else bearing
    return 0.5 * (wanted - vehicle.speed), wheel


def _turn(angle: float) -> float:
    """An angle in [-pi, pi)."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
