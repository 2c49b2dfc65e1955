"""Shards, merging them, driving chunks again, signing: what people on several machines do with a run."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from small_suites import STEADY, submission, suite
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation import run as run_module
from drivebench.evaluation import verify as verify_module
from drivebench.evaluation.account import account_path
from drivebench.evaluation.manifest import Earlier, Selection, Shard
from drivebench.evaluation.merge import merge_runs
from drivebench.evaluation.record import checksums_of, load_run
from drivebench.evaluation.rerun import competitor_of, rerun
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.evaluation.verify import verify_run

SUITE = suite(count=5)
needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH's ssh-keygen")


@pytest.fixture(autouse=True, scope="module")
def _small_suite() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "load_suite", lambda name: SUITE)
        patch.setattr(verify_module, "load_suite", lambda name: SUITE)
        yield


def drive(what: object, out: Path, **changes: object) -> Path:
    settings: dict[str, object] = {"workers": 1, "chunk_size": 2} | changes
    evaluate(EvaluationRequest(what=str(what), suite=SUITE.name, out=out, **settings))  # type: ignore[arg-type]
    return out


def shard(index: int, of: int) -> Selection:
    return Selection(shard=Shard(index=index, of=of))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a driver, whole and as two shards: three chunks, the last of them a short one."""
    folder = tmp_path_factory.mktemp("runs")
    drive("expert", folder / "whole")
    drive("expert", folder / "a", selection=shard(1, 2))
    drive("expert", folder / "b", selection=shard(2, 2))
    return folder


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a submission and a run of it."""
    folder = tmp_path_factory.mktemp("steady")
    drive(submission(folder / "policies" / "steady"), folder / "run", selection=Selection(limit=1))
    return folder


def test_a_shard_is_a_run_of_its_own_with_the_chunks_of_the_whole(folder: Path) -> None:
    whole, a, b = (load_run(folder / name) for name in ("whole", "a", "b"))
    assert [record.chunk for record in a.episodes] == [0, 0, 2]
    assert [record.chunk for record in b.episodes] == [1, 1]
    assert {record.key for record in (*a.episodes, *b.episodes)} == {entry.key for entry in SUITE.entries}
    assert a.files["actions/0002.npy"] == whole.files["actions/0002.npy"]
    assert a.manifest.selection.partial
    assert verify_run(folder / "a").agrees
    assert str(a.manifest.selection) == "--shard 1/2"


def test_merged_shards_are_byte_for_byte_the_undivided_run(folder: Path, tmp_path: Path) -> None:
    merged = merge_runs([folder / "b", folder / "a"], tmp_path / "merged")
    whole = load_run(folder / "whole")
    assert merged.results == whole.results
    same = [name for name in whole.files if name not in ("run.json", "timing.jsonl", "checksums.json")]
    assert {name: merged.files[name] for name in same} == {name: whole.files[name] for name in same}
    assert merged.manifest.identity() == whole.manifest.identity()
    assert [attempt.chunks for attempt in merged.manifest.attempts] == [2, 1]
    assert sum(timing.episodes for timing in merged.timing) == 5
    assert not (tmp_path / "merged" / "parts").exists()
    with pytest.raises(ConfigurationError, match="exists and is not overwritten"):
        merge_runs([folder / "b", folder / "a"], tmp_path / "merged")


def mixed(folder: Path, tmp_path: Path) -> Path:
    """A shard that says of itself that another policy drove it."""
    path = shutil.copytree(folder / "b", tmp_path / "mixed")
    manifest = json.loads((path / "run.json").read_text())
    manifest["policy"]["digest"] = "0" * 64
    (path / "run.json").write_text(json.dumps(manifest))
    (path / "checksums.json").write_text(json.dumps(checksums_of(path)))
    return path


def test_what_is_not_a_whole_set_of_shards_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"leave a gap: chunks 1 of 3 .* all shards of 1/2 … 2/2"):
        merge_runs([folder / "a"], tmp_path / "out")
    with pytest.raises(RecordError, match=r"a \(shard 1/2\) .* both have chunk 0"):
        merge_runs([folder / "a", folder / "b", folder / "a"], tmp_path / "out")
    with pytest.raises(RecordError, match=r"their policy differs, in digest: '[0-9a-f]{64}' and '0000"):
        merge_runs([folder / "a", mixed(folder, tmp_path)], tmp_path / "out")
    with pytest.raises(RecordError, match="is not a shard but an undivided run"):
        merge_runs([folder / "a", folder / "whole"], tmp_path / "out")
    with pytest.raises(ConfigurationError, match="shard 4/4 has nothing to drive: the run has 3 chunks"):
        drive("expert", tmp_path / "out", selection=shard(4, 4))
    with pytest.raises(ConfigurationError, match="expected one from 1/4 to 4/4"):
        shard(0, 4)
    assert not (tmp_path / "out").exists()


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_part_of_a_suite_does_not_get_on_the_leaderboard(folder: Path, tmp_path: Path) -> None:
    refused = command("leaderboard", "add", folder / "a", "--to", tmp_path)
    assert refused.exit_code == 1
    assert "a part of the suite 'small' (--shard 1/2)" in refused.stderr
    merged = command("merge", folder / "a", folder / "b", "--out", tmp_path / "merged")
    assert merged.exit_code == 0, merged.stderr
    assert "2 shards, 5 episodes" in merged.stdout
    added = command("leaderboard", "add", tmp_path / "merged", "--to", tmp_path)
    assert added.exit_code == 0, added.stderr


def test_a_policy_drives_again_to_the_same_bytes(steady: Path) -> None:
    done = command("verify", steady / "run", "--rerun", "1")  # found beside the run, by its digest
    assert done.exit_code == 0, done.stderr
    assert "2 episodes driven again (chunks 0), the same bytes" in done.stdout
    assert "not signed" in done.stdout


def test_actions_of_another_policy_are_found_by_driving_again(folder: Path, tmp_path: Path) -> None:
    path = shutil.copytree(folder / "whole", tmp_path / "copied")
    lines = [json.loads(line) for line in (path / "episodes.jsonl").read_text().splitlines()]
    lines[3]["actions"]["decisions"] -= 1  # a log that stops a step early, with its checksums
    (path / "episodes.jsonl").write_text(
        "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines)
    )
    (path / "checksums.json").write_text(json.dumps(checksums_of(path)))
    run = load_run(path)
    with competitor_of(run) as driven:
        again = rerun(run, driven, [0, 1], lambda episodes: None)
    (found,) = again.disagreements
    assert found.episode == SUITE.entries[3].key
    assert "its number of decisions is" in found.what
    assert again.elsewhere == ()
    attempt = replace(run.manifest.attempts[0], machine={"processor": "Zilog Z80"})
    elsewhere = replace(run, manifest=replace(run.manifest, attempts=(attempt,)))
    with competitor_of(elsewhere) as driven:
        assert rerun(elsewhere, driven, [0], lambda episodes: None).elsewhere[0].startswith("processor Zilog")


def test_a_policy_that_is_not_here_or_has_changed_is_said(steady: Path, tmp_path: Path) -> None:
    run = load_run(steady / "run")
    other = submission(tmp_path / "steady", STEADY + "# edited\n")
    for where in (other, tmp_path):
        with pytest.raises(ConfigurationError, match="has the digest"), competitor_of(run, where):
            pass


@needs_ssh_keygen
def test_a_signed_run_says_by_whom(folder: Path, tmp_path: Path) -> None:
    for name in ("ada", "bob"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", tmp_path / name], check=True
        )
    signers = tmp_path / "signers"
    signers.write_text(f"ada@example.org {(tmp_path / 'ada.pub').read_text()}")
    path = shutil.copytree(folder / "b", tmp_path / "run")
    before = load_run(path).results
    signed = command("sign", path, "--key", tmp_path / "ada")
    assert signed.exit_code == 0, signed.stderr
    assert "signed with ED25519 key SHA256:" in signed.stdout
    assert load_run(path).results == before
    checked = command("verify", path, "--signers", signers, "--json")
    assert checked.exit_code == 0, checked.stderr
    assert json.loads(checked.stdout)["signature"]["signer"] == "ada@example.org"
    command("sign", path, "--key", tmp_path / "bob")
    assert "signed with ED25519 key" in command("verify", path).stdout
    stranger = command("verify", path, "--signers", signers)
    assert stranger.exit_code == 1
    assert "the key is of nobody in" in stranger.stderr
    timing = json.loads((path / "timing.jsonl").read_text())
    (path / "timing.jsonl").write_text(json.dumps(timing | {"wall_s": 0.1}) + "\n")
    (path / "checksums.json").write_text(json.dumps(checksums_of(path)))
    forged = command("verify", path)
    assert forged.exit_code == 1
    assert "it does not fit the run" in forged.stderr
    unsigned = command("verify", folder / "b", "--signers", signers)
    assert unsigned.exit_code == 1
    no_key = command(
        "evaluate", "expert", "--suite", "small", "--out", tmp_path / "x", "--sign", tmp_path / "no"
    )
    assert no_key.exit_code == 2
    assert not (tmp_path / "x").exists()


def test_earlier_runs_are_disclosed(steady: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    selection = Selection(limit=1)
    drive("expert", tmp_path / "first", selection=selection)
    drive("expert", tmp_path / "first", selection=selection, resume=True)
    drive("idm", tmp_path / "another", selection=selection)
    run = load_run(drive("expert", tmp_path / "second", selection=selection))
    assert [attempt.earlier for attempt in run.manifest.attempts] == [Earlier(policy=1, name=1)]
    assert len(account_path().read_text().splitlines()) == 3
    said = command("verify", tmp_path / "second").stdout
    assert "had begun 1 runs of this policy and 1 of policies of this name" in said
