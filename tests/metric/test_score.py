"""The formula equals its parts, and worse in any one part never raises the score."""

from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivebench.metric.events import Collision, Contact, GoalReached, OffRoad, Partner
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.other_boards import carla_driving_score, nuplan_closed_loop_score
from drivebench.metric.parts import Parts, faults, is_success, parts, stand_in_reference
from drivebench.metric.score import FORMULA, dbs, metric_digest, quality, specification

SHARE = st.floats(0.0, 1.0)
GATE = st.sampled_from([0.0, 1.0])
PARTS = st.builds(
    Parts,
    nc=GATE,
    dac=GATE,
    ddc=st.sampled_from([0.0, 0.5, 1.0]),
    rc=GATE,
    mp=GATE,
    ep=SHARE,
    ttc=SHARE,
    sl=SHARE,
    c=SHARE,
)
REFERENCE = Reference(time_s=20.0, distance_m=400.0)

PERFECT = EpisodeMeasurement(
    ended_by=Ending.GOAL,
    duration_s=20.0,
    horizon_s=40.0,
    speed_limit_mps=25.0,
    goal_m=400.0,
    progress_m=400.5,
    reference_progress_m=400.5,
    distance_m=401.0,
    off_road_s=0.0,
    off_road_m=0.0,
    against_m=0.0,
    off_route_m=0.0,
    short_ttc_s=0.0,
    shortest_ttc_s=None,
    overspeed_m=0.0,
    uncomfortable_s=0.0,
    uncomfortable_nuplan_s=0.0,
    flow_s=0.0,
    flow_m=0.0,
    in_flow_m=0.0,
    events=(GoalReached(time_s=20.0),),
)
REAR_END = Collision(
    time_s=10.0,
    partner=Partner.VEHICLE,
    partner_index=1,
    contact=Contact.REAR,
    ego_speed_mps=20.0,
    partner_speed_mps=25.0,
    straddling=False,
    braking_mps2=0.0,
    stopped_without_cause=False,
    flow_share=1.0,
    entered_lane_s=None,
    joined_road_s=None,
)


@given(PARTS)
def test_score_equals_the_formula_as_it_is_printed(given_parts: Parts) -> None:
    assert dbs(given_parts) == pytest.approx(eval(FORMULA, {}, asdict(given_parts)), abs=1e-9)
    assert 0.0 <= dbs(given_parts) <= 100.0


@given(PARTS, st.sampled_from([f.name for f in fields(Parts)]), SHARE)
def test_worse_in_one_part_never_raises_the_score(given_parts: Parts, name: str, share: float) -> None:
    worse = replace(given_parts, **{name: share * getattr(given_parts, name)})
    assert dbs(worse) <= dbs(given_parts)


@given(PARTS)
def test_quality_never_buys_back_a_gate_or_progress(given_parts: Parts) -> None:
    assert dbs(given_parts) <= 100.0 * given_parts.ep
    if 0.0 in (given_parts.nc, given_parts.dac, given_parts.ddc, given_parts.rc, given_parts.mp):
        assert dbs(given_parts) == 0.0
    assert 0.0 <= quality(given_parts) <= 1.0


WORSENED = {
    "off_road_s": 0.6,
    "against_m": 3.0,
    "off_route_m": 10.5,
    "short_ttc_s": 4.0,
    "overspeed_m": 9.0,
    "uncomfortable_s": 5.0,
    "reference_progress_m": 200.0,
}


@pytest.mark.parametrize("name", WORSENED)
def test_worse_in_one_measure_lowers_exactly_its_part(name: str) -> None:
    before = asdict(parts(PERFECT, REFERENCE))
    after = asdict(parts(replace(PERFECT, **{name: WORSENED[name]}), REFERENCE))
    changed = {part for part in before if after[part] != before[part]}
    expected = {
        "off_road_s": "dac",
        "against_m": "ddc",
        "off_route_m": "rc",
        "short_ttc_s": "ttc",
        "overspeed_m": "sl",
        "uncomfortable_s": "c",
        "reference_progress_m": "ep",
    }
    assert changed == {expected[name]}
    assert all(after[part] < before[part] for part in changed)


