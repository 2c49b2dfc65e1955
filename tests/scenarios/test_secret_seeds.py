"""Secret seeds: nothing can be chosen after the commitment, and nothing be known before the reveal."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from drivebench.errors import DataError
from drivebench.scenario import SECRET, split_of
from drivebench.secret_seeds import SecretKey, check_revealed
from drivebench.suite import Suite, SuiteEntry

KEY = SecretKey(bytes(range(32)))
CELLS = (("merge-v1", "nominal"), ("merge-v1", "night"))


def entry(scenario: str, condition: str, seed: int) -> SuiteEntry:
    return SuiteEntry(
        scenario=scenario,
        condition=condition,
        seed=seed,
        reference_time_s=20.0,
        reference_distance_m=100.0,
        world_digest="0" * 64,
        task_digest="0" * 64,
    )


def suite_of(key: SecretKey, refused: tuple[tuple[str, str, int], ...] = ()) -> Suite:
    """Three episodes of each cell, without some running numbers."""
    entries = [
        entry(*cell, key.seed(*cell, number))
        for cell in CELLS
        for number in [n for n in range(5) if (*cell, n) not in refused][:3]
    ]
    return Suite(
        name="secret",
        version=1,
        description="Of a competition.",
        entries=tuple(entries),
        refused=tuple(f"{s}/{c}/{key.seed(s, c, n)}: the expert failed" for s, c, n in refused),
    )


def test_seeds_follow_from_the_key_and_the_cell() -> None:
    seeds = {
        key.seed(*cell, number)
        for key in (KEY, SecretKey(bytes(32)))
        for cell in CELLS
        for number in range(50)
    }
    assert len(seeds) == 200
    assert {split_of(seed) for seed in seeds} == {"secret"}
    assert max(seeds) - min(seeds) > len(SECRET) // 2
    # A fixed value: a competition's seeds must not change with a release.
    assert KEY.seed("merge-v1", "nominal", 0) == 3347858872007084
    assert KEY.commitment == "310bf9f7ee15a378b44d3b7294f9441c738a320ec4d7e684dca8fa888069a1d4"


def test_what_was_committed_to_is_accepted() -> None:
    check_revealed(suite_of(KEY), KEY, KEY.commitment.upper() + "\n")
    check_revealed(suite_of(KEY, (("merge-v1", "nominal", 1),)), KEY, KEY.commitment)


def test_another_key_is_found_out() -> None:
    other = SecretKey(bytes(32))
    with pytest.raises(DataError, match="it is another key"):
        check_revealed(suite_of(other), other, KEY.commitment)


@pytest.mark.parametrize("trick", ["chosen", "exchanged", "left out", "other cell"])
def test_an_episode_that_was_chosen_afterwards_is_found_out(trick: str) -> None:
    suite = suite_of(KEY)
    entries = list(suite.entries)
    if trick == "chosen":
        entries[1] = replace(entries[1], seed=SECRET.start + 5)
    elif trick == "exchanged":
        entries[0], entries[1] = entries[1], entries[0]
    elif trick == "left out":
        del entries[1]
    else:
        entries[1] = replace(entries[1], condition="fog")
    with pytest.raises(DataError, match="does not follow from the key"):
        check_revealed(replace(suite, entries=tuple(entries)), KEY, KEY.commitment)


def test_keys_are_written_for_their_owner_only_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = SecretKey.fresh()
    assert key != SecretKey.fresh()
    key.write(path)
    assert SecretKey.read(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(DataError, match="cannot write a secret key"):
        KEY.write(path)
    assert SecretKey.read(path) == key


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read a secret key"):
        SecretKey.read(tmp_path / "none")
    (tmp_path / "short").write_text("abc")
    with pytest.raises(DataError, match="64 hexadecimal digits"):
        SecretKey.read(tmp_path / "short")
