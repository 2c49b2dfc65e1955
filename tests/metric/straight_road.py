"""A straight road of three lanes of 4 m with the ego in the middle one: worlds whose measures are plain."""

from collections.abc import Sequence

import numpy as np

from drivebench.evaluation.rollout import Rollout, roll_out_batch
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.scenario import Command, CommandSegment, Episode, Route
from drivebench.world import EntityKind, WorldBatch
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec

LENGTH_M = 1500.0
START_M = 100.0
MIDDLE_M = 4.0
"""y of the middle lane's centre; lanes lie at 0, 4 and 8."""
LIMIT_MPS = 25.0

LANES = [
    ("a", "b", LaneSpec.straight((0.0, 4.0 * lane), (LENGTH_M, 4.0 * lane), speed_limit_mps=LIMIT_MPS))
    for lane in range(3)
]
ONCOMING = ("b", "a", LaneSpec.straight((LENGTH_M, -4.0), (0.0, -4.0), speed_limit_mps=LIMIT_MPS))


def vehicle(
    ahead_m: float,
    aside_m: float,
    speed_mps: float,
    *,
    kind: EntityKind = EntityKind.IDM,
    heading_rad: float = 0.0,
    target_mps: float | None = None,
) -> VehicleSpec:
    """An entity at a place relative to the ego's start; it keeps its lane."""
    return VehicleSpec(
        kind=kind,
        x_m=START_M + ahead_m,
        y_m=MIDDLE_M + aside_m,
        heading_rad=heading_rad,
        speed_mps=speed_mps,
        target_speed_mps=target_mps,
        lane_changes=False,
    )


def episode(
    *others: VehicleSpec,
    speed_mps: float = 20.0,
    heading_rad: float = 0.0,
    aside_m: float = 0.0,
    goal_m: float = float("inf"),
    horizon_s: float = 20.0,
    oncoming: bool = False,
    half_width_m: float = 6.0,
) -> Episode:
    """An episode on this road: the ego begins in the middle lane, 100 m from the road's start."""
    network = build_network([*LANES, ONCOMING] if oncoming else LANES)
    ego = vehicle(0.0, aside_m, speed_mps, kind=EntityKind.EGO, heading_rad=heading_rad)
    xs = np.arange(0.0, LENGTH_M)
    route = Route.along(
        np.stack([xs, np.full_like(xs, MIDDLE_M)], axis=1),
        start_index=int(START_M),
        start_m=(START_M, MIDDLE_M),
        half_width_m=half_width_m,
        goal_from_start_m=goal_m,
        commands=(
            CommandSegment(start_m=-1000.0, command=Command.FOLLOW, text="Follow the road."),
            CommandSegment(start_m=100.0, command=Command.CHANGE_LEFT, text="Change to the left lane."),
        ),
    )
    return Episode(
        scenario="straight-v1",
        condition="nominal",
        seed=0,
        world=build_world(network, [ego, *others]),
        route=route,
        horizon_s=horizon_s,
        speed_limit_mps=LIMIT_MPS,
    )


def drive(
    one: Episode,
    actions: Sequence[tuple[float, float]] | tuple[float, float],
    reference: Reference | None = None,
) -> EpisodeMeasurement:
    """Drive an episode by a list of actions, the last of which is kept, or by one action throughout."""
    return rollout(one, actions, reference).measurement


def rollout(
    one: Episode,
    actions: Sequence[tuple[float, float]] | tuple[float, float],
    reference: Reference | None = None,
) -> Rollout:
    """The same, with the action log."""
    script = np.atleast_2d(np.asarray(actions, np.float32))
    decision = 0

    def decide(worlds: WorldBatch, monitor: Monitor, slots: np.ndarray) -> np.ndarray:
        nonlocal decision
        row = script[min(decision, len(script) - 1)]
        decision += 1
        return np.tile(row, (len(slots), 1))

    return roll_out_batch([one], [reference], decide)[0]
