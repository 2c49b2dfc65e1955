"""The generated page of comparisons with highway-env covers all that there is, and nothing differs on it.

When this fails, an id or a variant was added or renamed: generate the page again with the command at its top.
"""

import re
from pathlib import Path

from scenarios.stock.face_check import EPISODES, VARIANTS
from scenarios.stock.ids import IDS

PAGE = Path(__file__).parents[2] / "docs" / "stock_check.md"
LEAST_SEEDS = 30
"""What is asked for of the whole of highway-env."""


def test_the_page_covers_every_id_and_variant() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert [row[0] for row in rows] == [*IDS, *VARIANTS]
    for name, seeds, episodes, decisions, differing in rows:
        assert int(seeds) >= LEAST_SEEDS, name
        assert int(episodes) == EPISODES * int(seeds), name
        assert int(decisions) >= int(episodes), name
        assert int(differing) == 0, name
