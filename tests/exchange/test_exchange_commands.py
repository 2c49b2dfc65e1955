"""``drivebench export``, ``import``, and ``collect`` with several drivers: options, messages, exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.demonstrations import read


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("commands") / "data"
    drivers = ("--expert", "idm", "--expert", "expert")
    done = run("collect", "--scenario", "lane-keeping-v1", "--episodes", 2, *drivers, "--out", out)
    assert done.exit_code == 0, done.output
    return out


def test_several_drivers_drive_the_same_seeds(data: Path) -> None:
    episodes = read(data).episodes
    assert [(each.driver, each.seed) for each in episodes] == [
        ("idm", 0),
        ("idm", 1),
        ("expert", 0),
        ("expert", 1),
    ]
    assert "| expert | 2 |" in (data / "README.md").read_text()


def test_several_conditions_have_the_same_seeds(tmp_path: Path) -> None:
    conditions = ("--condition", "nominal", "--condition", "fog", "--expert", "idm")
    done = run(
        "collect", "--scenario", "lane-keeping-v1", "--episodes", 1, *conditions, "--out", tmp_path / "d"
    )
    assert done.exit_code == 0, done.output
    assert [each.condition for each in read(tmp_path / "d").episodes] == ["nominal", "fog"]


def test_one_driver_twice_is_wrong_usage(tmp_path: Path) -> None:
    twice = ("--expert", "idm", "--expert", "idm")
    done = run("collect", "--scenario", "lane-keeping-v1", "--episodes", 1, *twice, "--out", tmp_path / "d")
    assert done.exit_code == 2
    assert "given twice" in done.output


@pytest.mark.parametrize("form", ["minari", "lerobot"])
def test_export_tells_what_it_wrote(data: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / form
    options = ("--images", "front", "--sensors", "speed,command", "--subset", "expert", "--json")
    done = CliRunner().invoke(app, ["export", str(data), "--format", form, "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["format"], told["episodes"]) == (form, 2)
    assert told["sensors"] == ["speed", "command", "front"]
    assert told["digest"] == read(data).subset("expert").digest
    assert told["bytes"] == sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    assert "How to load it" in (out / "README.md").read_text()


def test_there_and_back_again(data: Path, tmp_path: Path) -> None:
    assert run("export", data, "--format", "minari", "--out", tmp_path / "m").exit_code == 0
    done = run("import", tmp_path / "m", "--out", tmp_path / "back")
    assert done.exit_code == 0, done.output
    assert "4 episodes of expert, idm" in done.output
    assert read(tmp_path / "back").digest == read(data).digest


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--format", "rlds"), 2, "'rlds' is not one of"),
        (("--format", "minari", "--images", "frnt"), 2, "Did you mean 'front'?"),
        (("--format", "minari", "--images", "speed"), 2, "makes no images"),
        (("--format", "minari", "--images", "front,front"), 2, "asked for twice"),
        (("--format", "lerobot", "--sensors", "sped"), 2, "Did you mean 'speed'?"),
        (("--format", "lerobot", "--subset", "exprt"), 2, "Did you mean 'expert'?"),
        (("--format", "lerobot", "--subset", "held-out", "--subset", "10%"), 1, "none is in all of"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(
    data: Path, tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    done = run("export", data, "--out", tmp_path / "out", *options)
    assert done.exit_code == code, done.output
    assert message in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_and_nothing_else_is_read(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for arguments in (
        ("export", data, "--format", "minari", "--out", tmp_path / "mine"),
        ("import", data, "--out", tmp_path / "mine"),
    ):
        done = run(*arguments)
        assert done.exit_code == 1
        assert "exists already" in done.output
    assert not list((tmp_path / "mine").iterdir())
    done = run("export", tmp_path / "mine", "--format", "minari", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "holds no demonstrations.json" in done.output


def test_edited_demonstrations_are_not_exported(data: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited"
    edited.mkdir()
    for file in data.iterdir():
        (edited / file.name).write_bytes(
            file.read_bytes().replace(b'"success": true', b'"success": false', 1)
        )
    done = run("export", edited, "--format", "lerobot", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "was edited" in done.output
    assert not (tmp_path / "out").exists()
