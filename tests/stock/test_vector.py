"""The vector environment: the same as single ones, three kinds of autoreset, banks of worlds."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock.building import Builder, RandomState, state_of_seed
from scenarios.stock.deck import DEAL_EVERY, Deck
from scenarios.stock.environment import StockEnv
from scenarios.stock.face_check import VARIANTS, differences
from scenarios.stock.vector import StockVectorEnv

SHORT: dict[str, Any] = {"duration": 4, "vehicles_count": 6}
AGENTS_PARK = VARIANTS["parking-v0, agents that see the goal nearer than it is"][1]
SHUFFLED = {"observation": {"type": "Kinematics", "vehicles_count": 4, "order": "shuffled"}}
CASES: list[tuple[str, dict[str, Any] | None, int | None]] = [
    ("highway-fast-v0", SHORT, None),
    ("merge-v1", None, 4),
    ("exit-v0", {"duration": 3, "vehicles_count": 4}, None),
    ("racetrack-v1", {"duration": 1}, None),
    ("parking-v0", {"duration": 1}, None),
    (
        "parking-v0",
        {**VARIANTS["parking-v0, agents that see the goal nearer than it is"][1], "duration": 1},
        None,
    ),
    ("intersection-multi-agent-v0", {"duration": 3, "initial_vehicle_count": 4}, None),
    ("lane-keeping-v0", None, 5),
    ("two-way-v0", SHUFFLED, 4),
]
"""An id, what differs from its configuration, and after how many decisions episodes end."""
LEFT_OUT = ("action", "lane_change_reward", "action_reward")
"""What is sampled anew for the information of every reset."""
NOBODY = np.zeros(3, np.bool_)
EVERYBODY = ~NOBODY


def _equal(one: Any, other: Any, path: str = "", begun: Any = NOBODY, told: Any = None) -> None:
    """Compare what gymnasium's vector environment gives and what ours does.

    Args:
        one: gymnasium's.
        other: Ours.
        path: What they are.
        begun: In which environments an episode has begun; what is sampled then is not compared.
        told: Which environments tell this, where they do not all have to.
    """
    if isinstance(one, dict):
        assert set(one) == set(other), path
        for key in one:
            mask = one.get(f"_{key}")
            if key == "final_info":
                _equal(one[key], other[key], f"{path}/{key}", NOBODY, mask)
            elif key in LEFT_OUT:
                rows = ~begun if mask is None else mask & ~begun
                _equal(one[key][rows], other[key][rows], f"{path}/{key}")
            else:
                _equal(one[key], other[key], f"{path}/{key}", begun, mask)
    elif isinstance(one, tuple) or (isinstance(one, np.ndarray) and one.dtype == object):
        assert len(one) == len(other), path
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            if told is None or told[number]:
                _equal(left, right, f"{path}[{number}]", begun)
    else:
        assert not list(differences(one, other, path))


def _singles(name: str, config: Any, limit: int | None, mode: AutoresetMode) -> SyncVectorEnv:
    def single() -> gymnasium.Env[Any, Any]:
        environment: gymnasium.Env[Any, Any] = StockEnv(name, config=config)
        return environment if limit is None else TimeLimit(environment, limit)

    return SyncVectorEnv([single] * 3, autoreset_mode=mode)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize(("name", "config", "limit"), CASES)
def test_equals_single_environments(
    name: str, config: dict[str, Any] | None, limit: int | None, mode: AutoresetMode
) -> None:
    ours = StockVectorEnv(
        name, num_envs=3, config=config, autoreset_mode=mode, bank=0, max_episode_steps=limit
    )
    singles = _singles(name, config, limit, mode)
    assert ours.single_observation_space == singles.single_observation_space
    assert ours.action_space == singles.action_space
    assert ours.metadata["render_fps"] == singles.metadata["render_fps"]
    _equal(singles.reset(seed=4), ours.reset(seed=4), "reset", EVERYBODY)
    singles.action_space.seed(0)
    ended, before = 0, NOBODY
    for decision in range(12):
        actions = singles.action_space.sample()
        expected, given = singles.step(actions), ours.step(actions)
        over = expected[2] | expected[3]
        _equal(expected, given, str(decision), over if mode is AutoresetMode.SAME_STEP else before)
        ended, before = ended + int(over.sum()), over
    assert ended >= 2


def test_the_callers_resets() -> None:
    mode = AutoresetMode.DISABLED
    ours = StockVectorEnv("highway-fast-v0", num_envs=3, config=SHORT, autoreset_mode=mode, bank=0)
    singles = SyncVectorEnv([lambda: StockEnv("highway-fast-v0", config=SHORT)] * 3, autoreset_mode=mode)
    _equal(singles.reset(seed=0), ours.reset(seed=0), "reset", EVERYBODY)
    done = np.zeros(3, np.bool_)
    while not done.any():
        _equal(result := singles.step(np.array([3, 1, 0])), ours.step(np.array([3, 1, 0])))
        done = result[2] | result[3]
    with pytest.raises(ConfigurationError, match="reset_mask"):
        ours.step(np.ones(3, np.int64))
    again = singles.reset(options={"reset_mask": done}), ours.reset(options={"reset_mask": done.copy()})
    _equal(*again, "again", done)
    _equal(singles.step(np.ones(3, np.int64)), ours.step(np.ones(3, np.int64)))


def _drive(environment: StockVectorEnv, seed: int | None, decisions: int = 14) -> bytes:
    seen = [environment.reset(seed=seed)[0]]
    generator = np.random.default_rng(0)
    for _ in range(decisions):
        actions = generator.integers(5, size=environment.num_envs)
        seen.append(environment.step(actions)[0])
    return np.stack(seen).tobytes()


def test_a_bank_is_determined_by_the_seed_and_used_again() -> None:
    first = StockVectorEnv("highway-fast-v0", num_envs=4, config=SHORT, bank=3)
    same = StockVectorEnv("highway-fast-v0", num_envs=4, config=SHORT, bank=3)
    bytes_of_first = _drive(first, 7)
    assert bytes_of_first == _drive(same, 7)
    assert bytes_of_first == _drive(first, 7), "a world from the shelf is the world"
    assert bytes_of_first != _drive(first, 8)
    seeded = {same.episodes.bank.world(state_of_seed(7 + slot)).world.digest for slot in range(3)}
    batch, _ = same.episodes.running()
    worlds = {world.digest for world in batch.worlds}
    assert worlds <= seeded, "all have begun again in the three worlds that the bank has"


def test_first_episodes_are_those_of_the_seeds() -> None:
    ours = StockVectorEnv("merge-v1", num_envs=2)
    seen = ours.reset(seed=[9, 3])[0]
    for slot, seed in enumerate((9, 3)):
        np.testing.assert_array_equal(seen[slot], StockEnv("merge-v1").reset(seed=seed)[0])


def test_traffic_that_appears_is_another_when_a_world_is_begun_again() -> None:
    ours = StockVectorEnv("intersection-v0", num_envs=1, config={"duration": 4}, bank=1)
    ours.reset(seed=0)
    runs = []
    for _ in range(3):
        seen = [ours.step(np.array([1]))[0].tobytes() for _ in range(5)]
        runs.append(tuple(seen))
    assert len({run[0] for run in runs[1:]}) == 1, "the same world"
    assert len(set(runs[1:])) == 2, "other traffic"


def test_time_limits() -> None:
    ours = gymnasium.make_vec("drivebench/stock-two-way-v0", num_envs=2, max_episode_steps=2)
    ours.reset(seed=0)
    assert not ours.step(np.ones(2, np.int64))[3].any()
    assert ours.step(np.ones(2, np.int64))[3].all()
    ours.step(np.ones(2, np.int64))
    assert not ours.step(np.ones(2, np.int64))[3].any()


def test_rewards_of_each_agent() -> None:
    ours = gymnasium.make_vec("drivebench/stock-intersection-multi-agent-v1", num_envs=2)
    ours.reset(seed=0)
    _, rewards, terminations, truncations, info = ours.step((np.ones(2, np.int64), np.ones(2, np.int64)))
    assert rewards.shape == terminations.shape == (2, 2)
    assert truncations.shape == (2,)
    np.testing.assert_array_equal(rewards, info["agents_rewards"])


@pytest.mark.parametrize("numerics", ["canonical", "parity"])
def test_batches_of_any_size_are_equal(numerics: Any) -> None:
    name = "roundabout-v1"
    wide = StockVectorEnv(name, num_envs=7, numerics=numerics, bank=0)
    first = wide.reset(seed=0)[0]
    after = wide.step(np.full(7, 3))[0]
    for slot in (0, 6):
        alone = StockEnv(name, numerics=numerics)
        np.testing.assert_array_equal(first[slot], alone.reset(seed=slot)[0])
        np.testing.assert_array_equal(after[slot], alone.step(3)[0])


def test_a_deck_draws_its_own_worlds() -> None:
    deck, same, other = Deck(5, [1]), Deck(5, [1]), Deck(5, [2])
    assert deck.draw(5) == same.draw(5) == list(range(5)), "new ones at first"
    drawn = deck.draw(40)
    assert drawn == same.draw(40)
    assert set(drawn) == set(range(5))
    assert deck.state(drawn[0]) == same.state(drawn[0])
    assert len({deck.state(card) for card in range(5)} | {other.state(card) for card in range(5)}) == 10


def test_a_deck_grows_slowly_to_its_size() -> None:
    deck, same = Deck(100, [1]), Deck(100, [1])
    laid = [state_of_seed(seed) for seed in range(40)]
    deck.lay(laid)
    same.lay(laid)
    assert [deck.state(card) for card in range(40)] == laid, "the first episodes' worlds"
    drawn = deck.draw(10 * DEAL_EVERY)
    assert [*same.draw(7), *same.draw(0), *same.draw(10 * DEAL_EVERY - 7)] == drawn, "in any portions"
    assert max(drawn) == 49
    assert len(set(drawn)) == 50, "what was dealt is drawn again"
    assert set(deck.draw(100 * DEAL_EVERY)) == set(range(100))
    small = Deck(3, [1])
    small.lay(laid)
    assert set(small.draw(100)) == {0, 1, 2}
    assert small.state(2) == laid[2]


def test_first_resets_build_few_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[RandomState] = []
    build = Builder.build
    monkeypatch.setattr(Builder, "build", lambda self, state: (built.append(state), build(self, state))[1])
    config = {**SHORT, "vehicles_count": 3, "duration": 1}
    ours = StockVectorEnv("highway-fast-v0", num_envs=8, config=config, autoreset_mode="SameStep")
    ours.reset(seed=0)
    resets = 0
    while resets < 2000:
        _, _, terminated, truncated, _ = ours.step(np.ones(8, np.int64))
        resets += int((terminated | truncated).sum())
    assert len(built) == len(set(built))
    assert 32 + 2000 // DEAL_EVERY <= len(built) + 24 <= 32 + 2100 // DEAL_EVERY + 24


def test_bad_arguments() -> None:
    with pytest.raises(ConfigurationError, match="num_envs=0"):
        StockVectorEnv("highway-fast-v0", num_envs=0)
    with pytest.raises(UnknownNameError, match="NextStep"):
        StockVectorEnv("highway-fast-v0", autoreset_mode="Next")
    ours = StockVectorEnv("highway-fast-v0", num_envs=2)
    with pytest.raises(ConfigurationError, match="reset"):
        ours.step(np.ones(2, np.int64))
    with pytest.raises(ConfigurationError, match="3 seeds"):
        ours.reset(seed=[1, 2, 3])
    with pytest.raises(UnknownNameError, match="reset_mask"):
        ours.reset(options={"mask": None})
    for mask in ([0, 1], [True], np.array([1.0, 0.0])):
        with pytest.raises(ConfigurationError, match="one bool for each of 2 environments"):
            ours.reset(options={"reset_mask": mask})
    with pytest.raises(ConfigurationError, match="names no environment"):
        ours.reset(options={"reset_mask": [False, False]})


def test_the_configuration_is_read_only() -> None:
    ours = StockVectorEnv("highway-fast-v0", num_envs=2)
    assert ours.config == StockEnv("highway-fast-v0").config
    with pytest.raises(ConfigurationError, match="make another one with config="):
        ours.config["duration"] = 2
    with pytest.raises(ConfigurationError, match="make another one with config="):
        ours.config["action"]["type"] = "ContinuousAction"
    ours.config["centering_position"][0] = 7
    assert ours.config["centering_position"][0] == 0.3
