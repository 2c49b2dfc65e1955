"""The matrix that every statistic starts from: one row an episode, one column a measure, of one run.

Measures are percentages, 100 at best (``off_road`` counts the bad episodes: 0 at best), so that one table
needs one unit. An episode that was expected and is not there has the worst value everywhere; that is what the
score's definition asks for, and why skipping a hard family cannot pay.
"""

from collections.abc import Sequence

import pandas as pd

from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.metric.other_boards import carla_driving_score, nuplan_closed_loop_score
from drivebench.metric.parts import faults

__all__ = ["MEASURES", "episode_frame"]

MEASURES = (
    "dbs",
    "success",
    "off_road",
    "ep",
    "ttc",
    "sl",
    "c",
    "c_nuplan",
    "nc",
    "dac",
    "ddc",
    "rc",
    "mp",
    "carla",
    "nuplan",
)
"""Columns that are averaged over families, each in [0, 100]."""


def episode_frame(run: Run, keys: Sequence[str]) -> pd.DataFrame:
    """One row for each expected episode, in their order.

    Args:
        run: A finished run.
        keys: ``scenario/condition/seed`` of all episodes that the table is over.

    Returns:
        Columns ``scenario``, ``family``, ``condition``, ``seed``, ``status`` (``missing`` where there is no
        record), ``at_fault`` (collisions), ``distance_m``, and those of ``MEASURES``.
    """
    records = {record.key: record for record in run.episodes}
    rows = [_driven(records[key]) if key in records else _missing(key) for key in keys]
    return pd.DataFrame(rows, index=pd.Index(keys, name="episode"))


def _driven(record: EpisodeRecord) -> dict[str, object]:
    part, measured = record.parts, record.measurement
    driven = record.status is Status.DRIVEN
    return {
        "scenario": record.scenario,
        "family": record.family,
        "condition": record.condition,
        "seed": record.seed,
        "status": record.status.value,
        "at_fault": len(faults(measured)),
        "distance_m": measured.distance_m,
        "dbs": record.score,
        "success": 100.0 * record.success,
        "off_road": 100.0 * (part.dac < 1.0),
        **{name: 100.0 * getattr(part, name) for name in ("ep", "ttc", "sl", "c")},
        **{name: 100.0 * getattr(part, name) for name in ("nc", "dac", "ddc", "rc", "mp")},
        "c_nuplan": _share_left(measured.uncomfortable_nuplan_s, measured.duration_s),
        "carla": carla_driving_score(measured, record.reference) if driven else 0.0,
        "nuplan": 100.0 * nuplan_closed_loop_score(measured, record.reference) if driven else 0.0,
    }


def _share_left(bad_s: float, of_s: float) -> float:
    return 100.0 * max(0.0, 1.0 - bad_s / of_s) if of_s > 0.0 else 0.0


def _missing(key: str) -> dict[str, object]:
    scenario, condition, seed = key.split("/")
    return {
        "scenario": scenario,
        "family": scenario.rpartition("-v")[0],
        "condition": condition,
        "seed": int(seed),
        "status": "missing",
        "at_fault": 0,
        "distance_m": 0.0,
        **dict.fromkeys(MEASURES, 0.0),
        "off_road": 100.0,
    }
