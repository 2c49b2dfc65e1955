"""``drivebench check``: what it finds, by code, in submissions that are good, bad, and lying."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_suites import STEADY, submission
from small_suites import suite as small_suite
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import ConfigurationError
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.record import Status
from drivebench.preflight.check import check_submission
from drivebench.preflight.imports import import_findings
from drivebench.preflight.report import Report, Trial
from drivebench.preflight.trial import CODES, _findings
from drivebench.submission import read_submission
from drivebench.submission_codes import Code
from drivebench.suite import write_suite
from drivebench.templates.command import Template


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A manifest of one episode."""
    path = tmp_path_factory.mktemp("suite") / "small.json"
    write_suite(small_suite(count=1), path)
    return str(path)


def policy(act: str, reset: str = "pass", load: str = "pass", top: str = "") -> str:
    return f"""
import numpy as np
{top}
class Policy:
    kept = 0.0
    def reset(self, slots):
        {reset}
    def act(self, observation, slots):
        {act}

def load(directory):
    {load}
    return Policy()
"""


ZEROS = "return np.zeros((len(slots), 2), np.float32)"


def check(directory: Path, suite: str, **limits: Any) -> Report:
    return check_submission(directory, suite=suite, isolation="process", limits=replace(Limits(), **limits))


def codes(report: Report) -> list[str]:
    return [finding.code.value for finding in report.findings]


def test_a_good_submission_is_accepted(suite: str, tmp_path: Path) -> None:
    report = check(submission(tmp_path / "s", STEADY), suite)
    assert report.accepted
    assert codes(report) == []
    trial = report.trial
    assert trial is not None
    assert (trial.episodes, trial.repeated, trial.reordered) == (1, True, True)
    assert 10 < trial.decisions <= 25  # until it leaves the road
    assert trial.start_up_s is not None
    assert trial.memory_bytes > 10 << 20
    assert report.isolation == "process"
    assert (report.card.form, report.card.track) == ("code", "camera") if report.card else False


RUNNING = {
    "is not importable": (policy(ZEROS, top="import no_such_thing"), ["DB409", "DB401"], "no_such_thing"),
    "asks for what it did not declare": (policy("return observation['front']"), ["DB304"], "'front'"),
    "raises": (policy("return observation['velocity']"), ["DB402"], "velocity"),
    "answers with infinity": (
        policy("return np.full((len(slots), 2), np.inf, np.float32)"),
        ["DB408"],
        "inf",
    ),
    "answers with one row": (policy("return np.zeros((1, 2))"), ["DB407"], "(1, 2)"),
    "exits": (policy("import os; print('going'); os._exit(3)"), ["DB405"], "code 3"),
    "draws from the clock": (
        policy("return np.random.default_rng().random((len(slots), 2)).astype('f4')"),
        ["DB501"],
        "differ by up to",
    ),
    "keeps what was before a reset": (
        policy("Policy.kept += 0.01; return np.full((len(slots), 2), Policy.kept, np.float32)"),
        ["DB503"],
        "after a reset",
    ),
    "answers by slot": (
        policy("return np.stack([slots / 100, slots * 0.0], axis=1).astype(np.float32)"),
        ["DB503"],
        "other slots",
    ),
}


@pytest.mark.parametrize("what", RUNNING)
def test_what_a_drive_shows_has_a_code(what: str, suite: str, tmp_path: Path) -> None:
    code, expected, named = RUNNING[what]
    report = check(submission(tmp_path / "s", code), suite)
    assert codes(report) == expected
    assert named in report.findings[-1].problem
    assert report.accepted == all(Code(each).warning for each in expected)
    if what == "exits":
        assert report.trial is not None
        assert "going" in report.trial.log_tail


