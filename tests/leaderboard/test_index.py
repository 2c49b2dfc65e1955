"""The index: what it keeps is what the records say, whatever happens to either."""

import json
import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from invented_runs import failing, suite, write_run
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import RecordError
from drivebench.evaluation.archive import pack
from drivebench.evaluation.record import Status, load_run
from drivebench.evaluation.run_files import run_files
from leaderboard.index import read_runs, reading, rows
from leaderboard.index.database import VARIABLE, Index
from leaderboard.outcomes import Outcomes, outcomes_of

pytestmark = pytest.mark.usefixtures("fewer_resamples")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty index; files are taken for settled as soon as they are written."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "index"))
    monkeypatch.setattr("leaderboard.index.stamps.SETTLED_S", 0.0)
    return tmp_path / "index"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Path]]:
    """Which runs were opened, and of which the episodes were read."""
    seen: dict[str, list[Path]] = {"opened": [], "read": []}
    open_sealed, read_run = reading.open_sealed, reading.read_run

    def opening(path: Path) -> object:
        seen["opened"].append(path)
        return open_sealed(path)

    def reading_run(sealed: object) -> object:
        seen["read"].append(sealed.path)  # type: ignore[attr-defined]
        return read_run(sealed)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_sealed", opening)
    monkeypatch.setattr(reading, "read_run", reading_run)
    return seen


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two directories and a packed run; one policy has failed."""
    faulty = [*suite()]
    faulty[3] = type(faulty[3])(**{**vars(faulty[3]), "status": Status.RAISED})
    paths = [
        write_run(tmp_path / "better", failing(suite(), 5), name="better", training_seed=3),
        write_run(tmp_path / "faulty", faulty, name="faulty"),
    ]
    packed = tmp_path / "worse.zip"
    packed.write_bytes(pack(run_files(write_run(tmp_path / "worse", failing(suite(), 2), name="worse"))))
    return [*paths, packed]


def assert_same(found: Sequence[Outcomes], expected: Sequence[Outcomes]) -> None:
    for one, other in zip(found, expected, strict=True):
        for each in fields(Outcomes):
            ours, theirs = getattr(one, each.name), getattr(other, each.name)
            if each.name == "numbers":
                assert ours.dtype == theirs.dtype
                assert np.array_equal(ours, theirs)
            else:
                assert ours == theirs, each.name


def from_records(paths: Sequence[Path]) -> list[Outcomes]:
    return [outcomes_of(load_run(path)) for path in paths]


def table(*arguments: object) -> str:
    done = CliRunner().invoke(cli.app, ["table", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_is_kept_is_what_the_records_say_to_the_last_bit(
    runs: list[Path], opened: dict[str, list[Path]]
) -> None:
    first = read_runs(runs)
    again = read_runs(list(reversed(runs)))
    assert opened == {"opened": runs, "read": runs}
    assert_same(first, from_records(runs))
    assert_same(again, from_records(list(reversed(runs))))
    assert again[1].first_failures == (("lane-keeping-v1/off-course/2000000", "ValueError: no such road"),)


def test_a_copy_is_compared_by_its_checksums_alone(
    runs: list[Path], opened: dict[str, list[Path]], tmp_path: Path
) -> None:
    read_runs(runs[:1])
    copy = tmp_path / "elsewhere"
    shutil.copytree(runs[0], copy)
    (found,) = read_runs([copy])
    assert opened == {"opened": [runs[0], copy], "read": [runs[0]]}
    assert_same([found], from_records([copy]))


def edit_in_place(path: Path) -> str:
    """Of the same length, with the times that the file had."""
    times = (path / "episodes.jsonl").stat()
    with (path / "episodes.jsonl").open("r+b") as file:
        text = file.read()
        file.seek(text.index(b'"overspeed_m":0.0'))
        file.write(b'"overspeed_m":0.5')
    os.utime(path / "episodes.jsonl", ns=(times.st_atime_ns, times.st_mtime_ns))
    return "episodes.jsonl does not have the checksum"


def add_a_file(path: Path) -> str:
    (path / "actions" / "0007.npy").write_bytes(b"")
    return "actions/0007.npy is not in checksums.json"


def take_a_file_away(path: Path) -> str:
    (path / "timing.jsonl").unlink()
    return "timing.jsonl is missing"


def forget_the_checksums(path: Path) -> str:
    (path / "checksums.json").unlink()
    return "is not finished"


@pytest.mark.parametrize("spoil", [edit_in_place, add_a_file, take_a_file_away, forget_the_checksums])
def test_a_record_that_was_edited_after_it_was_kept_is_refused(
    runs: list[Path], spoil: Callable[[Path], str]
) -> None:
    read_runs(runs)
    said = spoil(runs[0])
    with pytest.raises(RecordError, match=said):
        read_runs(runs)
    assert_same(read_runs(runs[1:]), from_records(runs[1:]))


def test_a_packed_record_that_was_edited_or_replaced_is_read_again(runs: list[Path], tmp_path: Path) -> None:
    read_runs(runs)
    files = run_files(runs[2])
    runs[2].write_bytes(pack(files | {"timing.jsonl": files["timing.jsonl"].replace(b"0.004", b"0.001")}))
    with pytest.raises(RecordError, match=r"timing\.jsonl does not have the checksum"):
        read_runs(runs)
    another = run_files(write_run(tmp_path / "another", failing(suite(), 3), name="worse"))
    runs[2].write_bytes(pack(another))
    assert_same(read_runs(runs), from_records(runs))


def test_a_file_that_was_just_written_is_not_known_by_its_times(
    runs: list[Path], opened: dict[str, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be written again within the same tick of the clock; its content is known all the same."""
    monkeypatch.setattr("leaderboard.index.stamps.SETTLED_S", 60.0)
    read_runs(runs)
    read_runs(runs)
    assert opened == {"opened": [*runs, *runs], "read": runs}


