"""Which episodes count for which ability."""

import pytest

from drivebench import registry
from drivebench.abilities import abilities_tested
from drivebench.conditions import UNSEEN_ROAD
from drivebench.errors import ConfigurationError
from drivebench.scenario import TRAIN, load_scenario


@pytest.mark.parametrize(
    ("condition", "tested"),
    [
        ("nominal", {"interaction"}),
        ("dense", {"interaction", "generalisation"}),
        ("aggressive", {"interaction", "generalisation"}),
        ("off-course", {"recovery"}),
        ("off-course-far", {"recovery"}),
        ("disturbed", {"recovery"}),
        ("night", {"generalisation"}),
        ("fog", {"generalisation"}),
        ("unseen-road", {"generalisation"}),
        ("dropout", {"memory"}),
        ("somebody-elses", {"interaction"}),
    ],
)
def test_what_an_episode_tests(condition: str, tested: set[str]) -> None:
    assert set(abilities_tested(("interaction",), condition)) == tested


def test_every_condition_that_there_is_tests_something() -> None:
    for name in registry.names("scenario"):
        scenario = load_scenario(name)
        assert scenario.abilities
        for condition in scenario.every_condition:
            assert abilities_tested(scenario.abilities, condition)


def test_nobody_trains_on_unseen_roads() -> None:
    for name in registry.names("scenario"):
        scenario = load_scenario(name)
        if UNSEEN_ROAD in scenario.conditions:
            with pytest.raises(ConfigurationError, match="not unseen"):
                scenario.episode(TRAIN.start, UNSEEN_ROAD)
