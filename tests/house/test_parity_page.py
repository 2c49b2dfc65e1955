"""The committed page of parity is of the cases there are, and of enough episodes."""

from pathlib import Path

import pytest

from scenarios.stock.parity import CASES, VARIANTS
from scenarios.stock.parity.egos import EGOS

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"
SEEDS = 30
VARIANT_SEEDS = 4


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    """The cells of the page's tables of results, by the name of the case and the heading of the column."""
    found: dict[str, dict[str, str]] = {}
    heads: list[str] = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            heads = []
        elif not heads:
            heads = cells
        elif "episodes" in heads and set(cells[0]) != {"-"}:
            assert cells[0] not in found
            found[cells[0]] = dict(zip(heads[1:], cells[1:], strict=True))
    return found


def test_the_page_has_every_case_and_no_other(rows: dict[str, dict[str, str]]) -> None:
    assert list(rows) == [*CASES, *VARIANTS]


def test_the_page_is_of_enough_episodes(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        seeds = SEEDS if name in CASES else VARIANT_SEEDS
        assert int(row["episodes"]) >= seeds * len(EGOS), name


def test_no_episode_of_the_page_differs(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        assert int(row["episodes that differ from stock in a bit"]) == 0, name
        assert float(row["of it more than rounding explains"]) <= 1e-12, name
