"""Real diagnoses of small policies, through the command and from Python."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import numpy as np
import pytest
from typer.testing import CliRunner

from drivebench import cli, registry
from drivebench.diagnosis.diagnosis import DiagnosisRequest, ScenarioDiagnosis, diagnose
from drivebench.diagnosis.displacement import displaced, standing
from drivebench.diagnosis.drives import drive
from drivebench.diagnosis.report import as_json, as_text
from drivebench.diagnosis.route_watch import RouteWatch
from drivebench.diagnosis.subject import subject
from drivebench.diagnosis.yardstick import Zero
from drivebench.errors import ConfigurationError, PolicyError, UnknownNameError
from drivebench.evaluation.chunk import chunk_seed
from drivebench.evaluation.competitor import competitor
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.rollout import roll_out_batch
from drivebench.metric.measurement import Ending
from drivebench.metric.monitor import Monitor
from drivebench.scenario import DEV, load_scenario
from drivebench.world import WorldBatch, quantise

KEEPER = """
def answer(self, observation, slots):
    route, speed = observation["route-geometry"], observation["speed"][:, 0]
    steering = np.arctan(5.0 * (route[:, 2] - 0.05 * route[:, 0] - 0.4 * route[:, 1])) / (np.pi / 4)
    return np.stack([0.2 * (8.0 - speed), steering], axis=1).clip(-1.0, 1.0)
"""
"""Steers along the route by what it is told of it, whatever the command is; remembers nothing."""
COPYCAT = """
def answer(self, observation, slots):
    fresh = np.stack([0.1 * observation["speed"][:, 0], np.random.normal(size=len(slots))], axis=1)
    last = np.stack([self.last.get(slot, np.zeros(2)) for slot in slots.tolist()])
    mixed = np.clip(0.9 * last + 0.02 * fresh, -1.0, 1.0)
    self.last.update(zip(slots.tolist(), mixed))
    return mixed
"""
"""Answers with its last action once more, nearly, and with a little chance."""
BROKEN = """
def answer(self, observation, slots):
    return np.full((len(slots), 2), 3.0)
"""


def submission(folder: Path, answer: str, sensors: str) -> Path:
    folder.mkdir(parents=True)
    manifest = f"""
name = "{folder.name}"
authors = ["A. Tester"]
sensors = {sensors}
entry_point = "policy:load"
training_data = "none"
"""
    code = f"""
import numpy as np
{answer}
class Policy:
    def reset(self, slots):
        self.last = {{}} if len(slots) > 1 else self.last
    def act(self, observation, slots):
        return answer(self, observation, slots).astype(np.float32)

def load(directory):
    return Policy()
"""
    (folder / "submission.toml").write_text(manifest)
    (folder / "policy.py").write_text(code)
    return folder


def diagnosed(what: Path | str, episodes: int = 3) -> ScenarioDiagnosis:
    with competitor(str(what)) as who:
        return diagnose(who, DiagnosisRequest(episodes=episodes)).scenarios[0]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sensors = '["route-geometry", "speed", "command"]'
    return submission(tmp_path_factory.mktemp("policies") / "keeper", KEEPER, sensors)


@pytest.fixture(scope="module")
def page(keeper: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder that the command writes, and what it prints."""
    out = tmp_path_factory.mktemp("diagnoses") / "keeper"
    result = CliRunner().invoke(
        cli.app, ["diagnose", str(keeper), "--episodes", "3", "--out", str(out), "--json"]
    )
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def test_a_policy_without_memory_goes_by_what_it_uses(page: tuple[Path, Any]) -> None:
    (found,) = page[1]["scenarios"]
    effects = {(each["input"], each["change"]): each for each in found["sensitivity"]["effects"]}
    assert not found["sensitivity"]["remembers"]
    assert not found["sensitivity"]["random"]
    assert {sensor for sensor, _ in effects} == {"route-geometry", "speed", "command"}
    for change in ("blanked", "frozen", "shuffled"):
        ignored, used = effects["command", change], effects["route-geometry", change]
        assert ignored["steering_change_rad"]["value"] == 0.0
        assert ignored["steering_error_rad"] == found["shift"]["steering"]["on_expert"]
        assert used["steering_change_rad"]["value"] > 0.001
        assert used["acceleration_change_mps2"]["value"] == 0.0
    assert effects["speed", "blanked"]["acceleration_change_mps2"]["value"] > 1.0


def test_a_policy_that_steers_to_the_route_recovers(page: tuple[Path, Any]) -> None:
    off = page[1]["scenarios"][0]["off"]
    assert [each["offset_m"] for each in off["recovery"]] == [0.25, 0.5, 1.0, 1.5, 2.0]
    assert all(each["back"]["value"] == 1.0 for each in off["recovery"][:3])
    assert off["divergence"]["events"] == 0
    assert off["median_failure_s"] is None
    assert off["cost"]["fit_until_s"] == 25.0
    assert len(off["cost"]["horizons_s"]) == 125
    standing_starts = page[1]["scenarios"][0]["inertia"]["standing_starts"]["stayed"]
    assert (standing_starts["value"], standing_starts["n"]) == (0.0, 3)


def test_the_same_policy_gives_the_same_numbers(keeper: Path, page: tuple[Path, Any]) -> None:
    with competitor(str(keeper)) as who:
        again = diagnose(who, DiagnosisRequest(episodes=3))
    assert as_json(again) == page[1] == json.loads((page[0] / "diagnosis.json").read_text())
    assert "covariate shift: On its own states" in as_text(again)