MEASURES = st.fixed_dictionaries(
    {
        "off_road_s": st.floats(0.0, 3.0),
        "against_m": st.floats(0.0, 10.0),
        "off_route_m": st.floats(0.0, 20.0),
        "short_ttc_s": st.floats(0.0, 20.0),
        "overspeed_m": st.floats(0.0, 100.0),
        "uncomfortable_s": st.floats(0.0, 20.0),
        "reference_progress_m": st.floats(-50.0, 500.0),
    }
)


@given(MEASURES, st.sampled_from(sorted(WORSENED)), st.floats(0.0, 5.0))
def test_a_worse_measure_never_raises_the_score(measures: dict[str, float], name: str, by: float) -> None:
    sign = -1.0 if name == "reference_progress_m" else 1.0
    worse = measures | {name: measures[name] + sign * by}
    score, lower = (dbs(parts(replace(PERFECT, **m), REFERENCE)) for m in (measures, worse))
    assert lower <= score


def test_a_perfect_episode_scores_a_hundred_and_is_a_success() -> None:
    assert dbs(parts(PERFECT, REFERENCE)) == 100.0
    assert is_success(PERFECT, REFERENCE)


def test_thresholds_by_hand() -> None:
    by_hand = replace(
        PERFECT,
        short_ttc_s=2.0,
        overspeed_m=0.5 * 2.23 * 20.0,
        uncomfortable_s=5.0,
        reference_progress_m=190.0,
    )
    part = parts(by_hand, REFERENCE)
    assert (part.ttc, part.sl, part.c, part.ep) == pytest.approx((0.9, 0.5, 0.75, 0.5))
    # Q = (5·0.9 + 3·0.5 + 2·0.75) / 10 = 0.75, so 100 · 0.5 · (0.6 + 0.4·0.75) = 45
    assert dbs(part) == pytest.approx(45.0)
    assert parts(replace(PERFECT, against_m=2.0), REFERENCE).ddc == 1.0
    assert parts(replace(PERFECT, against_m=6.0), REFERENCE).ddc == 0.5
    assert parts(replace(PERFECT, against_m=6.01), REFERENCE).ddc == 0.0
    assert parts(replace(PERFECT, reference_progress_m=75.9), REFERENCE).mp == 0.0
    assert parts(replace(PERFECT, reference_progress_m=76.1), REFERENCE).mp == 1.0


def test_progress_without_the_goal_in_time_is_capped() -> None:
    late = replace(PERFECT, events=(GoalReached(time_s=30.1),))
    assert parts(late, REFERENCE).ep == 0.8
    assert not is_success(late, REFERENCE)
    in_time = replace(PERFECT, events=(GoalReached(time_s=30.0),))
    assert parts(in_time, REFERENCE).ep == 1.0
    open_ended = replace(PERFECT, goal_m=None, events=())
    assert parts(open_ended, REFERENCE).ep == 1.0
    assert is_success(open_ended, REFERENCE)


def test_any_collision_or_brush_of_the_kerb_is_no_success() -> None:
    assert not is_success(replace(PERFECT, events=(*PERFECT.events, REAR_END)), REFERENCE)
    assert dbs(parts(replace(PERFECT, events=(*PERFECT.events, REAR_END)), REFERENCE)) == 100.0
    brushed = OffRoad(start_s=1.0, end_s=1.2, depth_m=0.4)
    assert not is_success(replace(PERFECT, events=(brushed, *PERFECT.events)), REFERENCE)


