"""The main job, for real: from nothing to the page, and once more without doing anything again."""

import json
import re
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest

from drivebench.evaluation.record import load_run
from drivebench.suite import load_suite

POLICIES = ("behavior-cloning", "camera-correction", "idle", "random", "idm", "expert")


def quickstart(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, in an empty folder: it may rely on nothing that the tests have set up."""
    code = "from drivebench.cli import main; main()"
    command = [sys.executable, "-c", code, "quickstart", "--budget", "smoke", "--out", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_main_job(tmp_path: Path) -> None:
    first = quickstart(tmp_path)
    assert first.returncode == 0, first.stderr[-3000:]
    out = tmp_path / "out"
    assert first.stdout.startswith((out / "table.txt").read_text(encoding="utf-8"))
    assert "The first lesson" in first.stdout
    for policy in POLICIES:
        assert load_run(out / "runs" / policy).failures == ()
    content = json.loads((out / "table.json").read_text(encoding="utf-8"))
    scores = {row["policy"]: row["cells"]["dbs"] for row in content["rows"]}
    assert set(scores) == set(POLICIES)
    for learner in POLICIES[:2]:
        assert scores["expert"]["low"] > scores[learner]["high"]
        assert scores[learner]["low"] > scores["random"]["high"]
    page = (out / "page.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    assert not re.search(r"https?://", page)
    assert len(page) < 5_000_000
    pictures = 2 * len(load_suite("smoke").scenarios) + 1  # two of each scenario, and the poster
    assert page.count("data:image/png;base64,") == pictures
    assert page.count("data:video/mp4;base64,") == 1

    again = quickstart(tmp_path)
    assert again.returncode == 0, again.stderr[-3000:]
    assert again.stdout == first.stdout
    assert "\n$ drivebench" not in again.stderr
    assert again.stderr.count("(finished before") == first.stderr.count("$ drivebench")
    assert (out / "page.html").read_text(encoding="utf-8") == page
