"""A packed run is the same run as its directory, and whatever else is in the file is refused by name."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from small_suites import submission, suite
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation import archive
from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module
from drivebench.evaluation.archive import pack
from drivebench.evaluation.record import checksums_of, load_run
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.evaluation.run_files import run_files
from drivebench.evaluation.verify import verify_run
from drivebench.footage.recorded import film_recorded, is_recorded

SUITE = suite(count=3)
ALL_FILES = {
    "run.json",
    "episodes.jsonl",
    "timing.jsonl",
    "checksums.json",
    "actions/0000.npy",
    "actions/0001.npy",
}


@pytest.fixture(scope="module", autouse=True)
def _small_suite() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "load_suite", lambda name: SUITE)
        patch.setattr(verify_module, "load_suite", lambda name: SUITE)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    what = str(submission(folder / "steady"))
    out = folder / "run"
    evaluate(EvaluationRequest(what=what, suite="small", out=out, workers=1, chunk_size=2))
    (out / "logs").mkdir()
    (out / "logs" / "0000.txt").write_text("what the policy printed")
    return out


@pytest.fixture(scope="module")
def packed(run: Path) -> Path:
    path = run.parent / "packed-run.zip"
    path.write_bytes(pack(run_files(run)))
    return path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_it_is_the_same_run(run: Path, packed: Path) -> None:
    here, there = load_run(run), load_run(packed)
    assert there.path == packed
    assert (there.manifest, there.episodes, there.timing) == (here.manifest, here.episodes, here.timing)
    assert (there.results, there.files) == (here.results, here.files)
    assert set(there.files) == ALL_FILES


def test_the_same_run_gives_the_same_bytes_at_any_time(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = run_files(packed)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert pack(dict(reversed(files.items()))) == packed.read_bytes()
    changed = files | {"timing.jsonl": files["timing.jsonl"].replace(b"0", b"1")}
    assert pack(changed) != packed.read_bytes()


def test_it_unpacks_to_a_run_directory(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path / "run")
    assert load_run(tmp_path / "run").files == run_files(packed)


def test_each_member_is_unpacked_once(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    plain = archive._content
    monkeypatch.setattr(
        archive, "_content", lambda file, member: opened.append(member.filename) or plain(file, member)
    )
    verify_run(packed)
    assert sorted(opened) == sorted(ALL_FILES)


def rewritten(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    change(content)
    path.write_bytes(pack(content))


def added(name: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda content: content.update({name: b"x"}))


def without(name: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda content: content.pop(name))


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)]) and None


def edited(path: Path) -> None:
    rewritten(
        path,
        lambda content: content.update({"episodes.jsonl": content["episodes.jsonl"].replace(b"1", b"2")}),
    )


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def repeated(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("run.json", b"{}")


def declaring_less(path: Path) -> None:
    """Change the size that the directory of the archive states for its first member."""
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (64).to_bytes(4, "little")
    path.write_bytes(content)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "it is text": (lambda path: path.write_text("no archive") and None, "not a zip archive"),
    "it is empty": (lambda path: path.write_bytes(b"") and None, "not a zip archive"),
    "it is cut in half": (cut(0.5), "truncated"),
    "its end is cut": (cut(0.999), "truncated"),
    "a byte was flipped": (flipped, "edited"),
    "a number was edited": (edited, "episodes.jsonl does not have the checksum"),
    "the manifest is missing": (without("run.json"), "lacks run.json"),
    "the checksums are missing": (without("checksums.json"), "lacks checksums.json"),
    "an action log is missing": (without("actions/0001.npy"), "actions/0001.npy is missing"),
    "an action log was added": (added("actions/0009.npy"), "actions/0009.npy is not in checksums.json"),
    "something was added": (added("notes.txt"), "holds 'notes.txt', which is not a file of a run"),
    "a folder was added": (added("actions/"), "holds 'actions/', which"),
    "a name leaves the archive": (added("../run.json"), "holds '../run.json', which"),
    "a name leaves by a log": (added("actions/../../0000.npy"), "holds 'actions/../../0000.npy', which"),
    "a name is absolute": (added("/etc/passwd"), "holds '/etc/passwd', which"),
    "a name is repeated": (repeated, "holds run.json 2 times"),
    "a member unfolds to more": (declaring_less, "cannot be unpacked (BadZipFile"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_no_packed_run_is_refused_by_name(how: str, packed: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(packed, tmp_path / "mine.zip"))
    break_it, complaint = REFUSED[how]
    break_it(path)
    with pytest.raises(RecordError) as caught:
        load_run(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("bound", ["LARGEST_CONTENT_BYTES", "LARGEST_ARCHIVE_BYTES"])
def test_too_much_is_refused_before_any_of_it_is_unpacked(
    packed: Path, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpacked(*_: object) -> bytes:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(archive, bound, 1000)
    monkeypatch.setattr(archive, "_content", unpacked)
    with pytest.raises(RecordError, match=r"packed-run\.zip .* at most 1,000"):
        load_run(packed)


def test_verify_says_the_same(run: Path, packed: Path) -> None:
    printed = [invoke("verify", path) for path in (run, packed)]
    assert [each.exit_code for each in printed] == [0, 0]
    assert printed[1].stdout == printed[0].stdout.replace(str(run), str(packed))


def test_its_episodes_are_shown(run: Path, packed: Path, tmp_path: Path) -> None:
    assert is_recorded(packed)
    here, there = film_recorded(run, "1"), film_recorded(packed, SUITE.entries[1].key)
    assert np.array_equal(here.states, there.states)
    assert here.measurement == there.measurement
    refused = invoke("show", packed, "--out", tmp_path / "a.png")
    assert refused.exit_code == 2
    assert "expected --episode" in refused.stderr


@pytest.mark.parametrize("resume", [False, True])
def test_nothing_is_driven_into_it(run: Path, packed: Path, resume: bool) -> None:
    before = packed.read_bytes()
    what = str(run.parent / "steady")
    request = EvaluationRequest(what=what, suite="small", out=packed, workers=1, chunk_size=2, resume=resume)
    with pytest.raises(ConfigurationError, match=r"packed-run\.zip is a file.* A packed run is finished"):
        evaluate(request)
    assert packed.read_bytes() == before


class TestLeaderboardAdd:
    def test_a_run_is_verified_and_kept_as_one_file(self, run: Path, packed: Path, tmp_path: Path) -> None:
        done = invoke("leaderboard", "add", run, "--to", tmp_path)
        assert done.exit_code == 0, done.stderr
        record = tmp_path / "small" / "run.zip"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [record]
        assert record.read_bytes() == packed.read_bytes()
        assert f"{record} added: 3 episodes, results {load_run(run).results[:16]}" in done.stdout
        assert "verify" in done.stderr
        again = invoke("leaderboard", "add", packed, "--name", "run", "--to", tmp_path)
        assert again.exit_code == 0
        assert f"{record} is there already" in again.stdout
        assert "verify" not in again.stderr

    def test_another_record_stays_unless_it_shall_be_replaced(self, run: Path, tmp_path: Path) -> None:
        record = tmp_path / "small" / "mine.zip"
        record.parent.mkdir()
        record.write_text("another")
        arguments = ("leaderboard", "add", run, "--name", "mine", "--to", tmp_path)
        refused = invoke(*arguments)
        assert refused.exit_code == 2
        assert "--replace" in refused.stderr
        assert record.read_text() == "another"
        assert invoke(*arguments, "--replace").exit_code == 0
        assert load_run(record).files == load_run(run).files

    def test_what_its_action_logs_do_not_give_is_not_added(self, run: Path, tmp_path: Path) -> None:
        """Checksums that fit an edited record are no obstacle to replay."""
        forged = Path(shutil.copytree(run, tmp_path / "forged"))
        lines = (forged / "episodes.jsonl").read_text()
        (forged / "episodes.jsonl").write_text(lines.replace('"off_road_s":', '"off_road_s":1', 1))
        refused = invoke("leaderboard", "add", forged, "--to", tmp_path / "records")
        assert refused.exit_code == 1
        assert "episodes.jsonl does not have the checksum" in refused.stderr
        (forged / "checksums.json").write_text(json.dumps(checksums_of(forged)))
        refused = invoke("leaderboard", "add", forged, "--to", tmp_path / "records")
        assert refused.exit_code == 1
        assert f"is not added: its numbers are not what its action logs give. {SUITE.entries[0].key}" in (
            refused.stderr
        )
        assert not (tmp_path / "records").exists()

    def test_where_it_would_go_has_to_be_known(
        self, run: Path, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        nowhere = invoke("leaderboard", "add", run)
        assert nowhere.exit_code == 2
        assert "--to DIR" in nowhere.stderr
        (tmp_path / "leaderboard" / "records").mkdir(parents=True)
        for wrong, complaint in (
            ((run, "--name", "../mine"), "'../mine' cannot be part of a path"),
            ((run, packed, "--name", "mine"), "expected one run beside --name"),
            ((run, run), "would both be"),
        ):
            refused = invoke("leaderboard", "add", *wrong)
            assert refused.exit_code == 2
            assert complaint in refused.stderr.replace("\n", " ")
        assert invoke("leaderboard", "add", run).exit_code == 0
        assert Path("leaderboard/records/small/run.zip").is_file()