def test_the_page_is_one_file_that_loads_nothing(page: tuple[Path, Any]) -> None:
    text = (page[0] / "index.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert text.count('src="data:image/svg+xml') == text.count("<img") == 6
    assert "http" not in text.replace("http-equiv", "")


def test_a_policy_drives_as_it_does_in_an_evaluation_and_on_from_there(tmp_path: Path) -> None:
    made = submission(tmp_path / "copycat", COPYCAT, '["speed"]')
    episodes = [load_scenario("lane-keeping-v1").episode(DEV.start + 600_000 + k) for k in range(2)]
    with competitor(str(made)) as who:
        with subject(who, 2, Limits()) as policy:
            driven = drive(episodes, policy, go_on=True)
        with who.pilot(2, Limits(), "process") as pilot:
            pilot.prepare(chunk_seed(who.card.digest, 0))
            rollouts = roll_out_batch(episodes, [None] * 2, pilot)
    for slot, rollout in enumerate(rollouts):
        length = len(rollout.actions)
        assert rollout.measurement.ended_by is Ending.OFF_ROAD
        assert driven.failed_s[slot] == rollout.measurement.duration_s
        assert driven.within[:, slot].sum() == length < driven.decisions[slot]
        assert (driven.actions[:length, slot] == rollout.actions).all()


def test_nothing_is_overwritten(keeper: Path, page: tuple[Path, Any]) -> None:
    result = CliRunner().invoke(cli.app, ["diagnose", str(keeper), "--out", str(page[0])])
    assert result.exit_code == 1
    assert "exists already" in result.output


def test_a_policy_that_copies_its_last_action_is_found_out(tmp_path: Path) -> None:
    found = diagnosed(submission(tmp_path / "copycat", COPYCAT, '["speed", "last-action"]'))
    assert found.sensitivity is not None
    assert found.sensitivity.remembers
    assert found.sensitivity.random
    changes = {each.change: each for each in found.sensitivity.of("history")}
    assert set(changes) == {"forgotten", "last second only", "frozen", "shuffled"}
    assert changes["forgotten"].acceleration_change_mps2.value > 0.1
    assert changes["shuffled"].states == 3 * 24
    assert found.inertia.steering.correlation is not None
    assert found.inertia.steering.correlation.value > 0.7
    assert found.off is not None
    assert found.off.divergence.events == 3
    assert found.off.median_failure_s is not None
    assert found.off.cost.fit_until_s == pytest.approx(found.off.median_failure_s, abs=0.2)


def test_the_expert_errs_nowhere_against_itself() -> None:
    found = diagnosed("expert", 2)
    assert found.yardstick is Zero.ROUTE
    assert found.sensitivity is None
    assert found.shift.steering.ratio is None
    assert (found.shift.steering.on_expert.value, found.shift.acceleration.on_own.value) == (0.0, 0.0)
    assert found.off is not None
    assert found.off.cost == found.off.expert_cost


def test_a_policy_that_breaks_the_protocol_ends_the_diagnosis(tmp_path: Path) -> None:
    made = submission(tmp_path / "broken", BROKEN, '["speed"]')
    with pytest.raises(
        PolicyError, match=r"'broken' broke the protocol .* out-of-range: the action \(3, 3\)"
    ):
        diagnosed(made)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected at least one"):
        DiagnosisRequest(episodes=1)
    with pytest.raises(ConfigurationError, match="each once"):
        DiagnosisRequest(scenarios=("fork-v1", "fork-v1"))
    with pytest.raises(ConfigurationError, match="finite"):
        DiagnosisRequest(fit_until_s=0.0)
    with competitor("idm") as who, pytest.raises(UnknownNameError, match="lane-keeping-v1"):
        diagnose(who, DiagnosisRequest(scenarios=("lane-keping-v1",)))


@pytest.mark.parametrize("scenario", ["lane-keeping-v1", "roundabout-v1"])
def test_the_watch_sees_what_the_monitor_sees_until_an_episode_ends(scenario: str) -> None:
    episodes = [load_scenario(scenario).episode(DEV.start + 600_000 + k) for k in range(2)]
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor, watch = Monitor(worlds, episodes), RouteWatch(worlds, episodes)
    driver, active = registry.load("driver", "idm")(), np.ones(2, np.bool_)
    driver.reset(worlds, dict(enumerate(episodes)), np.arange(2))
    for _ in range(60):
        going = np.flatnonzero(~monitor.done)
        assert watch.progress_m[going].tolist() == monitor.progress_m[going].tolist()
        assert watch.command[going].tolist() == monitor.command[going].tolist()
        assert watch.decisions[going].tolist() == monitor.decisions[going].tolist()
        assert [watch.instruction(slot) for slot in going] == [monitor.instruction(slot) for slot in going]
        worlds.step(quantise(driver.act(worlds, np.arange(2))), active)
        monitor.update(active)
        watch.update(active)
    assert (watch.progress_m > 10.0).all()


@pytest.mark.parametrize("offset_m", [-1.5, 1.5])
def test_a_displaced_start_is_beside_the_route_and_nothing_else_changes(offset_m: float) -> None:
    episode = load_scenario("lane-keeping-v1").episode(DEV.start + 600_000)
    aside = displaced(episode, offset_m)
    watch = RouteWatch(WorldBatch([aside.world]), [aside])
    assert watch.lateral_m[0] == pytest.approx(offset_m, abs=1e-3)
    changed = np.argwhere(aside.world.entity_float != episode.world.entity_float)
    assert changed[:, 0].tolist() == [0, 1]  # x and y
    assert watch.depth_off_road_m(0) > 0.2  # the lane is 4.5 m wide at most, the car 2 m
    assert (
        replace(standing(episode).world, entity_float=episode.world.entity_float).digest
        == episode.world.digest
    )
    assert WorldBatch([standing(episode).world]).speed[0, 0] == 0.0
