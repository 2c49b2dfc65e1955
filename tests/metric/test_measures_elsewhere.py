"""An action log measures the same to the bit in another process, on another processor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scripted_drivers import FAMILIES, Scripted, drive

from drivebench.evaluation.record import encode

SCRIPT = Path(__file__).with_name("replayed_measurements.py")
OLD_PROCESSOR = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_NUM_THREADS": "1",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}


@pytest.mark.slow
def test_an_action_log_measures_the_same_elsewhere(tmp_path: Path) -> None:
    driven = {family: drive(Scripted(), family) for family in FAMILIES}
    logs = {f"{family}/{k}": one.actions for family in FAMILIES for k, one in enumerate(driven[family])}
    np.savez(tmp_path / "logs.npz", **logs)
    result = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "logs.npz")],
        env=os.environ | OLD_PROCESSOR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    expected = {family: [encode(one.measurement) for one in driven[family]] for family in FAMILIES}
    assert json.loads(result.stdout) == expected
