"""Episodes whose measurements are pinned: ``python tests/metric/golden_episodes.py`` writes them again.

When ``test_golden.py`` fails, a change has altered what some episode measures or scores. If that was meant,
raise ``METRIC_VERSION`` in ``drivebench/metric/score.py`` (unless this version was never released), write the
file again, and say in the commit which numbers changed and why.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path

from straight_road import drive, episode, vehicle

from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs, metric_digest
from drivebench.world import EntityKind

FILE = Path(__file__).with_name("golden.json")
REFERENCE = Reference(time_s=20.0, distance_m=400.0)
WEAVING = [(0.2, 0.02 * math.sin(0.7 * k)) for k in range(100)]


def measurements() -> dict[str, EpisodeMeasurement]:
    """A little of everything that is measured."""
    leader, follower = vehicle(40.0, 0.0, 15.0), vehicle(-20.0, 0.0, 22.0)
    beside = [vehicle(12.0 * k, 4.0, 20.0 + k, kind=EntityKind.IDM) for k in range(-2, 4)]
    obstacle = vehicle(150.0, 0.0, 0.0, kind=EntityKind.OBSTACLE)
    return {
        "weaving in traffic": drive(episode(leader, *beside, horizon_s=12.0), WEAVING, REFERENCE),
        "braking before a follower": drive(episode(follower), [(0.0, 0.0)] * 10 + [(-1.0, 0.0)], REFERENCE),
        "into an obstacle": drive(episode(obstacle), (0.1, 0.0), REFERENCE),
        "off the road": drive(episode(*beside), (0.0, 0.03), REFERENCE),
        "to the goal": drive(episode(leader, goal_m=200.0), [(0.0, 0.0)] * 8 + [(-0.15, 0.0)], REFERENCE),
        "against the traffic": drive(episode(heading_rad=math.pi, speed_mps=8.0, oncoming=True), (0.0, 0.0)),
    }


def golden() -> dict[str, object]:
    """The content of the file."""
    return {
        "metric_digest": metric_digest(),
        "episodes": {
            name: {"measurement": asdict(measured), "score": dbs(parts(measured, REFERENCE))}
            for name, measured in measurements().items()
        },
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), indent=1, sort_keys=True) + "\n")