def test_more_memory_than_allowed_has_a_code(suite: str, tmp_path: Path) -> None:
    code = policy("Policy.kept = np.ones(1 << 26); return np.zeros((len(slots), 2))")
    assert codes(check(submission(tmp_path / "s", code), suite, memory_bytes=300 << 20)) == ["DB404"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sensors": '["frontal"]'}, "DB301"),
        ({"sensors": '[{ name = "front", height = -1 }]'}, "DB301"),
        ({"track": '"privileged"'}, "DB302"),
        ({"track": '"kinematics"'}, "DB303"),
        ({"sensors": '["kinematics"]'}, "DB303"),
        ({"sensors": '["front", "left"]'}, "DB306"),
        ({"architecture": '"driving-network-v1"'}, "DB104"),
        ({"entry_point": '"driver:load"'}, "DB107"),
        ({"authors": "[]"}, "DB103"),
        ({"name": "steady"}, "DB102"),
    ],
)
def test_a_wrong_manifest_has_a_code_and_nothing_is_run(
    changes: dict[str, str], code: str, suite: str, tmp_path: Path
) -> None:
    report = check(submission(tmp_path / "s", policy(ZEROS, top="raise SystemExit"), **changes), suite)
    assert codes(report) == [code]
    assert report.trial is None
    assert report.isolation is None
    assert not report.accepted


def manifest(folder: Path, line: str, *files: str) -> Path:
    folder.mkdir()
    lines = ['name = "x"', 'authors = ["A"]', 'training_data = "none"', 'sensors = ["speed"]', line]
    (folder / "submission.toml").write_text("\n".join(lines))
    for name in files:
        (folder / name).write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("line", "files", "code"),
    [
        ("", (), "DB104"),
        ('onnx = "policy.onnx"', (), "DB107"),
        ('onnx = "../policy.onnx"', (), "DB103"),
        ('architecture = "driving-network"', (), "DB108"),
        ('architecture = "driving-network-v1"', ("network.json",), "DB107"),
        ('onnx = "policy.onnx"', ("policy.onnx",), "DB203"),
    ],
)
def test_wrong_weights_have_a_code(
    line: str, files: tuple[str, ...], code: str, suite: str, tmp_path: Path
) -> None:
    assert codes(check(manifest(tmp_path / "s", line, *files), suite)) == [code]


