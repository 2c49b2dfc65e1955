"""The guide *Serve* and the code say the same."""

import re
from pathlib import Path

from service.codes import Code
from service.settings import Settings

GUIDE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")


def test_the_guide_lists_every_code() -> None:
    rows = re.findall(r"^\| `(DS\d{3})` \| (\w+) \| (.*) \| (.*) \|$", GUIDE, re.MULTILINE)
    assert rows == [(c.value, str(c.status or "verdict"), c.meaning, c.remedy) for c in Code]


def test_the_guide_states_the_limits(tmp_path: Path) -> None:
    decided = Settings(data=tmp_path, suite="test", isolation="landlock")
    for option, value in (
        ("`--uploads-per-day`", decided.uploads_per_day),
        ("`--waiting`, `--queue`", f"{decided.waiting}, {decided.queue}"),
        ("`--requests-per-minute`", decided.requests_per_minute),
        ("`--hours`", f"{decided.hours:g}"),
        ("`--limit-mb`", decided.upload_bytes >> 20),
        ("`--unpacked-mb`", decided.bounds.content_bytes >> 20),
    ):
        assert f"| {option} | {value} |" in GUIDE
    assert f"{decided.bounds.ratio} times" in GUIDE
    assert f"{decided.bounds.entries:,} files and folders" in GUIDE
