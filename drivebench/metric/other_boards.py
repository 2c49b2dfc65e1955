"""Scores of other boards, computed from the same events, for comparison.

They are what these boards' formulas give on our measurements, with the simplifications that are stated here;
they are not results on those boards.
"""

from drivebench.metric.events import Collision, Contact, Partner
from drivebench.metric.limits import MAKING_PROGRESS, STOPPED_MPS
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.parts import parts

__all__ = ["carla_driving_score", "nuplan_closed_loop_score"]

_CARLA_VEHICLE = 0.7
_CARLA_STATIC = 0.6
_CARLA_MIN_SPEED = 0.4


def carla_driving_score(measurement: EpisodeMeasurement, reference: Reference) -> float:
    """CARLA leaderboard 2.1's driving score in [0, 100]: ``RC · (1 − outside) / (1 + Σ c·n)``.

    Source: ``leaderboard/utils/statistics_manager.py`` on branch ``leaderboard-2.1`` of
    https://github.com/carla-simulator/leaderboard (2.0 and ``master`` multiply penalties instead). Every
    collision counts, whosever fault. The minimum-speed penalty compares the ego's way with its surrounding
    traffic over the whole episode rather than at four checkpoints, and is left out where there was no
    traffic. Pedestrians, lights, stop signs and emergency vehicles do not occur here.

    Args:
        measurement: What was measured.
        reference: Its distance stands for the route's length where an episode has no goal.
    """
    length_m = measurement.goal_m if measurement.goal_m is not None else reference.distance_m
    completion = min(1.0, max(0.0, measurement.progress_m / length_m))
    outside = measurement.off_road_m / measurement.distance_m if measurement.distance_m > 0.0 else 0.0
    weight = 0.0
    for event in measurement.events:
        if isinstance(event, Collision):
            weight += _CARLA_VEHICLE if event.partner is Partner.VEHICLE else _CARLA_STATIC
    if measurement.flow_m > 0.0:
        weight += _CARLA_MIN_SPEED * (1.0 - min(1.0, measurement.in_flow_m / measurement.flow_m))
    return 100.0 * completion * max(0.0, 1.0 - outside) / (1.0 + weight)


def nuplan_closed_loop_score(measurement: EpisodeMeasurement, reference: Reference) -> float:
    """The closed-loop score of nuPlan in [0, 1]: gates times a weighted mean.

    Source: ``docs/metrics_description.md`` and ``closed_loop_reactive_agents_weighted_average.yaml`` of
    https://github.com/motional/nuplan-devkit. Time to collision and comfort are all or nothing there, an ego
    that stands or is struck from behind is never at fault, and one collision with an object costs half. The
    driving direction is judged over the whole episode rather than within each second.

    Args:
        measurement: What was measured.
        reference: What the expert did on the same episode.
    """
    part = parts(measurement, reference)
    progress = min(1.0, max(0.0, measurement.reference_progress_m / reference.distance_m))
    collisions = 1.0
    for event in measurement.events:
        if isinstance(event, Collision) and _nuplan_fault(event):
            collisions *= 0.5 if event.partner is Partner.OBSTACLE else 0.0
    gates = collisions * part.dac * part.ddc * (1.0 if progress >= MAKING_PROGRESS else 0.0)
    clear = 1.0 if measurement.short_ttc_s <= 0.0 else 0.0
    comfortable = 1.0 if measurement.uncomfortable_nuplan_s <= 0.0 else 0.0
    mean = (5.0 * progress + 5.0 * clear + 4.0 * part.sl + 2.0 * comfortable) / 16.0
    return gates * mean


def _nuplan_fault(collision: Collision) -> bool:
    if abs(collision.ego_speed_mps) <= STOPPED_MPS:
        return False
    if collision.partner_speed_mps <= STOPPED_MPS or collision.contact is Contact.FRONT:
        return True
    return collision.contact is Contact.SIDE and collision.straddling