def overwrite(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    """Of a number: the database is whole, and nothing but the row's own checksum can tell."""
    with sqlite3.connect(path) as connection:
        content, row = connection.execute("SELECT content, outcomes FROM runs").fetchone()
        row = row[:-20] + bytes([row[-20] ^ 1]) + row[-19:]
        connection.execute("UPDATE runs SET outcomes = ? WHERE content = ?", (row, content))
    connection.close()


@pytest.mark.parametrize("damage", [overwrite, cut, empty, flip_a_bit])
def test_a_damaged_index_is_made_again_with_one_line_said(
    runs: list[Path], damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    read_runs(runs)
    damage(Index().path)
    capsys.readouterr()
    assert_same(read_runs(runs), from_records(runs))
    assert capsys.readouterr().err.count("is damaged") == 1
    assert_same(read_runs(runs), from_records(runs))
    assert "damaged" not in capsys.readouterr().err
    assert Index().count() == len(runs)


def test_an_index_that_cannot_be_written_costs_time_alone(
    runs: list[Path], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("a file where a folder should be")
    assert_same(read_runs(runs), from_records(runs))
    said = capsys.readouterr().err
    assert said.count("is not kept") == 1
    assert VARIABLE in said


def test_an_interrupted_reading_is_kept_as_far_as_it_came(runs: list[Path]) -> None:
    (runs[2]).write_bytes(b"no archive")
    with pytest.raises(RecordError, match="cannot be unpacked"):
        read_runs(runs)
    assert Index().count() == 2


def _read_over_and_over(paths: list[Path], number: int) -> None:
    for turn in range(6):
        read_runs(paths[number:] + paths[:number])
        if turn == number:
            overwrite(Index().path)


def test_processes_share_an_index_that_is_damaged_again_and_again(runs: list[Path]) -> None:
    """Each of four reads, and destroys the file once, while the others read and write it."""
    fork = multiprocessing.get_context("fork")
    works = [fork.Process(target=_read_over_and_over, args=(runs, number % 3)) for number in range(4)]
    for work in works:
        work.start()
    for work in works:
        work.join(60)
    assert [work.exitcode for work in works] == [0] * len(works)
    assert_same(read_runs(runs), from_records(runs))
    assert Index().count() == len(runs)


def test_the_index_follows_from_sources_that_are_there() -> None:
    root = Path(rows.__file__).parents[2]
    assert all(list(root.glob(pattern)) for pattern in rows.DERIVED_BY)


def test_the_commands_show_list_and_rebuild(
    runs: list[Path], tmp_path: Path, opened: dict[str, list[Path]]
) -> None:
    records = tmp_path / "records" / "test"
    records.mkdir(parents=True)
    for path in runs[:2]:
        (records / f"{path.name}.zip").write_bytes(pack(run_files(path)))
    hostile = write_run(
        tmp_path / "hostile", suite(1), name="<script>\u202egnp\x1b[2J", metric_digest="0" * 64
    )
    (records / "hostile.zip").write_bytes(pack(run_files(hostile)))

    def said(*arguments: object) -> str:
        done = CliRunner().invoke(cli.app, ["leaderboard", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.stdout

    text = said("list", "--in", records.parent)
    better = next(line for line in text.splitlines() if line.startswith("test/better"))
    assert better.split()[1:5] == ["better", "camera", "3", "79.2"]
    assert not {"\u202e", "\x1b"} & set(text)
    listed = {
        each["policy"]: each for each in json.loads(said("list", "--in", records.parent, "--json"))["records"]
    }
    assert listed["faulty"]["failed_episodes"] == 1
    assert listed["faulty"]["dbs"]["value"] == pytest.approx(100 * 23 / 24)
    assert listed["<script>\u202egnp\x1b[2J"]["dbs"] is None  # another metric has measured it
    assert "3 runs, 0.0 MB; 0 of 1 were read now" in said("index", records / "better.zip")
    opened["read"].clear()
    assert "1 runs, 0.0 MB; 1 of 1 were read now" in said("index", records / "better.zip", "--rebuild")
    assert opened["read"] == [records / "better.zip"]
