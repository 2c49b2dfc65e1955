"""Evaluator, workers and policies killed at random moments; ``faults.py`` does it 200 times."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import Undisturbed, disturb
from small_suites import submission, suite

from drivebench.compiled import source_digest
from drivebench.evaluation.chunk import SAME_DEATHS, ChunkJob
from drivebench.evaluation.competitor import competitor
from drivebench.evaluation.manifest import Limits

KINDS = [*["policy"] * 4, "evaluator", "worker", *["policy"] * 4]
SUITE = suite(count=2)
KILLED_AT = 5
DIES = """
import os, signal
import numpy as np
from pathlib import Path

class Dies:
    def __init__(self):
        marks = Path({marks!r})
        self.life = len(list(marks.iterdir()))
        (marks / str(self.life)).touch()
        self.decisions = 0

    def reset(self, slots):
        pass

    def act(self, observation, slots):
        self.decisions += 1
        if self.decisions == {killed_at} and self.life < {deaths}:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((len(slots), 2), {action}, np.float32) * [1, 0]

def load(directory):
    return Dies()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.slow
def test_ten_kills_lose_double_and_alter_nothing(tmp_path: Path) -> None:
    undisturbed = Undisturbed(tmp_path)
    generator, left, runs = np.random.default_rng(7), KINDS, 0
    while left:
        left = disturb(undisturbed, tmp_path / f"run-{runs}", left, undisturbed.took_s / 2, generator)
        runs += 1


def drive(folder: Path, deaths: int, action: str = "0.2") -> tuple[list[dict[str, Any]], int, int]:
    """The records of a policy that is killed in its first lives, its lives, and the episodes counted."""
    marks = folder / "marks"
    marks.mkdir(parents=True)
    code = DIES.format(marks=str(marks), killed_at=KILLED_AT, deaths=deaths, action=action)
    counted: list[int] = []
    with competitor(str(submission(folder / "dies", code))) as driven:
        job = ChunkJob(
            competitor=driven,
            entries=SUITE.entries,
            chunk_size=2,
            limits=Limits(),
            isolation="process",  # where it may leave its marks
            engine_digest=source_digest(),
        )
        with job.runner() as run:
            files = run(0, counted.append)
    return [json.loads(line) for line in files.records.splitlines()], len(list(marks.iterdir())), sum(counted)


def test_a_policy_that_was_killed_once_comes_to_what_it_would_have(tmp_path: Path) -> None:
    alone, lives, _ = drive(tmp_path / "alone", 0)
    assert lives == 1
    killed, lives, counted = drive(tmp_path / "killed", 1)
    assert (killed, lives, counted) == (alone, 2, 2)
    assert all(record["status"] == "driven" for record in killed)


@pytest.mark.parametrize(
    ("deaths", "action", "lives"),
    [(99, "0.2", SAME_DEATHS), (1, "0.1 + 0.1 * self.life", 2)],
    ids=["each time", "and tries its luck"],
)
def test_a_policy_that_kills_itself_gets_nothing_by_it(
    deaths: int, action: str, lives: int, tmp_path: Path
) -> None:
    records, lived, _ = drive(tmp_path, deaths, action)
    assert lived == lives
    for record in records:
        assert (record["status"], record["reason"]) == ("exited", "its process was killed by SIGKILL")
        assert record["actions"]["decisions"] == KILLED_AT - 1
