"""A scenario of another package: one file, one entry point, and it is listed, driven, checked like ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivebench.conditions import COMMON_CONDITIONS

SCENARIO = '''
"""A straight road without anybody on it."""
import math
from drivebench.scenario import (
    Ability, Command, CommandSegment, Episode, Route, Scenario, episode_generator,
)
from drivebench.world import EntityKind
from drivebench.world.build import build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec

NETWORK = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (900.0, 0.0), line_types=(2, 2)))])

def build(seed: int, condition: str) -> Episode:
    start_m = episode_generator("straight-v1", condition, seed).uniform(50.0, 100.0)
    ego = vehicle_on_lane(NETWORK, ("a", "b", 0), start_m, speed_mps=18.0, kind=EntityKind.EGO)
    return Episode(
        scenario="straight-v1", condition=condition, seed=seed,
        world=build_world(NETWORK, [ego]),
        route=Route.along(
            [(float(x), 0.0) for x in range(900)], start_index=int(start_m), start_m=(start_m, 0.0),
            half_width_m=2.0,
            commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Go straight on."),),
        ),
        horizon_s=20.0, speed_limit_mps=20.0,
    )

SCENARIO = Scenario(
    id="straight-v1", title="straight", description="Go straight on.", abilities=(Ability.LANE_KEEPING,),
    conditions=("nominal",), horizon_s=20.0, open_ended=True, build=build,
)
'''

CODE = """
import sys
import drivebench, gymnasium
from drivebench.cli import main
from drivebench.conformance import check_scenario
from drivebench.scenario import load_scenario
check_scenario(load_scenario("straight-v1"))
environment = gymnasium.make("drivebench/straight-v1", sensors=["speed"])
environment.reset(seed=1)
for _ in range(100):
    *_, terminated, truncated, info = environment.step(environment.action_space.sample() * 0)
print(terminated, truncated, round(info["progress_m"]))
sys.argv = ["drivebench", "scenarios", "straight-v1"]
try:
    main()
except SystemExit as left:
    assert not left.code
sys.argv += ["--gallery", "gallery.html"]
main()
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "straight_scenario.py").write_text(SCENARIO)
    described = tmp_path / "straight_scenario-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: straight-scenario\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(
        "[drivebench.scenarios]\nstraight-v1 = straight_scenario:SCENARIO\n"
    )
    return tmp_path


def test_one_file_and_one_line_make_a_scenario(package: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONPATH": str(package)},
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    # 18 m/s for 20 s.
    assert "False True 360" in result.stdout
    assert any("straight-v1" in line and "Go straight on." in line for line in result.stdout.splitlines())
    assert "Suites" not in result.stdout, "it is in none"
    gallery = (package / "gallery.html").read_text()
    assert "A straight road without anybody on it." in gallery
    assert gallery.count('class="view is-') == 1 + len(COMMON_CONDITIONS)
