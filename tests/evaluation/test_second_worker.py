"""What a second worker brings: chunks are driven by real workers, one after the other and at once."""

from pathlib import Path

import pytest
from small_suites import submission, suite

from drivebench.benchmarks import second_worker


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_worker, "load_suite", lambda name: suite(name, 3))
    monkeypatch.setattr(second_worker, "BATCH_SIZE", 1)
    monkeypatch.setattr(second_worker, "EVERY", 2)
    monkeypatch.setattr(second_worker, "SPELLS", 1)


@pytest.mark.usefixtures("small")
def test_workers_are_held_against_one_and_against_processes_that_share_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workers, arithmetic = second_worker.rows(submission(tmp_path / "steady"), "small", 2)
    assert [len(row.ours) for row in (workers, arithmetic)] == [2, 2]  # of chunks 0 and 2
    assert all(rate > 0.0 for row in (workers, arithmetic) for rate in (*row.ours, *row.theirs))
    assert workers.target == 1.8
    assert arithmetic.target is None
    assert "2 workers against one: 2 chunks in" in capsys.readouterr().err
