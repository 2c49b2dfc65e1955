"""Lanes of polylines, against stock highway-env bit for bit; whole roads of them are cases of its parity."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.stock.parity import ORACLE_ENVIRONMENT


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
