"""The single stock environment: gymnasium's check, seeds, what highway-env raises on, constants."""

import copy
import pickle
import re
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils import seeding
from gymnasium.utils.env_checker import check_env

from drivebench.errors import ActionError, ConfigurationError, DrivebenchError, UnknownNameError
from scenarios.stock.bank import bank_of
from scenarios.stock.building import Builder, generator_in, state_in, state_of, words_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.environment import StockEnv
from scenarios.stock.face_check import differences
from scenarios.stock.ids import IDS
from scenarios.stock.upstream import made_environment, stock_environment
from scenarios.stock.vector import StockVectorEnv

CONTINUOUS = {"type": "ContinuousAction"}
CHECKED = [
    "highway-fast-v0",
    "intersection-v1",
    "racetrack-v1",
    "parking-v0",
    "u-turn-v0",
    "lane-keeping-v0",
]


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.filterwarnings("ignore:.*")
def test_gymnasiums_own_check_passes(name: str) -> None:
    check_env(gymnasium.make(f"drivebench/stock-{name}", render_mode="rgb_array").unwrapped)


def _episode(environment: Any, seed: int | None, decisions: int = 6) -> list[Any]:
    told = [environment.reset(seed=seed)]
    for decision in range(decisions):
        action = environment.action_space.sample() if decision == 0 else told[0][1]["action"]
        told.append(environment.step(told[0][1]["action"] if decision == 0 else action))
    return [np.asarray(each[0]).tobytes() for each in told]


def test_same_seed_same_bytes_another_seed_others() -> None:
    environment = StockEnv("merge-v1")
    first, second = _episode(environment, 5), _episode(environment, None)
    assert _episode(StockEnv("merge-v1"), 5) == first
    assert _episode(environment, 5) == first
    assert _episode(environment, None) == second
    assert first != second
    assert _episode(environment, 6) != first


def test_an_environment_without_a_seed_starts_anywhere() -> None:
    starts = {StockEnv("highway-fast-v0").reset()[0].tobytes() for _ in range(3)}
    assert len(starts) == 3


@pytest.mark.parametrize("name", ["intersection-v0", "lane-keeping-v0", "highway-fast-v0"])
def test_a_deep_copy_goes_on_by_itself(name: str) -> None:
    environment = StockEnv(name)
    environment.reset(seed=0)
    action = environment.action_space.sample()
    environment.step(action)
    other = copy.deepcopy(environment)
    first = [environment.step(action)[:2] for _ in range(4)]
    second = [other.step(action)[:2] for _ in range(4)]
    assert pickle.dumps(first) == pickle.dumps(second)
    assert pickle.dumps(environment.reset()[0]) == pickle.dumps(other.reset()[0])


@pytest.mark.parametrize("name", ["intersection-v0", "lane-keeping-v0", "parking-v0"])
def test_a_pickled_environment_goes_on(name: str) -> None:
    environment = StockEnv(name)
    environment.reset(seed=0)
    action = environment.action_space.sample()
    environment.step(action)
    other = pickle.loads(pickle.dumps(environment))
    assert other.episodes.bank is environment.episodes.bank
    first = [environment.step(action) for _ in range(3)]
    second = [other.step(action) for _ in range(3)]
    assert not list(differences(tuple(first), tuple(second)))
    assert not list(differences(environment.reset()[0], other.reset()[0]))
    assert pickle.loads(pickle.dumps(StockEnv(name))).reset(seed=1)[0] is not None


@pytest.fixture
def _constants_of_traffic() -> Iterator[None]:
    """Gives back the class constants that highway-env's intersection sets for the whole process."""
    from highway_env.vehicle.behavior import IDMVehicle

    before = {name: value for name, value in vars(IDMVehicle).items() if name.isupper()}
    yield
    for name, value in before.items():
        setattr(IDMVehicle, name, value)


