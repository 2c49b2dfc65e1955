"""The compiled world against stock highway-env; all of it: ``python -m scenarios.stock.parity``."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from scenarios.stock.parity import CASES, VARIANTS, EpisodeParity, Job, compare
from scenarios.stock.parity.defects import DEFECTS, Defect
from scenarios.stock.parity.egos import EGOS
from scenarios.stock.upstream import registered_ids

SEEDS = {"random": (1001,), "sensible": (1002,)}
"""Others than those of the whole comparison."""
LONGEST = {"highway-v0": 5, "racetrack": 40, "parking": 40, "lane-keeping": 60}
"""Decisions of an episode, by the beginning of the id: stock is slow."""
OTHERS = 9
CROWDED = 13
QUICK = {
    "merge-v0, 30 Hz": CROWDED,
    "racetrack-v1, 8 others": 40,
    "merge-generic-v1, 4 lanes": CROWDED,
    "merge-v1, continuous": 50,
    "roundabout-v0, linear traffic": CROWDED,
    "roundabout-v1, aggressive traffic": CROWDED,
    "u-turn-v0, defensive traffic": CROWDED,
    "roundabout-v1, tyre forces": 50,
    "racetrack-v0, tyre forces, 3 others": 40,
    "parking-parked-v0, speed range": 40,
    "parking-v0, near the goal": 40,
    "winding road, meta-actions": 40,
    "winding road, continuous": 40,
    "intersection-v1, kinematic": 50,
    "intersection-v0, linear traffic": CROWDED,
}
"""Variants of the gate, and the decisions of an episode."""
CRASHING = (
    "linear traffic",
    "aggressive traffic",
    "defensive traffic",
    "tyre forces",
    "speed range",
    "near the goal",
    "winding road",
)
"""What the names of variants say in which some agent must have crashed, so that impacts are compared, too."""

Results = Mapping[str, list[EpisodeParity]]


def _longest(name: str) -> int:
    if name in QUICK:
        return QUICK[name]
    return next((bound for start, bound in LONGEST.items() if name.startswith(start)), OTHERS)


def _compared(names: list[str]) -> Results:
    jobs = [
        Job(case=name, ego=ego, seeds=SEEDS[ego], longest=_longest(name), whole_steps=3 * (name in CASES))
        for name in names
        for ego in EGOS
    ]
    results: dict[str, list[EpisodeParity]] = {name: [] for name in names}
    for job, episode in compare(jobs):
        results[job.case].append(episode)
    return results


@pytest.fixture(scope="module")
def results() -> Results:
    """Two processes: the intersections change constants of the traffic for everybody in theirs."""
    names = [*CASES, *QUICK]
    groups = [[n for n in names if n.startswith("intersection") == crossing] for crossing in (True, False)]
    with ThreadPoolExecutor(len(groups)) as pool:
        first, second = pool.map(_compared, groups)
    return {**first, **second}


def test_every_id_is_compared() -> None:
    assert sorted(CASES) == sorted(registered_ids())
    assert set(QUICK) <= set(VARIANTS)


@pytest.mark.slow
def test_what_is_compared_meets_crashes_and_goals(results: Results) -> None:
    for what in CRASHING:
        assert any(e.crashed for name in QUICK if what in name for e in results[name]), what
    for name in ("parking-v0, near the goal", "parking-parked-v0, speed range"):
        assert sum(episode.hits for episode in results[name]) > 0, name


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.what[:40] for defect in DEFECTS])
def test_what_is_said_of_highway_env_still_holds(defect: Defect) -> None:
    assert defect.holds()
    assert set(defect.ids) <= set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CASES, *QUICK])
def test_parity_with_stock(results: Results, name: str) -> None:
    assert [episode.stock_break for episode in results[name]] == [None] * len(EGOS)
    assert sum(episode.changes for episode in results[name]) > 0
    for episode in results[name]:
        assert episode.one_step_excess <= 1e-12
        for tie in (*episode.one_step_ties, *([episode.tie] if episode.tie else [])):
            assert tie.margin < 1e-9, tie