def test_an_episode_that_never_ran_scores_nothing() -> None:
    never = replace(PERFECT, duration_s=0.0, progress_m=0.0, reference_progress_m=0.0, events=())
    assert dbs(parts(never, REFERENCE)) == 0.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"contact": Contact.FRONT}, Fault.STRUCK),
        ({"partner": Partner.OBSTACLE, "partner_speed_mps": 0.0}, Fault.STRUCK),
        ({"contact": Contact.SIDE, "partner_speed_mps": 0.0}, Fault.STRUCK),
        ({"contact": Contact.SIDE}, None),
        ({"contact": Contact.SIDE, "straddling": True}, Fault.STRADDLED),
        ({"straddling": True}, None),
        ({"entered_lane_s": 1.9}, Fault.CUT_IN),
        ({"joined_road_s": 0.4, "contact": Contact.SIDE}, Fault.CUT_IN),
        ({"partner_has_priority": True, "contact": Contact.SIDE}, Fault.TOOK_PRIORITY),
        (
            {"partner_has_priority": True, "contact": Contact.FRONT, "ego_speed_mps": 0.0},
            Fault.TOOK_PRIORITY,
        ),
        ({"partner_has_priority": True}, None),
        ({"braking_mps2": 4.1}, Fault.BRAKED),
        ({"braking_mps2": 4.0}, None),
        ({"flow_share": 0.69}, Fault.SLOW),
        ({"flow_share": None}, None),
        ({"flow_share": 0.69, "contact": Contact.SIDE}, None),
        ({"ego_speed_mps": 0.0}, None),
        ({"ego_speed_mps": 0.0, "stopped_without_cause": True}, Fault.STOPPED),
        ({"ego_speed_mps": 0.0, "braking_mps2": 5.0}, Fault.BRAKED),
        ({"ego_speed_mps": 0.0, "contact": Contact.FRONT}, None),
    ],
)
def test_fault_of_each_kind_of_collision(changes: dict[str, object], expected: Fault | None) -> None:
    collision = replace(REAR_END, **changes)
    assert fault_of(collision) is expected
    measurement = replace(PERFECT, events=(collision,))
    assert faults(measurement) == ((expected,) if expected else ())
    assert parts(measurement, REFERENCE).nc == (0.0 if expected else 1.0)


def test_other_boards_by_hand() -> None:
    assert carla_driving_score(PERFECT, REFERENCE) == 100.0
    assert nuplan_closed_loop_score(PERFECT, REFERENCE) == 1.0
    hit = replace(PERFECT, progress_m=200.0, off_road_m=40.1, events=(REAR_END,))
    # route completion 0.5, a tenth of the way outside, one vehicle: 100 · 0.5 · 0.9 / 1.7
    assert carla_driving_score(hit, REFERENCE) == pytest.approx(100.0 * 0.5 * 0.9 / 1.7)
    slow = replace(PERFECT, flow_s=10.0, flow_m=200.0, in_flow_m=100.0)
    assert carla_driving_score(slow, REFERENCE) == pytest.approx(100.0 / 1.2)
    # half of the expert's way, one short time to collision: (5·0.5 + 5·0 + 4·1 + 2·1) / 16
    half = replace(PERFECT, reference_progress_m=200.0, short_ttc_s=0.1)
    assert nuplan_closed_loop_score(half, REFERENCE) == pytest.approx(8.5 / 16.0)
    front = replace(REAR_END, contact=Contact.FRONT)
    assert nuplan_closed_loop_score(replace(PERFECT, events=(front,)), REFERENCE) == 0.0
    assert nuplan_closed_loop_score(replace(PERFECT, events=(REAR_END,)), REFERENCE) == 1.0


def test_the_digest_covers_every_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    before = metric_digest()
    assert metric_digest() == before
    monkeypatch.setattr("drivebench.metric.limits.OFF_ROAD_TIME_S", 0.6)
    assert metric_digest() != before
    assert specification()["formula"] == FORMULA


def test_stand_in_reference_is_the_goal_or_the_limit_kept() -> None:
    assert stand_in_reference(PERFECT) == Reference(time_s=40.0, distance_m=400.0)
    assert stand_in_reference(replace(PERFECT, goal_m=None)) == Reference(time_s=40.0, distance_m=1000.0)
