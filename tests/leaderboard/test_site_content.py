"""What the pages say: ends of episodes, ranks on parts, cards of odd submissions, curves, file names."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented_runs import Episode, failing, run_of, suite

from drivebench.evaluation.manifest import Selection
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.metric.events import Collision, Contact, OffRoad
from drivebench.metric.fault import Fault
from drivebench.metric.measurement import Ending
from leaderboard.board import Part
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.rows import Claim
from leaderboard.site.card import card_of, paper_link, sensor_words, steps_of
from leaderboard.site.curves import Point, profiles_of, scatter_chart
from leaderboard.site.dossier import Dossier, Replays, dossier_of, file_name
from leaderboard.site.drawing import BINS, histogram, rank_bar, shade, whisker
from leaderboard.site.ends import FAULT_WORDS, End, detail_of, end_of
from leaderboard.site.replays import rivals_of
from leaderboard.site.standings import Standings, parts_of, ranked_on
from leaderboard.statistics import Estimate
from leaderboard.table import board_of, make_table

pytestmark = pytest.mark.usefixtures("fewer_resamples")

TINY = Episode(family="merge", seed=2_000_000)


def no_replays(run: Run, name: str) -> Replays:
    return Replays(episodes=tuple(record.key for record in run.episodes[:2]))


def ranked(runs: list[Outcomes]) -> dict[Claim, Standings]:
    policies, methods = ranked_on(board_of(runs))
    assert methods is not None
    return {"checkpoint": policies, "method": methods}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    made = [
        run_of(folder / f"{name}-{seed}", failing(suite(), every), name=name, training_seed=seed)
        for name, every in (("good", 5), ("bad", 2))
        for seed in (0, 1)
    ]
    return [*made, run_of(folder / "expert", suite(), name="expert", track="privileged")]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> EpisodeRecord:
    (record,) = run_of(tmp_path_factory.mktemp("one") / "run", [TINY]).episodes
    return record


def ended(record: EpisodeRecord, **measured: Any) -> EpisodeRecord:
    return replace(record, measurement=replace(record.measurement, **measured))


def test_an_end_is_the_first_gate_that_closed(done: EpisodeRecord, tmp_path: Path) -> None:
    (crashed,) = run_of(tmp_path / "run", [replace(TINY, crashed=True)]).episodes
    collision = crashed.measurement.events[0]
    assert isinstance(collision, Collision)
    from_behind = replace(collision, contact=Contact.REAR, ego_speed_mps=20.0)
    beside = OffRoad(start_s=3.0, end_s=3.2, depth_m=0.4)
    assert end_of(done) is End.DONE
    assert end_of(crashed) is End.COLLISION
    assert detail_of(crashed) == "ran into somebody or something"
    assert end_of(ended(crashed, events=(from_behind,))) is End.STRUCK
    assert end_of(ended(done, events=(from_behind, *done.measurement.events))) is End.BLEMISHED
    assert end_of(ended(done, events=(beside, *done.measurement.events))) is End.BLEMISHED
    assert end_of(ended(done, off_road_s=5.0, ended_by=Ending.OFF_ROAD)) is End.OFF_ROAD
    assert end_of(ended(crashed, off_road_s=5.0)) is End.COLLISION
    assert end_of(ended(done, against_m=100.0)) is End.WRONG_WAY
    assert end_of(ended(done, off_route_m=100.0)) is End.OFF_ROUTE
    assert end_of(ended(done, reference_progress_m=10.0)) is End.STUCK
    assert end_of(ended(done, reference_progress_m=300.0, events=())) is End.SLOW
    failed = replace(done, status=Status.RAISED, reason="ValueError: no")
    assert end_of(failed) is End.FAILED
    assert detail_of(failed) == "raised"


def test_every_fault_has_words() -> None:
    assert set(FAULT_WORDS) == set(Fault)


def test_ends_add_up_and_what_was_not_driven_is_missing(runs: list[Run]) -> None:
    dossier = dossier_of(runs[2], no_replays)
    keys = runs[2].manifest.episodes
    counts = dossier.ends_on([*keys, "merge-v1/nominal/2000099"])
    assert counts == {End.DONE: len(keys) // 2, End.COLLISION: len(keys) // 2, End.MISSING: 1}
    assert sum(dossier.details.values()) == len(keys) // 2


def test_a_part_has_the_numbers_of_the_table_and_ranks_of_its_own(runs: list[Run]) -> None:
    outcomes = [outcomes_of(run) for run in runs]
    for claim, found in ranked(outcomes).items():
        by_family = make_table(outcomes, "family", claim=claim)
        assert [row.label for row in found.table.rows] == [row.label for row in by_family.rows]
        for view in found.of_kind("family"):
            cells = [row.cells[f"family:{view.part.name}"] for row in by_family.rows]
            assert [standing.cells["dbs"] for standing in view.standings] == cells
            assert [s.rank is None for s in view.standings] == [row.rank is None for row in by_family.rows]
    alone = make_table([outcomes_of(part_of(run, "merge")) for run in runs[:4]])
    of_family = next(
        view for view in ranked(outcomes)["checkpoint"].parts if view.part == Part("family", "merge")
    )
    assert {standing.rank for standing in of_family.standings} - {None} == {row.rank for row in alone.rows}


def part_of(run: Run, family: str) -> Run:
    kept = tuple(record for record in run.episodes if record.family == family)
    manifest = replace(run.manifest, episodes=tuple(record.key for record in kept))
    return replace(run, episodes=kept, manifest=manifest)


def test_parts_are_all_then_every_family_condition_and_ability(runs: list[Run]) -> None:
    parts = parts_of(board_of([outcomes_of(run) for run in runs]))
    assert [part.kind for part in parts] == ["all"] + 4 * ["family"] + 2 * ["condition"] + 3 * ["ability"]


def test_a_policy_is_shown_beside_the_best_of_another_name(runs: list[Run]) -> None:
    dossiers = [dossier_of(run, no_replays) for run in runs]
    table = make_table([dossier.outcomes for dossier in dossiers])
    rivals = rivals_of(table, dossiers)
    names = {d.outcomes.name: rivals[id(d.outcomes)].outcomes.name for d in dossiers}
    assert names == {"good": "bad", "bad": "good", "expert": "good"}
    lonely = [replace(dossier, replays=Replays(episodes=(), reason="no")) for dossier in dossiers]
    assert rivals_of(table, lonely) == {}


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"demonstrations": [1, 2], "config": "x", "open_loop": 3, "labelled_on_own_drives": {"a": "b"}},
        {"seed": None, "baseline": ["x"], "demonstrations": {"episodes": "many", "frames": {}}},
        {"config": {"steps": 3, "steps_last": 4}, "demonstrations": {"episodes": -1}},
    ],
)
def test_a_card_says_only_what_it_understands(runs: list[Run], training: dict[str, Any]) -> None:
    outcomes = with_training(runs[0], training)
    assert all(isinstance(value, str) for _, value in card_of(outcomes))
    assert outcomes.demonstrations is None
    assert steps_of(outcomes) is None


def test_a_card_tells_what_training_states(runs: list[Run]) -> None:
    outcomes = with_training(
        runs[0],
        {"config": {"steps": 8000}, "demonstrations": {"episodes": 960, "frames": 128252}, "seed": 0},
    )
    card = dict(card_of(outcomes))
    assert card["demonstrations"] == "960 episodes, 128,252 frames"
    assert card["gradient steps"] == "8,000"
    assert card["training seed"] == "0"
    assert sensor_words({"name": "front", "width": 96, "height": 48}) == "front (height 48, width 96)"


def with_training(run: Run, training: dict[str, Any]) -> Outcomes:
    policy = replace(run.manifest.policy, training=training)
    return outcomes_of(replace(run, manifest=replace(run.manifest, policy=policy)))


@pytest.mark.parametrize(
    ("paper", "is_link"),
    [
        ("https://arxiv.org/abs/1604.07316", True),
        ("javascript:alert(1)", False),
        ("https://a.example/ onclick=x", False),
        ("https://a.example/\u202e", False),
        ("Someone 2026", False),
    ],
)
def test_a_paper_is_a_link_only_if_it_is_an_address(runs: list[Run], paper: str, is_link: bool) -> None:
    assert (paper_link(replace(runs[0].manifest.policy, paper=paper)) is not None) == is_link


def test_profiles_by_hand(tmp_path: Path) -> None:
    """One family half done, the other all: three quarters above every threshold."""
    driven = [
        Episode(family=family, seed=2_000_000 + k, crashed=family == "merge" and k == 0)
        for family in ("merge", "highway")
        for k in range(2)
    ]
    board = board_of([outcomes_of(run_of(tmp_path / "run", driven))])
    np.testing.assert_array_equal(profiles_of(board), np.full((1, 100), 75.0))


def test_points_lie_where_the_numbers_are() -> None:
    around = Estimate(value=50.0, low=40.0, high=60.0, n=9)
    points = [Point(label=f"<{at}>", colour="c0", at=float(at), score=around) for at in (10, 100, 1000)]
    chart = scatter_chart(points, {"one": 20.0, "other": 20.1}, axis="drives", label="words")
    first, middle, last = (float(x) for x in re.findall(r'<circle class="dot c0" cx="([\d.]+)"', chart))
    assert middle == pytest.approx((first + last) / 2.0, abs=0.1)
    assert "<10>" not in chart
    names = re.findall(r'<text class="tick" x="5[\d.]+" y="([\d.]+)"', chart)
    upper, lower = sorted(float(y) for y in names[-2:])
    assert lower - upper >= 12.0


def test_small_pictures_by_hand() -> None:
    assert '<rect class="range" x="42" y="3.5" width="20"' in whisker(
        Estimate(value=50.0, low=40.0, high=60.0, n=9)
    )
    assert 'visibility="hidden"' in whisker(None)
    assert '<rect class="range" x="16" y="3" width="32"' in rank_bar((2, 3), 4)
    assert histogram([1.0] + [0.0] * (BINS - 1)).count('class="bin"') == 1
    assert [shade(share) for share in (0.0, 0.5, 1.0, 1.2)] == ["h0", "h4", "h8", "h8"]


def test_file_names_are_plain_and_nobody_elses() -> None:
    names = ["../../etc/passwd", "", "CON", "Über*Fahrer?", "x" * 300, "a b", "a-b"]
    made = [file_name(name, ("digest", "results")) for name in names]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", each) for each in made)
    assert len(set(made)) == len(names)
    assert file_name("a", ("one", "x")) != file_name("a", ("two", "x"))


def test_a_part_of_a_suite_allows_no_claim_about_methods(tmp_path: Path) -> None:
    partial = run_of(tmp_path / "run", suite(2), training_seed=0, selection=Selection(limit=2))
    policies, methods = ranked_on(board_of([outcomes_of(partial)]))
    assert policies.table.claim == "checkpoint"
    assert methods is None


def test_a_dossier_has_latencies_of_those_who_answered(runs: list[Run]) -> None:
    submitted, driver = (dossier_of(run, no_replays) for run in (runs[0], runs[-1]))
    assert isinstance(submitted, Dossier)
    assert submitted.latency is not None
    assert (submitted.latency.typical_s, submitted.latency.slow_s) == (0.004, 0.008)
    assert driver.latency is None
