"""Comparisons: by hand on invented runs, in every format, and what must be refused."""

import json
import shlex
from pathlib import Path

import pytest
from invented_runs import Episode, failing, run_of, suite, write_run
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import ConfigurationError
from leaderboard.comparison.difference import Comparison, compare_methods, compare_policies
from leaderboard.comparison.report import FORMATS, sentence
from leaderboard.outcomes import Outcomes, outcomes_of

pytestmark = pytest.mark.usefixtures("fewer_resamples")


def drives(family: str, crashes: int, n: int = 20) -> list[Episode]:
    return [Episode(family=family, seed=2_000_000 + k, crashed=k < crashes) for k in range(n)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> Comparison:
    """The first crashes twice in merge and never on the highway, the second 14 times and never."""
    folder = tmp_path_factory.mktemp("runs")
    first = run_of(folder / "first", drives("merge", 2) + drives("highway", 0), name="first")
    second = run_of(folder / "second", drives("merge", 14) + drives("highway", 0), name="second")
    return compare_policies(outcomes_of(first), outcomes_of(second))


def test_differences_by_hand(found: Comparison) -> None:
    # merge: 90 less 30; highway: 100 less 100; overall the mean of both
    merge, highway = found.families
    assert (merge.what, merge.first, merge.second, merge.difference.value) == ("merge", 90.0, 30.0, 60.0)
    assert (highway.difference.value, highway.p, highway.corrected) == (0.0, 1.0, 1.0)
    assert found.overall.difference.value == 30.0
    assert found.overall.difference.n == 40
    # 12 pairs differ, all in favour of the first: two of 2^12 sign patterns are as extreme
    assert merge.p == pytest.approx(2 / 2**12)
    assert merge.corrected == pytest.approx(2 * 2 / 2**12)
    assert found.overall.p == found.overall.corrected == pytest.approx(2 / 2**12)
    # 12 won, 8 alike: (12 + 4) / 20
    assert merge.improvement.value == pytest.approx(80.0)
    # mean 60, standard deviation of 12 times 100 and 8 times 0
    assert merge.effect == pytest.approx(60 / 50.262, abs=1e-3)


def test_no_difference_seen_is_not_certainty(found: Comparison) -> None:
    highway = found.families[1]
    assert highway.difference.low is not None
    assert highway.difference.high is not None
    assert highway.difference.low < -5.0
    assert highway.difference.high > 5.0
    assert highway.effect is None


def test_the_sentence_claims_what_was_found_and_no_more(found: Comparison) -> None:
    said = sentence(found)
    assert said.startswith(
        f"On suite test v1 of drivebench (40 episodes, digest {'a' * 12}), first scores 95.0 and second "
        "65.0, a difference of +30.0 ["
    )
    assert "two-sided sign-flip test" in said
    assert "After Holm's correction over 2 families, first is better in merge." in said
    assert "not about the methods that trained them" in said
    assert "cannot be told" not in said


def test_the_episodes_that_differ_most_come_with_a_command(found: Comparison) -> None:
    keys = [each.key for each in found.telling]
    assert keys[:2] == [
        "merge-v1/nominal/2000002",
        "merge-v1/nominal/2000003",
    ]
    assert (found.telling[0].first, found.telling[0].second) == (100.0, 0.0)
    words = shlex.split(found.telling[0].command)
    assert words[:3] == ["drivebench", "show", "merge-v1"]
    assert words.count("--run") == 2
    assert words[words.index("--seed") + 1] == "2000002"


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_the_same_bytes_again(found: Comparison, form: str) -> None:
    assert FORMATS[form](found) == FORMATS[form](found)
    assert FORMATS[form](found).endswith("\n")


def test_policies_that_drive_alike_are_not_told_apart(tmp_path: Path) -> None:
    one = outcomes_of(run_of(tmp_path / "one", failing(suite(), 3), name="one"))
    other = outcomes_of(run_of(tmp_path / "other", failing(suite(), 3), name="other"))
    found = compare_policies(one, other)
    assert found.overall.p == 1.0
    assert found.telling == ()
    assert "which cannot be told from none" in sentence(found)
    assert "In none of 4 families" in sentence(found)


def test_only_common_episodes_count(tmp_path: Path) -> None:
    one = outcomes_of(run_of(tmp_path / "one", drives("merge", 0, 20), name="one"))
    other = outcomes_of(run_of(tmp_path / "other", drives("merge", 20, 12), name="other"))
    found = compare_policies(one, other)
    assert (found.episodes, found.left_out) == (12, 8)
    assert "8 episodes that only one of both has driven are left out" in FORMATS["text"](found)
    apart = outcomes_of(run_of(tmp_path / "apart", drives("exit", 0), name="apart"))
    with pytest.raises(ConfigurationError, match="no episode in common"):
        compare_policies(one, apart)


def seeds(folder: Path, name: str, crashes: list[int]) -> list[Outcomes]:
    return [
        outcomes_of(
            run_of(
                folder / f"{name}-{k}",
                drives("merge", each) + drives("exit", each),
                name=name,
                training_seed=k,
            )
        )
        for k, each in enumerate(crashes)
    ]


def test_methods_are_compared_over_training_seeds(tmp_path: Path) -> None:
    found = compare_methods(seeds(tmp_path, "good", [1, 2, 3]), seeds(tmp_path, "bad", [13, 14, 15]))
    assert (found.claim, found.seeds, found.overall.difference.n) == ("method", (3, 3), 6)
    # by hand: 90 less 30, standard error sqrt(25/3 + 25/3) = 4.08, t(0.975, 4) = 2.776
    assert found.overall.difference.value == pytest.approx(60.0)
    assert found.overall.difference.low == pytest.approx(60 - 2.776 * 4.082, abs=0.01)
    assert found.overall.improvement.value == 100.0
    said = sentence(found)
    assert "Welch" in said
    assert "over 3 and 3 training seeds" in said
    single = compare_methods(seeds(tmp_path / "x", "good", [1]), seeds(tmp_path / "x", "bad", [13, 14]))
    assert "nothing more can be said, because a method needs two training seeds" in sentence(single)


def test_a_side_must_be_one_method(tmp_path: Path) -> None:
    one, two = seeds(tmp_path, "one", [1, 2]), seeds(tmp_path, "two", [3, 4])
    with pytest.raises(ConfigurationError, match="2 methods"):
        compare_methods([one[0], two[0]], [two[1]])
    with pytest.raises(ConfigurationError, match="the same method"):
        compare_methods([one[0]], [one[1]])


def test_the_command_takes_runs_and_patterns(tmp_path: Path) -> None:
    for name, every in (("a-0", 2), ("a-1", 3), ("b-0", 4), ("b-1", 5)):
        write_run(tmp_path / name, failing(suite(), every), name=name[0], training_seed=int(name[2]))
    pair = CliRunner().invoke(
        cli.app, ["compare", str(tmp_path / "a-0"), str(tmp_path / "b-0"), "--format", "json"]
    )
    assert pair.exit_code == 0, pair.stderr
    assert json.loads(pair.stdout)["claim"] == "checkpoint"
    methods = CliRunner().invoke(
        cli.app, ["compare", str(tmp_path / "a-*"), str(tmp_path / "b-*"), "--format", "json"]
    )
    assert methods.exit_code == 0, methods.stderr
    assert json.loads(methods.stdout)["training_seeds"] == [2, 2]
    nothing = CliRunner().invoke(cli.app, ["compare", str(tmp_path / "a-0"), str(tmp_path / "c-*")])
    assert nothing.exit_code == cli.WRONG_USAGE
    assert "there is no" in nothing.stderr


def test_runs_of_other_suites_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "one", suite(), name="one")
    write_run(tmp_path / "other", suite(), name="other", engine_digest="d" * 16)
    result = CliRunner().invoke(cli.app, ["compare", str(tmp_path / "one"), str(tmp_path / "other")])
    assert result.exit_code == cli.WRONG_USAGE
    assert "the engine digest of the first" in result.stderr
