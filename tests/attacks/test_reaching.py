"""What a policy must not reach is out of its reach, in each tier that this machine has, and by that tier."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from attack_files import attacking, attacks

from drivebench.evaluation.isolation.places import without_scenarios
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import try_tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.submission import read_submission

ROOT = Path(__file__).parents[2]
LIMITS = Limits(start_up_s=120.0, decision_s=60.0)


def require_here(tier: Tier) -> None:
    if try_tier(tier).problem:
        pytest.skip(f"tier {tier} is not in force here: {try_tier(tier).problem}")


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the attacks are after: files and processes that are there, and somebody who listens."""
    monkeypatch.setenv("MY_SECRET", "hunter2")
    for folder in ("run", "home"):
        (tmp_path / folder).mkdir()
    (tmp_path / "run" / "run.json").write_text('{"episodes": ["lane-keeping-v1/nominal/4711"]}')
    other = attacking(tmp_path / "other", "reaching", {})
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local,
        subprocess.Popen(["sleep", "600"]) as victim,
    ):
        local.bind(str(tmp_path / "local"))
        maps = Path(f"/proc/{victim.pid}/maps").read_text()
        yield {
            "run": str(tmp_path / "run"),
            "home": str(tmp_path / "home"),
            "other": str(other),
            "suite": str(ROOT / "scenarios" / "suites" / "test.json"),
            "harness": str(os.getpid()),
            "victim": str(victim.pid),
            "victim_address": str(int(maps.partition("-")[0], 16)),
            "port": str(listener.getsockname()[1]),
            "local": str(tmp_path / "local"),
        }
        assert victim.poll() is None, "the victim has not survived"
        victim.kill()


@pytest.mark.parametrize("tier", Tier)
def test_each_attack_fails_from_the_tier_on_that_stops_it(
    tier: Tier, targets: dict[str, str], tmp_path: Path
) -> None:
    require_here(tier)
    known = attacks("reaching")
    made = read_submission(attacking(tmp_path / "attacker", "reaching", targets, "reaching"))
    layout = Layout.of({"speed": ("<f4", (len(known), 1))}, [])
    with PolicyProcess(made, layout, len(known), LIMITS, tier) as process:
        process.load(seed=1)
        process.load(seed=1)  # a second batch, in which some find what they kept of the first
        process.observation["speed"][:] = 3.0
        answer = process.act({})
        assert (process.observation["speed"] == 3.0).all(), "the observation was changed"
        process.close()
        log = process.log_tail
    succeeded = {attack.name for attack, row in zip(known, answer, strict=True) if row[0] == 1.0}
    possible = {
        attack.name
        for attack in known
        if not attack.stopped_in(tier)
        and (os.geteuid() == 0 or not getattr(attack.module, "NEEDS_ROOT", False))
    }
    assert succeeded == possible, log


VIEW = """
import os, resource, sys
import numpy as np

class Policy:
    def reset(self, slots):
        pass
    def act(self, observation, slots):
        return np.zeros((len(slots), 2))

def load(directory):
    limits = [resource.getrlimit(number) for number in range(16)]
    print(sorted(os.environ.items()), os.getcwd(), sys.argv[::2], sys.path, limits, os.getuid(), directory)
    return Policy()
"""


def test_a_policy_is_told_the_same_whoever_asks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it cannot drive well where it is checked and otherwise where it is evaluated."""
    tier = max((tier for tier in Tier if not try_tier(tier).problem), key=list(Tier).index)
    where = attacking(tmp_path / "viewer", "reaching", {})
    (where / "policy.py").write_text(VIEW)
    seen = []
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        monkeypatch.chdir(tmp_path / number)
        monkeypatch.setenv("RUN", number)
        monkeypatch.setenv("HOME", str(tmp_path / number))
        layout = Layout.of({"speed": ("<f4", (1, 1))}, [])
        with PolicyProcess(read_submission(where), layout, 1, LIMITS, tier) as process:
            process.load(seed=1)
            process.reset(np.arange(1))
            process.close()
            seen.append(process.log_tail)
    assert "PYTHONHASHSEED" in seen[0]
    assert seen[0] == seen[1]


def test_packages_of_scenarios_are_left_out_of_the_libraries(tmp_path: Path) -> None:
    """As they are where drivebench lies among the other packages; here they lie in the project's folder."""
    readable, listable = without_scenarios((ROOT, tmp_path))
    assert str(ROOT / "drivebench") in readable
    assert not any(Path(place) in (ROOT, ROOT / "scenarios") for place in readable)
    assert listable == (str(ROOT),)
    assert str(tmp_path) in readable
