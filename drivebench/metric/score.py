"""The DriveBench Score: its formula, in one place, with a digest.

``DBS = 100 · NC · DAC · DDC · RC · MP · EP · (0.6 + 0.4·Q)`` with ``Q = (5·TTC + 3·SL + 2·C) / 10``

Safety and rules are gates, because one collision is the outcome of an episode of half a minute. Progress
multiplies, because a sum rewards a parked car. The quality term is a tie-breaker that can buy back neither.
"""

import hashlib
import json

from drivebench.metric import limits
from drivebench.metric.bounds import DRIVEBENCH_BOUNDS, WINDOW
from drivebench.metric.parts import Parts

__all__ = ["METRIC_VERSION", "dbs", "metric_digest", "quality", "specification"]

METRIC_VERSION = 1
"""Raised whenever the score of any recorded episode would change; ``tests/metric/test_golden.py`` notices."""

TTC_WEIGHT = 5.0
SPEED_LIMIT_WEIGHT = 3.0
COMFORT_WEIGHT = 2.0
"""nuPlan weighs them 5, 4 and 2 (``config/planner_metric_aggregator`` of its devkit). The limit counts less
here, because here the flow keeps it and progress beyond the expert's gains nothing."""
QUALITY_FLOOR = 0.6
"""Chosen so that the best quality cannot buy back a gate or a third of the way. What hangs on these four is
measured in ``docs/score.md``: on the published runs, no pair that the score tells apart changes places."""

FORMULA = "100 * nc * dac * ddc * rc * mp * ep * (0.6 + 0.4 * (5 * ttc + 3 * sl + 2 * c) / 10)"


def quality(parts: Parts) -> float:
    """The quality term Q in [0, 1]: how the way was driven."""
    total = TTC_WEIGHT + SPEED_LIMIT_WEIGHT + COMFORT_WEIGHT
    return (TTC_WEIGHT * parts.ttc + SPEED_LIMIT_WEIGHT * parts.sl + COMFORT_WEIGHT * parts.c) / total


def dbs(parts: Parts) -> float:
    """The DriveBench Score of one episode, in [0, 100].

    Args:
        parts: Its parts.
    """
    gates = parts.nc * parts.dac * parts.ddc * parts.rc * parts.mp
    return 100.0 * gates * parts.ep * (QUALITY_FLOOR + (1.0 - QUALITY_FLOOR) * quality(parts))


def specification() -> dict[str, object]:
    """Version, formula and every threshold: what the digest is of, and what a page on the metric prints."""
    return {
        "version": METRIC_VERSION,
        "formula": FORMULA,
        "limits": {name: getattr(limits, name) for name in limits.__all__},
        "comfort": DRIVEBENCH_BOUNDS.as_mapping(),
        "comfort_window": WINDOW,
    }


def metric_digest() -> str:
    """SHA-256 of the specification, in hexadecimal: part of every record."""
    text = json.dumps(specification(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
