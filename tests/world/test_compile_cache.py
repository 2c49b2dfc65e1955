"""The compile cache notices edits in everything a kernel depends on, and in nothing else."""

from pathlib import Path

from drivebench import compiled
from drivebench.world import tables

PACKAGE = Path(compiled.__file__).parent


def names_reached(module: str) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in compiled._closure([PACKAGE / module])}


def test_constants_of_other_modules_count() -> None:
    reached = names_reached("world/step.py")
    assert {"world/step.py", "world/layout.py", "world/clock.py", "world/actions.py"} <= reached
    assert {"world/tables.py", "world/geometry.py", "world/numerics.py", "compiled.py"} <= reached


def test_what_depends_on_a_kernel_does_not_count() -> None:
    assert not {"world/batch.py", "cli.py", "suite.py"} & names_reached("world/step.py")


def test_submodules_are_followed(tmp_path: Path) -> None:
    source = tmp_path / "own.py"
    source.write_text("from drivebench.world import (\n    geometry,\n)\nimport drivebench.errors\n")
    reached = {path.name for path in compiled._imported(source)}
    assert {"geometry.py", "__init__.py", "errors.py"} <= reached


def test_a_changed_source_gets_another_folder(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "own.py", tmp_path / "b" / "own.py"
    for path, text in ((one, "x = 1"), (other, "x = 2")):
        path.parent.mkdir()
        path.write_text(text)
    assert compiled._cache_folder(one) != compiled._cache_folder(other)


def test_numbas_own_setting_is_left_alone() -> None:
    assert compiled._digest(compiled._closure([Path(tables.__file__)])) not in str(compiled._config.CACHE_DIR)
