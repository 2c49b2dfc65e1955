"""The suites that are shipped: complete, digested, disjoint, of the worlds that they were made of."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from drivebench import registry
from drivebench.conditions import NOMINAL
from drivebench.errors import ConfigurationError, DataError, UnknownNameError
from drivebench.scenario import load_scenario, split_of
from drivebench.suite import (
    MINIMUM_POSE_ERROR_M,
    MINIMUM_REFERENCE_M,
    Suite,
    SuiteEntry,
    load_suite,
    read_suite,
    write_suite,
)
from drivebench.world.clock import POLICY_HZ
from scenarios.suite_building import PLANS, build_suite

NAMES = registry.names("suite")
SAMPLE = 25
"""Every so many entries of a large suite are built again."""


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_holds_what_was_planned(name: str) -> None:
    suite, plan = load_suite(name), PLANS[name]
    cells = Counter((entry.scenario, entry.condition) for entry in suite.entries)
    planned = {
        (scenario, condition): episodes
        for scenario in plan.scenarios
        for condition, episodes in plan.cells(load_scenario(scenario)).items()
    }
    if plan.pairs:
        partners = {entry.key for entry in suite.entries if entry.condition == NOMINAL}
        assert partners == {
            f"{entry.scenario}/{NOMINAL}/{entry.seed}"
            for entry in suite.entries
            if entry.condition != NOMINAL
        }
        planned |= {(s, NOMINAL): sum(n for (of, _), n in planned.items() if of == s) for s in plan.scenarios}
    assert cells == planned
    for entry in suite.entries:
        scenario = load_scenario(entry.scenario)
        assert entry.condition in scenario.every_condition
        assert 0.0 < entry.reference_time_s <= scenario.horizon_s
        is_parking = entry.scenario == "parking-v1"
        assert entry.reference_distance_m >= (MINIMUM_POSE_ERROR_M if is_parking else MINIMUM_REFERENCE_M)
        if scenario.open_ended:
            assert entry.reference_time_s == scenario.horizon_s


def test_few_episodes_were_refused() -> None:
    for suite in map(load_suite, NAMES):
        assert len(suite.refused) <= max(0.05 * len(suite.entries), 2), suite.refused


def test_suites_share_no_episode_and_keep_to_their_split() -> None:
    suites = {name: load_suite(name) for name in NAMES}
    keys = [entry.key for suite in suites.values() for entry in suite.entries]
    assert len(set(keys)) == len(keys)
    for name, suite in suites.items():
        split = "dev" if name in ("smoke", "dev") else "test"
        assert {split_of(entry.seed) for entry in suite.entries} == {split}


def test_cells_are_spread_evenly_over_the_conditions_that_a_scenario_has() -> None:
    plan = replace(PLANS["test"], conditions=("nominal", "off-course", "dense"), episodes=11)
    assert plan.cells(load_scenario("merge-v1")) == {"nominal": 5, "off-course": 3, "dense": 3}
    assert plan.cells(load_scenario("lane-keeping-v1")) == {"nominal": 6, "off-course": 5}
    with_exception = replace(plan, exceptions={"merge-v1": 6})
    assert with_exception.cells(load_scenario("merge-v1")) == {"nominal": 2, "off-course": 2, "dense": 2}


def test_the_suites_are_of_the_size_that_was_asked_for() -> None:
    test = load_suite("test")
    for scenario, episodes in Counter(entry.scenario for entry in test.entries).items():
        assert (20 if scenario == "long-haul-v1" else 100) <= episodes <= 120
    seconds = sum(entry.reference_time_s for entry in test.entries)
    assert 100_000 <= seconds * POLICY_HZ <= 300_000


@pytest.mark.parametrize("name", NAMES)
def test_worlds_have_the_digests_of_the_manifest(name: str) -> None:
    entries = load_suite(name).entries
    for entry in entries if name == "smoke" else entries[::SAMPLE]:
        episode = entry.episode()
        assert (episode.world.digest, episode.task_digest) == (entry.world_digest, entry.task_digest)


def test_the_expert_still_makes_the_references_of_the_smoke_suite() -> None:
    assert build_suite("smoke") == load_suite("smoke")


def test_scenarios_can_be_built_anew_one_by_one() -> None:
    smoke = load_suite("smoke")
    spoilt = replace(smoke, entries=tuple(replace(e, reference_time_s=1.0) for e in smoke.entries))
    again = build_suite("smoke", kept=spoilt, renewed=["merge-v1"])
    for entry, old, new in zip(smoke.entries, spoilt.entries, again.entries, strict=True):
        assert new == (entry if entry.scenario == "merge-v1" else old)


@pytest.mark.parametrize("digest", ["world_digest", "task_digest"])
def test_an_episode_that_has_changed_is_noticed(digest: str) -> None:
    entry = replace(load_suite("smoke").entries[0], **{digest: "0" * 64})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="The scenario, or a library that builds it, has changed"):
        entry.episode()


@pytest.fixture
def suite() -> Suite:
    return Suite(
        name="two",
        version=3,
        description="Two episodes.",
        entries=tuple(
            SuiteEntry(
                scenario="lane-keeping-v1",
                condition="nominal",
                seed=seed,
                reference_time_s=25.0,
                reference_distance_m=123.456789 + seed,
                world_digest="0" * 64,
                task_digest="1" * 64,
            )
            for seed in (1, 2)
        ),
        refused=("lane-keeping-v1/nominal/0: the expert failed",),
    )


def test_a_manifest_is_read_as_it_was_written(suite: Suite, tmp_path: Path) -> None:
    write_suite(suite, tmp_path / "two.json")
    assert read_suite(tmp_path / "two.json") == suite


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("124.456789", "124.456780", "was edited"),
        ('"seed": 2', '"seed": 3', "was edited"),
        ('"version": 3', '"version": 4', "was edited"),
        ('"seed": 2', '"seed": 1', "not a suite manifest"),
        ('"schema": 1', '"schema": 2', "reads schema 1"),
        ('"seed": 2, ', "", "not a suite manifest"),
        ("[", "", "not a suite manifest"),
        ("125.456789", "2.5", "3.0 m where it has to park"),
    ],
)
def test_an_edited_manifest_is_refused(
    suite: Suite, tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = tmp_path / "two.json"
    write_suite(suite, path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=complaint):
        read_suite(path)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a suite manifest"):
        read_suite(tmp_path / "none.json")


def test_a_manifest_of_another_name_is_refused(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_suite(suite, tmp_path / "two.json")
    monkeypatch.setattr(registry, "load", lambda kind, name: tmp_path / "two.json")
    with pytest.raises(DataError, match="is of suite 'two'; expected 'one'"):
        load_suite("one")


def test_the_digest_is_of_name_version_and_entries(suite: Suite) -> None:
    assert suite.digest == replace(suite, refused=(), description="Other words.").digest
    assert suite.digest != replace(suite, version=4).digest
    assert suite.digest != replace(suite, entries=suite.entries[::-1]).digest
    assert suite.scenarios == ("lane-keeping-v1",)


def test_misspelt_suites_are_met_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'smoke'\?"):
        load_suite("smok")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'recovery'\?"):
        build_suite("recovry")


def test_an_entry_checks_itself(suite: Suite) -> None:
    entry = suite.entries[0]
    assert entry.key == "lane-keeping-v1/nominal/1"
    for change in ({"reference_distance_m": 2.9}, {"reference_time_s": 0.0}, {"seed": -1}):
        with pytest.raises(ConfigurationError):
            replace(entry, **change)  # type: ignore[arg-type]


def test_a_manifest_has_one_entry_a_line(suite: Suite, tmp_path: Path) -> None:
    write_suite(suite, tmp_path / "two.json")
    lines = (tmp_path / "two.json").read_text().splitlines()
    assert sum('"seed"' in line for line in lines) == len(suite.entries)
    assert json.loads("\n".join(lines))["digest"] == suite.digest
