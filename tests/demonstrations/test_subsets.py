"""Named parts: split by seed, nested fractions, thirds by score, and combinations of them."""

from itertools import pairwise

import pytest
from invented_demonstrations import a_demonstration

from drivebench.demonstrations import Demonstrations, to_learn_from
from drivebench.errors import DataError, UnknownNameError

MERGE = "merge-v1"


@pytest.fixture(scope="module")
def mixed() -> Demonstrations:
    """Two drivers on the same 40 seeds of two scenarios, ada with one fault and lower scores on the way."""
    return Demonstrations(
        episodes=tuple(
            a_demonstration(
                seed,
                frames=2,
                entities=1,
                driver=driver,
                scenario=scenario,
                condition="fog" if seed % 4 == 0 else "nominal",
                score=100.0 - seed if driver == "expert" else 50.0 - seed,
                success=(driver, seed) != ("ada", 3),
            )
            for driver in ("expert", "ada")
            for scenario in ("toy-v1", MERGE)
            for seed in range(40)
        )
    )


def keys(part: Demonstrations) -> set[tuple[str, str]]:
    return {(episode.key, episode.driver) for episode in part.episodes}


def places(part: Demonstrations) -> set[tuple[str, int]]:
    return {episode.place for episode in part.episodes}


def test_no_place_is_both_learnt_from_and_held_out(mixed: Demonstrations) -> None:
    train, held_out = mixed.subset("train"), mixed.subset("held-out")
    assert not places(train) & places(held_out)
    assert keys(train) | keys(held_out) == keys(mixed)
    assert len(held_out.episodes) == 20  # every eighth of 80 places, by both drivers
    assert {episode.seed for episode in held_out.episodes} == {7, 15, 23, 31, 39}


def test_smaller_fractions_lie_inside_larger_ones_and_hold_nothing_back(mixed: Demonstrations) -> None:
    parts = [mixed.subset(f"{percent}%") for percent in (1, 2, 5, 10, 25, 50, 99, 100)]
    for smaller, larger in pairwise(parts):
        assert keys(smaller) <= keys(larger)
    assert keys(parts[-1]) == keys(mixed.subset("train"))
    # 35 training places of each scenario, rounded up, each by two drivers
    assert [len(part.episodes) for part in parts] == [4, 4, 8, 16, 36, 72, 140, 140]


def test_which_driver_was_recorded_first_does_not_matter(mixed: Demonstrations) -> None:
    swapped = Demonstrations(episodes=(*mixed.subset("ada").episodes, *mixed.subset("expert").episodes))
    for name in ("held-out", "1%", "50%", "better"):
        assert keys(swapped.subset(name)) == keys(mixed.subset(name))


def test_names_together_mean_what_is_in_all(mixed: Demonstrations) -> None:
    chosen = mixed.subset("ada", MERGE, "condition:nominal", "success", "train")
    assert chosen.episodes
    for episode in chosen.episodes:
        assert (episode.driver, episode.scenario, episode.condition) == ("ada", MERGE, "nominal")
        assert episode.seed not in {3, 7, 15, 23, 31, 39}


def test_a_fraction_is_of_what_the_other_names_leave(mixed: Demonstrations) -> None:
    assert len(mixed.subset("expert", "10%").episodes) == 8  # of 35 places in each of two scenarios
    fog = mixed.subset("expert", MERGE, "condition:fog", "10%")
    assert len(fog.episodes) == 1
    assert mixed.subset("10%", "50%").digest == mixed.subset("10%").digest


def test_thirds_by_score_are_within_each_scenario(mixed: Demonstrations) -> None:
    thirds = [mixed.subset(name, MERGE) for name in ("better", "okay", "worse")]
    assert [len(part.episodes) for part in thirds] == [27, 27, 26]
    worst = [min(episode.score for episode in part.episodes) for part in thirds]
    best = [max(episode.score for episode in part.episodes) for part in thirds]
    assert best == [100.0, 73.0, 36.0]
    assert worst == [74.0, 37.0, 11.0]
    assert set.union(*map(keys, thirds)) == keys(mixed.subset(MERGE))


def test_equal_scores_still_make_thirds() -> None:
    same = Demonstrations(episodes=tuple(a_demonstration(seed, frames=1, score=100.0) for seed in range(30)))
    better = same.subset("better")
    assert len(better.episodes) == 10
    backwards = Demonstrations(episodes=same.episodes[::-1])
    assert keys(backwards.subset("better")) == keys(better)


def test_learners_on_all_fractions_are_measured_alike(mixed: Demonstrations) -> None:
    little, measured = to_learn_from(mixed, ["expert", "10%"])
    more, also_measured = to_learn_from(mixed, ["expert", "50%"])
    assert measured.digest == also_measured.digest == mixed.subset("expert", "held-out").digest
    assert keys(little) < keys(more)
    assert not places(more) & places(measured)


def test_what_means_nothing_is_refused(mixed: Demonstrations) -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'expert'\?"):
        mixed.subset("exprt")
    for name in ("0%", "101%", "-1%", "10 %", "fog", ""):
        with pytest.raises(UnknownNameError, match="subset"):
            mixed.subset(name)
    with pytest.raises(DataError, match="none is in all of"):
        mixed.subset("held-out", "10%")


@pytest.mark.parametrize("name", ["train", "better", "10%", "merge-v1", "condition:fog", "", "success"])
def test_a_driver_is_not_called_like_a_subset(name: str) -> None:
    with pytest.raises(DataError, match="name of its own"):
        Demonstrations(episodes=(a_demonstration(1, driver=name),))


def test_one_seed_may_be_driven_by_two_drivers_but_not_twice_by_one() -> None:
    both = Demonstrations(episodes=(a_demonstration(1), a_demonstration(1, driver="ada")))
    assert both.drivers == ("ada", "expert")
    with pytest.raises(DataError, match="toy-v1/nominal/1 by ada more than once"):
        Demonstrations(episodes=(a_demonstration(1, driver="ada"), a_demonstration(1, driver="ada")))
