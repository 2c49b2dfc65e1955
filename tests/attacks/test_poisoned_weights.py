"""Weights that run code when they are read: it runs in the policy's process, and reaches nothing there.

A file that is a pickle is refused before anything runs (``tests/evaluation/test_weight_files.py``); this one
is hidden in a text, where only the policy finds it.
"""

import base64
import os
import pickle
from pathlib import Path

import pytest
from attack_files import attacking

from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.submission import read_submission


class Poison:
    """Whoever unpickles it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_poison_runs_where_it_can_do_nothing(tmp_path: Path) -> None:
    tier = choose()
    if tier is Tier.PROCESS:
        pytest.skip("no tier that stops it is in force here")
    tmp_path.chmod(0o777)  # nobody's rights would be enough
    marker = tmp_path / "marker"
    weights = pickle.dumps(Poison(marker))
    settings = {"marker": str(marker), "weights": base64.b64encode(weights).decode()}
    where = attacking(tmp_path / "poisoned", "poisoned", settings)
    limits = Limits(start_up_s=300.0, decision_s=60.0)
    layout = Layout.of({"speed": ("<f4", (1, 1))}, [])
    with PolicyProcess(read_submission(where), layout, 1, limits, tier) as process:
        process.load(seed=1)
        process.close()
        told = dict(line.split(": ", 1) for line in process.log_tail.splitlines() if ": it " in line)
    assert not marker.exists()
    assert told.pop("torch.load").startswith("it was not read")
    assert len(told) == 4
    assert all(what.startswith("it ran and was stopped") for what in told.values()), told
    pickle.loads(weights)
    assert marker.exists(), "the poison does nothing at all"
