"""A packed run stands in a table as its directory does."""

from pathlib import Path

import pytest
from invented_runs import failing, suite, write_run
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.evaluation.archive import pack
from drivebench.evaluation.run_files import run_files

pytestmark = pytest.mark.usefixtures("fewer_resamples")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, each as a directory and packed."""
    folder = tmp_path_factory.mktemp("runs")
    for name, every in (("better", 5), ("worse", 2)):
        run = write_run(folder / name, failing(suite(), every), name=name)
        (folder / f"{name}.zip").write_bytes(pack(run_files(run)))
    return folder


def printed(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", ["table", "score"])
def test_its_numbers_and_its_name_are_those_of_the_directory(command: str, folder: Path) -> None:
    here = printed(command, folder / "better", folder / "worse")
    assert printed(command, folder / "better.zip", folder / "worse.zip") == here
    assert printed(command, folder / "better.zip", folder / "worse") == here
    assert "better" in here
    assert ".zip" not in here


def test_the_same_run_twice_is_refused_also_if_packed(folder: Path) -> None:
    done = CliRunner().invoke(app, ["table", str(folder / "better"), str(folder / "better.zip")])
    assert done.exit_code == 2
    assert "are runs of the same policy with the same results" in done.stderr


def test_an_edited_one_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    files = run_files(folder / "better.zip")
    edited = tmp_path / "edited.zip"
    edited.write_bytes(pack(files | {"timing.jsonl": files["timing.jsonl"].replace(b"0.004", b"0.001")}))
    done = CliRunner().invoke(app, ["score", str(edited)])
    assert done.exit_code == 1
    assert "edited.zip: timing.jsonl does not have the checksum" in done.stderr
