"""The compiled world against stock highway-env; all of it: ``python -m scenarios.stock.parity``."""

import pytest

from scenarios.stock.parity import WORLDS, compare

LONGEST = {"highway-v0": 60}
"""Decisions of an episode; stock highway steps 51 vehicles and is slow."""


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_parity_with_stock(name: str) -> None:
    episodes = compare(name, range(3), longest=LONGEST.get(name, 200))
    assert [episode.stock_break for episode in episodes] == [None] * 3
    assert sum(episode.changes for episode in episodes) > 0
    for episode in episodes:
        assert episode.one_step_m < 1e-9
        for tie in (*episode.one_step_ties, *([episode.tie] if episode.tie else [])):
            assert tie.margin < 1e-9, tie
