"""Verification notices what checksums cannot: a manifest and records that were edited together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_suites import submission, suite

from drivebench.errors import RecordError
from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module
from drivebench.evaluation.record import checksums_of, load_run
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.evaluation.verify import verify_loaded, verify_run

SUITE = suite(count=4)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run_module, "load_suite", lambda name: SUITE)
    monkeypatch.setattr(verify_module, "load_suite", lambda name: SUITE)
    out = tmp_path / "run"
    what = str(submission(tmp_path / "steady"))
    evaluate(EvaluationRequest(what=what, suite="small", out=out, workers=1, chunk_size=2))
    return out


def _drop_the_last_chunk(path: Path) -> None:
    lines = (path / "episodes.jsonl").read_text().splitlines(keepends=True)
    (path / "episodes.jsonl").write_text("".join(lines[:2]))
    (path / "actions" / "0001.npy").unlink()
    _edit_manifest(path, lambda manifest: manifest.update(episodes=manifest["episodes"][:2]))


def _claim_another_ability(path: Path) -> None:
    _edit_manifest(
        path, lambda manifest: manifest["suite"]["abilities"].update({"lane-keeping-v1": ["memory"]})
    )


def _edit_manifest(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((path / "run.json").read_text())
    edit(manifest)
    (path / "run.json").write_text(json.dumps(manifest))


def test_an_honest_run_agrees(run: Path) -> None:
    assert verify_run(run).agrees


def test_two_processes_find_what_one_does(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "episodes.jsonl").read_text().splitlines()]
    for line in lines[::3]:
        line["measurement"]["reference_progress_m"] += 1.0
    text = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines)
    (run / "episodes.jsonl").write_text(text)
    (run / "checksums.json").write_text(json.dumps(checksums_of(run)))
    counted: list[int] = []
    found = verify_loaded(load_run(run), counted.append, workers=2).disagreements
    assert found == verify_run(run).disagreements
    assert [each.episode for each in found] == [SUITE.entries[0].key, SUITE.entries[3].key]
    assert counted == [2, 2]


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (_drop_the_last_chunk, "2 of 4; the first difference: lane-keeping-v1/"),
        (_claim_another_ability, "what run.json says about the suite 'small' was edited"),
    ],
)
def test_what_was_left_out_or_claimed_is_refused(
    run: Path, edit: Callable[[Path], None], complaint: str
) -> None:
    edit(run)
    (run / "checksums.json").write_text(json.dumps(checksums_of(run)))
    with pytest.raises(RecordError, match=complaint):
        verify_run(run)
