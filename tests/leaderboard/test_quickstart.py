"""The quickstart: what it runs, what it does not run again, and what it says about what came out."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import typer
from invented_runs import Episode, run_of, suite

from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation.record import Run
from leaderboard.jobs.step import Step
from leaderboard.page.content import Lesson
from leaderboard.quickstart import stages
from leaderboard.quickstart.lesson import choose_start, contender, in_words, outcome_of
from leaderboard.quickstart.plan import BUDGETS, LEARNERS, REFERENCES, Layout
from leaderboard.quickstart.stages import Stages

pytestmark = pytest.mark.usefixtures("fewer_resamples")

OPEN_LOOP = {"steering_r2": 0.97, "frames": 1234.0}


@dataclass
class Commands:
    """In place of the command line: notes what is run, and leaves what a command would leave."""

    leave: Callable[[list[str]], int]
    run: list[list[str]] = field(default_factory=list)

    def __call__(self, arguments: list[str], *, standalone_mode: bool) -> int:
        assert not standalone_mode
        self.run.append(arguments)
        return self.leave(arguments)


def step(out: Path, name: str, *, resumable: bool = False) -> Step:
    proof, resume = ("checksums.json", ("--resume",)) if resumable else ("", ())
    return Step(arguments=("make", name), product=out / name, proof=proof, resume=resume)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    def leave(arguments: list[str]) -> int:
        (tmp_path / "out" / arguments[1]).mkdir(exist_ok=True)
        return 0

    commands = Commands(leave)
    monkeypatch.setattr(stages, "app", commands)
    return commands


def test_a_finished_command_is_not_run_again(
    tmp_path: Path, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    Stages(out, "smoke").run([step(out, "one")])
    again = Stages(out, "smoke")
    again.run([step(out, "one"), step(out, "two")])
    assert commands.run == [["make", "one"], ["make", "two"]]
    assert [stage.command for stage in again.finished] == ["drivebench make one", "drivebench make two"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "going on with the quickstart" in printed.err
    assert "✓ drivebench make one  (finished before" in printed.err
    assert "$ drivebench make two" in printed.err


def test_a_run_that_was_interrupted_is_gone_on_with(tmp_path: Path, commands: Commands) -> None:
    out = tmp_path / "out"
    opened = Stages(out, "smoke")
    (out / "run").mkdir()
    (out / "run" / "run.json").write_text("{}")
    opened.run([step(out, "run", resumable=True)])
    assert commands.run == [["make", "run", "--resume"]]


def test_a_file_that_may_be_half_written_is_written_again(tmp_path: Path, commands: Commands) -> None:
    out = tmp_path / "out"
    opened = Stages(out, "smoke")
    (out / "replay.mp4").write_bytes(b"the first half of a vid")
    commands.leave = lambda arguments: 0
    opened.run([step(out, "replay.mp4")])
    opened.run([step(out, "replay.mp4")])
    assert commands.run == [["make", "replay.mp4"]]


def test_a_command_that_fails_ends_the_quickstart_with_its_code(
    tmp_path: Path, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.leave = lambda arguments: 130
    out = tmp_path / "out"
    with pytest.raises(typer.Exit) as end:
        Stages(out, "smoke").run([step(out, "one"), step(out, "two")])
    assert end.value.exit_code == 130
    assert commands.run == [["make", "one"]]
    assert "stopped at: drivebench make one" in capsys.readouterr().err
    assert json.loads((out / "quickstart.json").read_text())["seconds"] == {}


def test_another_budget_needs_another_directory(tmp_path: Path) -> None:
    Stages(tmp_path / "out", "smoke")
    with pytest.raises(ConfigurationError, match="another --out"):
        Stages(tmp_path / "out", "full")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(ConfigurationError, match="nothing that `drivebench quickstart` began"):
        Stages(tmp_path / "mine", "smoke")


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_plan_collects_trains_and_drives_everybody(tmp_path: Path, budget: str) -> None:
    layout = Layout(out=tmp_path, budget=budget)
    steps = layout.driving()
    names = [each.arguments[0] for each in steps]
    assert names[: names.index("evaluate")] == ["collect"] * names.count("collect") + ["train"] * len(
        LEARNERS
    )
    driven = [each for each in steps if each.arguments[0] == "evaluate"]
    assert {layout.run(name) for name in (*LEARNERS, *REFERENCES)} <= {each.product for each in driven}
    assert {each.pace for each in driven} == {("--workers", "1") if budget == "smoke" else ()}
    assert {layout.lesson_run(name) for name in LEARNERS} <= {each.product for each in driven}
    assert len({each.product for each in steps}) == len(steps)


@pytest.fixture
def plain(tmp_path: Path) -> Run:
    episodes = [replace(e, crashed=e.condition == "off-course" and e.seed > 2_000_000) for e in suite(4)]
    return trained(run_of(tmp_path / "plain", episodes, name="behavior-cloning"))


@pytest.fixture
def corrected(tmp_path: Path) -> Run:
    return trained(run_of(tmp_path / "corrected", suite(4), name="camera-correction"))


def trained(run: Run) -> Run:
    card = replace(run.manifest.policy, training={"seed": 0, "open_loop": OPEN_LOOP})
    return replace(run, manifest=replace(run.manifest, policy=card))


def test_the_lesson_is_about_lane_keeping_by_condition(plain: Run, corrected: Run) -> None:
    lesson = Lesson(
        plain=contender(plain, "lane-keeping-v1"), corrected=contender(corrected, "lane-keeping-v1")
    )
    assert (lesson.plain.nominal.value, lesson.plain.off_course.value) == (100.0, 25.0)
    assert (lesson.plain.off_course.n, lesson.plain.frames) == (4, 1234)
    assert lesson.difference == 75.0
    assert not lesson.separated  # four episodes show nothing, whatever the difference
    text = in_words(lesson)
    assert "steering R² 0.9700 on 1234 held-out expert frames" in text
    assert "+75.0 points" in text
    assert "the intervals touch" in text


def test_a_policy_that_was_not_trained_has_no_lesson(tmp_path: Path) -> None:
    run = run_of(tmp_path / "idle", suite(2), name="idle")
    with pytest.raises(RecordError, match="no open-loop figures"):
        contender(run, "lane-keeping-v1")


def test_the_replay_shows_the_first_start_that_tells_them_apart(plain: Run, corrected: Run) -> None:
    start = choose_start(plain, corrected, "lane-keeping-v1")
    assert (start.condition, start.seed) == ("off-course", 2_000_001)
    assert start.choice.endswith("from which the left policy scores nothing and the right one something")
    assert start.shown_s == 15
    assert outcome_of(plain, start, "left").startswith("behavior-cloning (left) collides, 12.0 s and 475 m")
    assert "arrives" in outcome_of(corrected, start, "right")
    same = choose_start(corrected, corrected, "lane-keeping-v1")
    assert (same.seed, same.choice) == (2_000_000, "the first off-course start of the suite")


def test_the_lesson_needs_its_episodes(tmp_path: Path) -> None:
    episodes = [Episode(family="lane-keeping", seed=2_000_000 + k) for k in range(3)]
    run = trained(run_of(tmp_path / "run", episodes))
    with pytest.raises(RecordError, match="no episode of lane-keeping-v1 under off-course"):
        contender(run, "lane-keeping-v1")