@pytest.mark.usefixtures("_constants_of_traffic")
@pytest.mark.parametrize("name", ["intersection-v0", "lane-keeping-v0", "highway-fast-v0"])
def test_random_numbers_are_seen_and_set_as_in_highway_env(name: str) -> None:
    stock, ours = made_environment(name), StockEnv(name)
    for seed in (3, None):
        first, second = stock.reset(seed=seed)[0], ours.reset(seed=seed)[0]
        assert not list(differences(first, second))
        assert state_of(ours.np_random) == state_of(stock.np_random)
        for _ in range(3):
            action = stock.action_space.sample()
            stock.step(action), ours.step(action)
            assert state_of(ours.np_random) == state_of(stock.np_random)
    assert ours.np_random.random() == stock.np_random.random()
    assert not list(differences(stock.reset()[0], ours.reset()[0])), "what a user draws counts"
    for environment in (stock, ours):
        environment.np_random = np.random.default_rng(8)
    assert ours.np_random_seed == stock.np_random_seed == -1
    assert not list(differences(stock.reset()[0], ours.reset()[0])), "what a user sets counts"
    if name == "lane-keeping-v0":
        assert stock.np_random.random() == ours.np_random.random()
        assert not list(differences(stock.step(action)[0], ours.step(action)[0])), "between steps, too"


def test_other_kinds_of_random_numbers_are_refused() -> None:
    environment = StockEnv("merge-v1")
    with pytest.raises(ConfigurationError, match="np_random is MT19937"):
        environment.np_random = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(ConfigurationError, match="np_random is int"):
        environment.np_random = 7  # type: ignore[assignment]


@pytest.mark.parametrize("seed", [-1, 1.5, "7", True])
def test_seeds_that_are_no_whole_numbers(seed: Any) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(repr(seed))):
        StockEnv("merge-v1").reset(seed=seed)
    with pytest.raises(ConfigurationError, match=re.escape(repr(seed))):
        StockVectorEnv("merge-v1", num_envs=2).reset(seed=seed)
    with pytest.raises(ConfigurationError, match=re.escape(repr(seed))):
        StockVectorEnv("merge-v1", num_envs=2).reset(seed=[0, seed])


def test_random_states_survive_being_written_down() -> None:
    generator = seeding.np_random(3)[0]
    generator.integers(10, dtype=np.int32)  # leaves half a word
    state = state_of(generator)
    assert state_in(words_of(state)) == state
    assert generator_in(state).random(5).tolist() == generator.random(5).tolist()


def test_reset_options_change_the_configuration() -> None:
    environment = StockEnv("highway-fast-v0")
    environment.reset(
        seed=0, options={"config": {"observation": {"type": "OccupancyGrid"}, "lanes_count": 4}}
    )
    assert environment.observation_space.shape == (4, 11, 11)
    assert environment.config["lanes_count"] == 4
    assert environment.reset()[0].shape == (4, 11, 11)


def test_numpys_whole_numbers_are_seeds() -> None:
    environment = StockEnv("merge-v1")
    np.testing.assert_array_equal(environment.reset(seed=np.int64(3))[0], environment.reset(seed=3)[0])
    assert environment.np_random_seed == 3


def test_the_configuration_can_be_written_to() -> None:
    stock, ours = made_environment("merge-generic-v0"), StockEnv("merge-generic-v0")
    for environment in (stock, ours):
        environment.reset(seed=0)
        environment.config["lanes_count"] = 3
        environment.configure({"policy_frequency": 3, "observation": {"type": "Kinematics", "clip": False}})
        environment.config["observation"]["vehicles_count"] = 7
    first, second = stock.reset()[0], ours.reset()[0]
    assert first.shape == ours.observation_space.shape == (7, 5)
    assert not list(differences(first, second))
    assert stock.metadata["render_fps"] == ours.metadata["render_fps"] == 6
    assert not list(differences(stock.step(1)[:4], ours.step(1)[:4]))
    ours.configure(None)
    ours.reset(options={"config": None})
    assert not list(differences(ours.config, dict(ours.episodes.config)))


def test_what_is_written_to_the_configuration_is_checked() -> None:
    environment = StockEnv("highway-fast-v0")
    for change in ({"duraton": 2}, {"duration": "long"}, 7):
        with pytest.raises(DrivebenchError, match=r"duration|config=7"):
            environment.configure(change)  # type: ignore[arg-type]
    assert environment.config == environment.episodes.config
    environment.config["duraton"] = 2
    with pytest.raises(UnknownNameError, match="Did you mean 'duration'"):
        environment.reset(seed=0)
    with pytest.raises(ConfigurationError, match="config=3"):
        environment.reset(options={"config": 3})


PARKED = {
    "controlled_vehicles": 2,
    "action": {"type": "MultiAgentAction", "action_config": CONTINUOUS},
}


