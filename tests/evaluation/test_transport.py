"""What a run costs besides driving: the measure drives what a run does, and sees all processes."""

import subprocess
import sys
from pathlib import Path

import pytest
from small_suites import STEADY, submission, suite

from drivebench.benchmarks import transport
from drivebench.benchmarks.evaluation import LOOK_S, _Memory
from drivebench.evaluation.isolation.tier import NO_TIER, Tier

LABOUR_S = 0.1
LABOUR = f"""    def reset(self, slots):
        began = time.process_time()
        while time.process_time() - began < {LABOUR_S}:
            pass
"""
"""Without it, driving so few episodes takes less of a processor than a tick of the clock that is read."""
LABORIOUS = STEADY.replace("    def reset(self, slots):\n", LABOUR).replace(
    "import numpy", "import time; import numpy"
)
ELSEWHERE = LABORIOUS.replace("np.float32)", "np.float32) + ('pytest' in sys.modules) * 0.1").replace(
    "import numpy", "import sys; import numpy"
)
"""Drives otherwise in the harness, which is this process here."""


@pytest.mark.parametrize(
    ("code", "same"), [(LABORIOUS, True), (ELSEWHERE, False)], ids=["steady", "elsewhere"]
)
def test_the_policy_in_the_harness_drives_what_it_drives_in_its_process(
    code: str, same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "policy", raising=False)
    monkeypatch.setattr(transport, "load_suite", lambda name: suite(name, 2))
    monkeypatch.setattr(transport, "processors", lambda workers: [None] * workers)
    found = transport.measure(submission(tmp_path / "steady", code), "small", 0, 1)
    monkeypatch.delitem(sys.modules, "policy")
    assert (found["notes"][Tier.PROCESS] == "") is same
    assert {len(found["seconds"][name]) for name in (NO_TIER, Tier.PROCESS.value)} == {1}
    assert all(
        spent_s > LABOUR_S / 2 for by_chunk in found["seconds"].values() for spent_s in by_chunk.values()
    )


@pytest.mark.skipif(sys.platform != "linux", reason="memory is seen in /proc")
def test_memory_is_that_of_processes_that_were_started() -> None:
    hoard = f"import time; kept = b'x' * (100 << 20); time.sleep({6 * LOOK_S})"
    with _Memory() as memory:
        subprocess.run([sys.executable, "-c", hoard], check=True)
    assert 100 << 20 < memory.peak_bytes < 1 << 30
