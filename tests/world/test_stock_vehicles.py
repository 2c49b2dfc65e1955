"""Traffic, cars and lanes that few stock environments use, against stock highway-env bit for bit.

More of it: ``python tests/world/stock_episodes.py CASE --seeds 10 --decisions 60`` (in the environment that
``scenarios.stock.parity`` describes).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stock_episodes import run

from scenarios.stock.parity import ORACLE_ENVIRONMENT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cases", "seeds", "decisions"),
    [
        ("Linear", 2, 12),
        ("Aggressive", 1, 12),
        ("Defensive", 1, 12),
        ("Bicycle", 1, 40),
        ("Parking", 3, 40),
        ("Polyline", 3, 40),
    ],
)
def test_episodes_are_those_of_stock(cases: str, seeds: int, decisions: int) -> None:
    episodes = run(cases, seeds, decisions)
    assert [episode.broken for episode in episodes] == [None] * len(episodes)
    assert sum(episode.changes for episode in episodes) > 0
    assert sum(episode.crashes for episode in episodes) > 0
    if cases == "Parking":
        assert sum(episode.hits for episode in episodes) > 0


@pytest.mark.slow
def test_polyline_lanes_are_those_of_stock() -> None:
    result = subprocess.run(
        [sys.executable, Path(__file__).parent / "stock_lanes.py"],
        env={**os.environ, **ORACLE_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    record = json.loads(result.stdout.splitlines()[-1])
    assert record["different"] == []
    assert record["compared"] > 50_000