@pytest.mark.parametrize(
    "each",
    [{"type": "Kinematics"}, {"type": "KinematicsGoal", "features": ["x", "y"], "scales": [1, 1]}],
)
def test_success_of_agents_that_do_not_see_their_goal_is_refused(each: dict[str, Any]) -> None:
    observation = {"type": "MultiAgentObservation", "observation_config": each}
    with pytest.raises(ConfigurationError, match="expected KinematicsGoal with one feature for each"):
        StockEnv("parking-v0", config=PARKED | {"observation": observation})


@pytest.mark.parametrize(
    ("name", "config", "action", "named"),
    [
        ("racetrack-v0", {}, np.array([np.nan], np.float32), "entry 0 of the action of environment 0 is nan"),
        ("racetrack-v0", {}, np.array([0.1, 0.2], np.float32), r"\(1,\)"),
        ("racetrack-v0", {}, ["a"], "real numbers"),
        ("highway-fast-v0", {}, 5, "0 to 4"),
        ("highway-fast-v0", {}, 1.5, "whole numbers"),
        ("highway-fast-v0", {}, -1, "0 to 4"),
        ("intersection-multi-agent-v0", {}, 1, "tuple of 2"),
    ],
)
def test_actions_that_cannot_be_are_named(name: str, config: Any, action: Any, named: str) -> None:
    environment = StockEnv(name, config=config)
    environment.reset(seed=0)
    with pytest.raises(ActionError, match=named):
        environment.step(action)


@pytest.mark.parametrize("name", ["merge-v0", "merge-generic-v1", "roundabout-v0", "two-way-v0"])
def test_continuous_actions_work_where_highway_env_raises(name: str) -> None:
    observation = {"type": "Kinematics"}
    environment = StockEnv(name, config={"action": CONTINUOUS, "observation": observation})
    environment.reset(seed=0)
    for _ in range(3):
        observation, reward, _, _, info = environment.step(np.array([0.2, 0.0], np.float32))
        assert np.isfinite(observation).all()
        assert np.isfinite(reward)
        assert info["rewards"].get("lane_change_reward", False) is False


def test_the_oval_draws_what_stock_leaves_to_chance() -> None:
    config = {"length": 0, "no_lanes": 0}
    environment = StockEnv("racetrack-oval-v0", config=config)
    digests = []
    for seed in (0, 1, 2, 0):
        environment.reset(seed=seed)
        batch, _ = environment.episodes.running()
        digests.append(batch.worlds[0].digest)
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3


def _highway_digest() -> str:
    entry = IDS["highway-fast-v0"]
    builder = Builder(entry, complete_configuration(entry), "parity")
    return builder.build(state_of(seeding.np_random(0)[0])).world.digest


def test_no_environment_changes_the_constants_of_another() -> None:
    from highway_env.vehicle.behavior import IDMVehicle

    before, wanted = _highway_digest(), IDMVehicle.DISTANCE_WANTED
    ours = StockEnv("intersection-v0")
    ours.reset(seed=0)
    assert wanted == IDMVehicle.DISTANCE_WANTED
    assert _highway_digest() == before
    try:
        stock_environment("intersection-v0", seed=0)  # sets constants of IDMVehicle for the whole process
        assert IDMVehicle.DISTANCE_WANTED == 7
        assert _highway_digest() == before
        assert IDMVehicle.DISTANCE_WANTED == 7, "what others have set is theirs"
    finally:
        for name, value in {
            "DISTANCE_WANTED": wanted,
            "COMFORT_ACC_MAX": 3.0,
            "COMFORT_ACC_MIN": -5.0,
        }.items():
            setattr(IDMVehicle, name, value)
    traffic = ours.episodes.running()[0].worlds[0].traffic
    assert (traffic.distance_wanted_m, traffic.comfort_acceleration_mps2) == (7.0, 6.0)


def test_worlds_of_one_configuration_share_their_roads() -> None:
    entry = IDS["highway-fast-v0"]
    bank = bank_of(entry, complete_configuration(entry), "parity")
    assert bank is bank_of(entry, complete_configuration(entry, {}), "parity")
    one, other = (bank.world(state_of(seeding.np_random(seed)[0])).world for seed in (11, 12))
    assert one.network is other.network
    assert bank.world(state_of(seeding.np_random(11)[0])).world is one


@pytest.mark.parametrize("name", ["highway-fast-v0", "intersection-v0"])
def test_pictures_show_something(name: str) -> None:
    environment = StockEnv(name, render_mode="rgb_array")
    environment.reset(seed=0)
    picture = environment.render()
    assert picture is not None
    assert picture.shape == (environment.config["screen_height"], environment.config["screen_width"], 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5