def test_no_code_of_a_weights_only_submission_is_found(suite: str, tmp_path: Path) -> None:
    """Modules that would be imported if the directory were looked into."""
    directory = tmp_path / "s"
    result = CliRunner().invoke(cli.app, ["init-submission", str(directory), "--template", "onnx"])
    assert result.exit_code == 0, result.output
    for name in ("onnx", "onnxruntime", "policy", "sitecustomize", "random", "drivebench"):
        (directory / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w'); raise SystemExit(9)")
    report = check(directory, suite)
    assert codes(report) == []
    assert report.card is not None
    assert report.card.form == "onnx"
    assert not (tmp_path / "ran").exists()


def test_a_memory_bomb_in_onnx_ends_with_a_code(suite: str, tmp_path: Path) -> None:
    """The file is small and well formed; what it computes is not."""
    import onnx

    graph = """
    <ir_version: 10, opset_import: ["": 21]>
    bomb (float[n, 1] speed) => (float[n, 2] actions)
    <int64[2] shape = {65536, 65536}, int64[1] axes = {1}>
    {
        zeros = ConstantOfShape (shape)
        ones = Exp (zeros)
        sum = ReduceSum <keepdims = 1> (ones)
        much = Add (speed, sum)
        actions = Concat <axis = 1> (much, much)
    }
    """
    directory = manifest(tmp_path / "s", 'onnx = "policy.onnx"')
    (directory / "policy.onnx").write_bytes(onnx.parser.parse_model(graph).SerializeToString())
    (code,) = codes(check(directory, suite, memory_bytes=400 << 20))
    assert code in {"DB404", "DB401", "DB402", "DB203"}  # the watch, or an allocation that is refused


def test_imports_are_read_where_the_entry_point_leads(tmp_path: Path) -> None:
    code = policy(ZEROS, top="import subprocess\nfrom parts import wheels\nimport no_such_thing.at_all as x")
    directory = submission(tmp_path / "s", code)
    (directory / "parts").mkdir()
    (directory / "parts" / "__init__.py").write_text("from .doors import *\n")
    (directory / "parts" / "wheels.py").write_text("from drivebench.suite import load_suite\nimport torch\n")
    (directory / "parts" / "doors.py").write_text("from drivebench.policy import Policy\nimport socket\n")
    (directory / "train.py").write_text("import requests\n")
    found = [finding.problem for finding in import_findings(read_submission(directory))]
    assert len(found) == 4, found
    for problem, words in zip(
        sorted(found),
        (
            ("parts/doors.py, line 2", "socket"),
            ("parts/wheels.py, line 1", "drivebench.suite.load_suite"),
            ("policy.py, line 3", "subprocess"),
            ("policy.py, line 5", "no_such_thing"),
        ),
        strict=True,
    ):
        assert all(word in problem for word in words), problem


def test_little_room_is_a_warning() -> None:
    limits = Limits(start_up_s=10.0, decision_s=1.0, memory_bytes=1 << 30)
    trial = Trial(start_up_s=4.0, latency_max_s=0.6, memory_bytes=600 << 20)
    found = [finding.problem for finding in _findings(trial, 0, 0, limits)]
    assert found == ["0.6 s for one answer; allowed are 1 s", "0.6 GiB of memory; allowed are 1 GiB"]
    (bits,) = _findings(replace(trial, latency_max_s=0.1, memory_bytes=0), 1, 0, limits)
    assert bits.code is Code.LAST_BITS


def test_every_way_to_fail_has_a_code() -> None:
    assert set(CODES) == set(Status) - {Status.DRIVEN}


def test_json_is_one_object_and_the_exit_code_is_the_verdict(suite: str, tmp_path: Path) -> None:
    directory = submission(tmp_path / "s", policy("return observation['front']"))
    result = CliRunner().invoke(cli.app, ["check", str(directory), "--suite", suite, "--json"])
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["verdict"] == "refused"
    (finding,) = content["findings"]
    assert (finding["code"], finding["severity"]) == ("DB304", "error")
    assert content["policy"]["digest"] == read_submission(directory).digest
    text = (Path(__file__).parents[2] / "docs" / "submit.md").read_text(encoding="utf-8")
    for name in (*content, *content["policy"], *content["trial"], *content["limits"], *finding):
        assert f"`{name}`" in text, f"docs/submit.md does not describe {name}"


def test_what_is_no_directory_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a directory"):
        check(tmp_path / "nowhere", "smoke")
    (tmp_path / "empty").mkdir()
    assert codes(check(tmp_path / "empty", "smoke")) == ["DB101"]
    for arguments in (["nowhere"], [str(tmp_path / "empty"), "--isolation", "none-such"]):
        assert CliRunner().invoke(cli.app, ["check", *arguments]).exit_code == cli.WRONG_USAGE


def test_the_table_of_codes_is_the_one_in_the_guide() -> None:
    text = (Path(__file__).parents[2] / "docs" / "submit.md").read_text(encoding="utf-8")
    kind = {False: "error", True: "warning"}
    for code in Code:
        row = f"| `{code.value}` | {kind[code.warning]} | {code.meaning} | {code.remedy} |"
        assert row in text, f"docs/submit.md lacks:\n{row}"
    assert text.count("| `DB") == len(Code)


@pytest.mark.parametrize("template", list(Template))
def test_a_template_is_accepted_as_it_is(template: Template, suite: str, tmp_path: Path) -> None:
    directory = tmp_path / f"my {template.value}"
    result = CliRunner().invoke(cli.app, ["init-submission", str(directory), "--template", template.value])
    assert result.exit_code == 0, result.output
    report = check(directory, suite)
    assert codes(report) == []
    assert report.card is not None
    assert report.card.name == directory.name
    again = CliRunner().invoke(cli.app, ["init-submission", str(directory)])
    assert again.exit_code == 1
    assert "exists already" in again.stderr
