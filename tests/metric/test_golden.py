"""What episodes measure and score is pinned to the bit; see ``golden_episodes.py`` for when this fails."""

import json

import pytest
from golden_episodes import FILE, golden

PINNED = json.loads(FILE.read_text())


def compare(found: dict[str, object]) -> list[str]:
    """Names of the pinned episodes that differ."""
    found = json.loads(json.dumps(found))
    assert found["metric_digest"] == PINNED["metric_digest"]
    return [name for name, pinned in PINNED["episodes"].items() if found["episodes"].get(name) != pinned]


def test_measurements_and_scores_are_as_pinned() -> None:
    found = golden()
    assert compare(found) == []
    assert set(json.loads(json.dumps(found))["episodes"]) == set(PINNED["episodes"])


def test_the_comparison_notices_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivebench.metric.account.SHORT_TTC_S", 1.5)
    assert "into an obstacle" in compare(golden())
