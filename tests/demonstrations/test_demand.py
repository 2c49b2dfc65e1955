"""Names of folders of collected demonstrations: they tell what is inside, and stay short."""

from drivebench.demonstrations.demand import Demand


def test_few_scenarios_are_named_and_many_are_counted() -> None:
    ids = ("a-v1", "b-v1", "c-v1", "d-v1")
    three = Demand(scenarios=ids[:3], episodes={"full": 80})
    assert three.name("full") == "a-v1-b-v1-c-v1-nominal-expert-0-80"
    four = Demand(scenarios=ids, episodes={"full": 80})
    assert four.name("full") == "4-scenarios-e1124627-nominal-expert-0-80"
    backwards = Demand(scenarios=ids[::-1], episodes={"full": 80})
    assert backwards.name("full") != four.name("full")
