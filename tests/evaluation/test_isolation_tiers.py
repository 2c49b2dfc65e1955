"""Which tier comes into force, and that none is put in another's place in silence."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_suites import submission

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation.isolation.bubblewrap import user_inside
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import choose, describe, require, try_tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.submission import read_submission

LAYOUT = Layout.of({"speed": ("<f4", (1, 1))}, [])


@pytest.fixture
def _no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PATH", "/nonexistent")
    try_tier.cache_clear()
    yield
    try_tier.cache_clear()


def test_the_strongest_that_comes_into_force_is_chosen() -> None:
    there = [tier for tier in Tier if not try_tier(tier).problem]
    assert choose() is there[-1]
    assert require(there[-1].value) is there[-1]
    assert describe(there[-1]).startswith(f"isolation: {there[-1]}")
    assert "all your rights" in describe(Tier.PROCESS)
    with pytest.raises(UnknownNameError, match="Did you mean 'landlock'"):
        require("landlok")


@pytest.mark.usefixtures("_no_bubblewrap")
def test_what_is_missing_is_said_and_what_is_asked_for_is_not_replaced(tmp_path: Path) -> None:
    assert choose() is not Tier.BUBBLEWRAP
    assert "bubblewrap is not in force: bwrap is not installed" in describe(choose())
    with pytest.raises(
        ConfigurationError, match=r"bwrap is not installed.*never falls back to a weaker tier"
    ):
        require("bubblewrap")
    made = read_submission(submission(tmp_path / "steady"))
    with (
        PolicyProcess(made, LAYOUT, 1, Limits(), Tier.BUBBLEWRAP) as process,
        pytest.raises(ConfigurationError, match=r"'bubblewrap' does not come into force: bwrap is not"),
    ):
        process.load(seed=1)


def test_what_only_root_may_read_is_shown_to_the_policy_that_root_evaluates(tmp_path: Path) -> None:
    if try_tier(Tier.BUBBLEWRAP).problem or user_inside() is None:
        pytest.skip("tier bubblewrap is not in force here, or it is not root who evaluates")
    where = submission(tmp_path / "steady")
    (where / "policy.py").chmod(0o600)
    with PolicyProcess(read_submission(where), LAYOUT, 1, Limits(), Tier.BUBBLEWRAP) as process:
        process.load(seed=1)
        assert process.act({}).shape == (1, 2)
    where.chmod(0o700)
    with (
        PolicyProcess(read_submission(where), LAYOUT, 1, Limits(), Tier.BUBBLEWRAP) as process,
        pytest.raises(ConfigurationError, match=r"can be entered by its owner only.*chmod -R go\+rX"),
    ):
        process.load(seed=1)
