"""Studies of effects: what is claimed is judged over training seeds, by hand and for real."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from invented_runs import Episode, write_run
from typer.testing import CliRunner

from drivebench import cli, registry
from drivebench.errors import ConfigurationError
from leaderboard.effects.plan import Layout
from leaderboard.effects.quantity import Diagnosed, Driven, Explained
from leaderboard.effects.report import as_markdown, as_text, declared
from leaderboard.effects.result import Verdict, study_result, verdict_on
from leaderboard.effects.studies import STUDIES
from leaderboard.effects.study import Arm, Claim, Expected, Study, expert_on
from leaderboard.jobs.crew import Crew
from leaderboard.jobs.ledger import Ledger
from leaderboard.marked import marked
from leaderboard.statistics import Estimate

DOCUMENT = Path(__file__).parents[2] / "docs" / "effects.md"
LANES = "lane-keeping-v1"
ONE = Driven(suite="smoke", scenario=LANES, condition="nominal", limit=1)


def arm(name: str, **settings: object) -> Arm:
    written = tuple(f"{key}={value}" for key, value in settings.items())
    return Arm(name=name, baseline=name, data=expert_on(LANES, 4), settings=written)


TWO = Study(
    name="two",
    question="Does it help?",
    arms=(arm("new"), arm("old")),
    quantities={
        "score": replace(ONE, limit=None),
        "steering": Explained(figure="steering_r2"),
        "exponent": Diagnosed(
            what="exponent",
            path=("off", "cost", "exponent", "value"),
            scenario=LANES,
            episodes=2,
            fit_until_s=9.0,
        ),
    },
    claims=(
        Claim(quantity="score", first="new", second="old"),
        Claim(quantity="steering", first="new", second="old", expected=Expected.NEAR, margin=0.05),
        Claim(quantity="exponent", first="old", second=1.0),
        Claim(quantity="exponent", first="new", second="old"),
    ),
)


def leave(
    layout: Layout, which: str, seed: int, *, crashes: int, steering: float, exponent: float | None
) -> None:
    """What the commands would leave of a policy that crashes in so many of eight episodes."""
    one = TWO.arm(which)
    policy = Path(layout.who(one, seed))
    policy.mkdir(parents=True)
    own = {"drive-1": 100, "drive-2": 50} if which == "new" else {}
    training = {
        "demonstrations": {"frames": 500},
        "labelled_on_own_drives": own,
        "open_loop": {"steering_r2": steering, "frames": 40.0},
    }
    (policy / "training.json").write_text(json.dumps(training))
    steps = [quantity.step(str(policy), layout.folder(one, seed)) for quantity in TWO.quantities.values()]
    driven, _, diagnosed = steps
    assert driven is not None
    assert diagnosed is not None
    episodes = [Episode(family="lane-keeping", seed=2_000_000 + k, crashed=k < crashes) for k in range(8)]
    write_run(driven.product, episodes)
    diagnosed.product.mkdir()
    found = None if exponent is None else {"value": exponent}
    scenario = {"scenario": LANES, "first_seed": 7, "off": {"cost": {"exponent": found}}}
    (diagnosed.product / "diagnosis.json").write_text(json.dumps({"scenarios": [scenario]}))


def test_differences_are_judged_over_training_seeds_by_hand(tmp_path: Path) -> None:
    layout = Layout(out=tmp_path, seeds=range(3))
    for seed, (new, old) in enumerate(((0, 4), (1, 4), (2, 4))):
        leave(layout, "new", seed, crashes=new, steering=0.97, exponent=1.1)
        leave(
            layout,
            "old",
            seed,
            crashes=old,
            steering=0.99 + 0.002 * seed,
            exponent=None if seed == 1 else 1.8,
        )
    result = study_result(layout, TWO)
    score, steering, level, exponent = result.findings
    # Differences of 50, 37.5 and 25: mean 37.5, standard deviation 12.5, t(0.975, 2) = 4.3027, so the half
    # width is 4.3027 * 12.5 / sqrt(3) = 31.05.
    assert score.difference is not None
    assert (score.difference.value, score.difference.n) == (37.5, 3)
    assert score.difference.low == pytest.approx(37.5 - 31.05, abs=0.01)
    assert (score.verdict, score.means, score.episodes) == (Verdict.SEEN, (87.5, 50.0), 8)
    assert steering.verdict is Verdict.NEAR
    assert (level.verdict, exponent.verdict) == (Verdict.MISSING, Verdict.MISSING)
    assert level.why == "nothing for training seed 1"
    assert result.labelled == {"new": 650.0, "old": 500.0}
    text = as_text([result])
    assert "+37.5 [6.4, 68.6]" in text
    assert "fewer than 5 training seeds" in text
    page = as_markdown(result)
    assert page.startswith(declared(TWO))
    assert "| DBS, lane-keeping, nominal | old | 50.0 | 50.0 | 50.0 |" in page
    assert json.loads(json.dumps(result.as_json(), allow_nan=False))["claims"][0]["verdict"] == "seen"


def test_what_failed_is_said_to_be_missing(tmp_path: Path) -> None:
    layout = Layout(out=tmp_path, seeds=range(2))
    for seed in range(2):
        leave(layout, "new", seed, crashes=0, steering=0.97, exponent=1.0)
    result = study_result(layout, TWO)
    assert [finding.verdict for finding in result.findings[:3]] == [Verdict.MISSING] * 3
    assert result.findings[0].why == "nothing for training seed 0, 1"
    assert result.labelled["old"] is None


@pytest.mark.parametrize(
    ("margin", "low", "high", "verdict"),
    [
        (0.0, 0.1, 9.0, Verdict.SEEN),
        (0.0, -0.1, 9.0, Verdict.NOT_SEEN),
        (0.0, -9.0, -0.1, Verdict.OPPOSITE),
        (5.0, -4.9, 4.9, Verdict.NEAR),
        (5.0, 0.1, 4.9, Verdict.NEAR),
        (5.0, 4.0, 6.0, Verdict.OPEN),
        (5.0, -9.0, 9.0, Verdict.OPEN),
        (5.0, 5.1, 6.0, Verdict.DIFFERENT),
    ],
)
def test_an_interval_and_what_it_says(margin: float, low: float, high: float, verdict: Verdict) -> None:
    expected = Expected.NEAR if margin else Expected.ABOVE
    claim = Claim(quantity="score", first="new", second="old", expected=expected, margin=margin)
    assert verdict_on(claim, Estimate(value=(low + high) / 2, low=low, high=high, n=5)) is verdict
    assert verdict_on(claim, Estimate(value=1.0, low=None, high=None, n=1)) is Verdict.OPEN


def test_a_study_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="of other;"):
        replace(TWO, claims=(Claim(quantity="score", first="new", second="other"),))
    with pytest.raises(ConfigurationError, match="margin above 0"):
        Claim(quantity="score", first="new", second="old", expected=Expected.NEAR)


def test_arms_that_are_made_in_the_same_way_are_made_once(tmp_path: Path) -> None:
    layout = Layout(out=tmp_path, seeds=range(2))
    one, same, other = arm("new", steps=10, width=8), arm("new", width=8, steps=10), arm("new", steps=11)
    assert layout.who(one, 0) == layout.who(same, 0) != layout.who(one, 1)
    assert layout.who(one, 0) != layout.who(other, 0)
    steps = [step for job in layout.jobs(TWO) for step in job.steps]
    assert [step.verb for step in layout.jobs(TWO)[0].steps] == ["collect", "train", "evaluate", "diagnose"]
    assert len({step.product for step in steps if step.verb == "collect"}) == 1
    assert len({step.product for step in steps if step.verb == "train"}) == 4


def test_the_page_has_every_study_as_it_is_declared() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, study in STUDIES.items():
        assert marked(text, name).startswith(declared(study)), f"run `drivebench effects {name} --write-docs`"
        for each in study.arms:
            assert each.data is not None
            assert set(each.data.scenarios) <= set(registry.names("scenario"))
    assert f"There are {sum(len(study.claims) for study in STUDIES.values())} claims" in text


def test_the_command_refuses_before_it_works(tmp_path: Path) -> None:
    options = ["--out", str(tmp_path / "out")]
    unknown = CliRunner().invoke(cli.app, ["effects", "side-camera", *options])
    assert unknown.exit_code == 2
    assert "Did you mean 'side-cameras'?" in unknown.output
    page = tmp_path / "page.md"
    page.write_text("# Nothing is marked here\n")
    unmarked = CliRunner().invoke(cli.app, ["effects", "teacher", *options, "--write-docs", str(page)])
    assert unmarked.exit_code == 1
    assert "<!-- end of teacher -->" in unmarked.output
    assert not (tmp_path / "out").exists()


def test_a_study_for_real(tmp_path: Path) -> None:
    drivers = Study(
        name="drivers",
        question="Do both keep the lane?",
        arms=(Arm(name="idm", baseline="idm"), Arm(name="expert", baseline="expert")),
        quantities={"score": ONE},
        claims=(
            Claim(quantity="score", first="idm", second=50.0),
            Claim(quantity="score", first="idm", second="expert", expected=Expected.NEAR, margin=5.0),
        ),
    )
    layout = Layout(out=tmp_path / "out", seeds=range(2), workers=2)
    crew = Crew(Ledger(layout.out, "effects", {}), layout.jobs(drivers), 2)
    crew.work()
    assert crew.failed == {}
    result = study_result(layout, drivers)
    assert [finding.verdict for finding in result.findings] == [Verdict.SEEN, Verdict.NEAR]
    assert result.findings[0].basis.startswith("suite smoke v")
    assert result.findings[0].episodes == 1
