"""The rules of the house that a linter does not know: directions of imports, names, pins."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from drivebench import registry
from drivebench.errors import UnknownNameError, nearest

ROOT = Path(__file__).parents[2]
PACKAGES = ("drivebench", "scenarios", "baselines", "leaderboard", "service")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_highway_env_is_imported_in_one_module() -> None:
    importing = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"^\s*(import|from) highway_env", path.read_text(), re.MULTILINE)
    ]
    assert importing == ["scenarios/stock/upstream.py"]


def test_no_room_is_named_for_nothing() -> None:
    names = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not names & {"utils", "util", "common", "helpers", "helper", "misc"}


def test_importing_the_engine_loads_no_torch() -> None:
    code = (
        "import sys, drivebench.registry, drivebench.cli;"
        "sys.exit('torch' in sys.modules or 'numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", sorted(registry.GROUPS))
def test_every_registered_name_loads(kind: str) -> None:
    names = registry.names(kind)
    assert names, f"nothing is registered as {kind}"
    for name in names:
        assert registry.load(kind, name) is not None


def test_a_misspelt_name_is_met_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'lane-keeping-v1'\?"):
        registry.load("scenario", "lane_keping-v1")
    assert nearest("Behaviour_Cloning", ["behavior-cloning", "idle"]) == "behavior-cloning"
    assert nearest("zzz", ["behavior-cloning", "idle"]) is None


def test_the_tested_set_lies_within_the_bounds() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            pins.setdefault(requirement.name.lower(), []).append(requirement)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stated = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for text in stated:
        bound = Requirement(text)
        assert bound.name.lower() in pins, f"{bound.name} is not pinned in constraints.txt: regenerate it"
        for pin in pins[bound.name.lower()]:
            (version,) = [specifier.version for specifier in pin.specifier]
            assert bound.specifier.contains(version), f"{pin} is outside of {bound}"
    assert requires("drivebench"), "the package is not installed"
