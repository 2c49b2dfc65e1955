"""The compile cache notices edits in everything a kernel depends on, and in nothing else."""

from pathlib import Path

import pytest

from drivebench import compiled
from drivebench.world import tables

PACKAGE = Path(compiled.__file__).parent


def names_reached(module: str) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in compiled._closure([PACKAGE / module])}


def test_constants_of_other_modules_count() -> None:
    reached = names_reached("world/step.py")
    assert {"world/step.py", "world/layout.py", "world/motion.py"} <= reached
    assert {"world/tables.py", "world/geometry.py", "world/numerics.py", "compiled.py"} <= reached


def test_what_depends_on_a_kernel_does_not_count() -> None:
    assert not {"world/batch.py", "cli.py", "suite.py"} & names_reached("world/step.py")


def test_submodules_are_followed(tmp_path: Path) -> None:
    source = tmp_path / "own.py"
    source.write_text("from drivebench.world import (\n    geometry,\n)\nimport drivebench.errors\n")
    reached = {path.name for path in compiled._imported(source)}
    assert {"geometry.py", "__init__.py", "errors.py"} <= reached


def test_the_own_package_is_followed() -> None:
    """Column numbers of the reference path are frozen into the kernels of scenarios/control.py."""
    scenarios = PACKAGE.parent / "scenarios"
    reached = compiled._closure([scenarios / "control.py"])
    assert {scenarios / "reference_path.py", PACKAGE / "world" / "numerics.py"} <= set(reached)


@pytest.mark.parametrize(
    "line",
    [
        "from party.deep.columns import X",
        "from party.deep import (\n    columns,\n)",
        "import os, party.deep.columns as c",
        "from .columns import X",
        "from . import columns",
        "from ..deep.columns import X",
    ],
)
def test_a_third_partys_package_is_followed(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "party" / "deep"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py", folder / "columns.py"):
        path.write_text("X = 0\n")
    source = folder / "law.py"
    source.write_text(f"{line}\n")
    before = compiled._digest(compiled._closure([source]))
    assert folder / "columns.py" in compiled._closure([source])
    (folder / "columns.py").write_text("X = 1\n")
    compiled._text.cache_clear()
    assert compiled._digest(compiled._closure([source])) != before


def test_a_changed_source_gets_another_folder(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "own.py", tmp_path / "b" / "own.py"
    for path, text in ((one, "x = 1"), (other, "x = 2")):
        path.parent.mkdir()
        path.write_text(text)
    assert compiled._cache_folder(one) != compiled._cache_folder(other)


def test_numbas_own_setting_is_left_alone() -> None:
    assert compiled._digest(compiled._closure([Path(tables.__file__)])) not in str(compiled._config.CACHE_DIR)
