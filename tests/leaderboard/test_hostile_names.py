"""Names that want to be code, or to turn the writing around: shown in every format, obeyed in none."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from invented_runs import failing, run_of, suite

from leaderboard.citations import bibtex
from leaderboard.comparison.difference import compare_policies
from leaderboard.comparison.report import FORMATS as COMPARISONS
from leaderboard.formats import FORMATS
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.plots.figure import save, style
from leaderboard.plots.ranking import draw_ranking
from leaderboard.table import make_table

pytestmark = pytest.mark.usefixtures("fewer_resamples")

TURN, ISOLATE, INVISIBLE = "\u202e", "\u2066", "\u200b"
NAMES = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "input": r"\input{/etc/passwd}",
    "write": r"\immediate\write18{ls}",
    "formula": '=HYPERLINK("http://x","y")',
    "plus": "+1+cmd|' /C calc'!A0",
    "at": "@SUM(1)",
    "spaced formula": "  \t=1+1",
    "right to left": f"safe{TURN}gnp.exe",
    "invisible": f"a{INVISIBLE}b{ISOLATE}c",
    "lines": "one\r\n| two | three |\n\\end{tabular}",
    "link": "[click](javascript:alert(1))",
    "terminal": "\x1b[2J\x1b]0;title\x07",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> list[Outcomes]:
    folder = tmp_path_factory.mktemp("runs")
    one = run_of(folder / "one", failing(suite(1), 3), name="one")
    made = []
    for k, name in enumerate(NAMES.values()):
        card = replace(
            one.manifest.policy, name=name, digest=f"{k:064d}", training_data=name, paper=name, track="camera"
        )
        made.append(
            outcomes_of(replace(one, manifest=replace(one.manifest, policy=card), results=f"{k:064d}"))
        )
    return made


def every_output(runs: list[Outcomes]) -> dict[str, str]:
    table = make_table(runs)
    found = compare_policies(runs[0], runs[8])
    texts = {form: write(table) for form, write in FORMATS.items()}
    texts |= {f"compare {form}": write(found) for form, write in COMPARISONS.items()}
    return texts | {"bibtex": bibtex(runs)}


def test_nothing_invisible_and_nothing_that_moves_the_cursor_is_printed(runs: list[Outcomes]) -> None:
    for form, text in every_output(runs).items():
        for mark in (TURN, ISOLATE, INVISIBLE, "\x1b", "\r", "\x07", "\t"):
            assert mark not in text, f"{form} holds {mark!r}"


def test_html_holds_no_element_and_no_attribute_of_a_name(runs: list[Outcomes]) -> None:
    text = FORMATS["html"](make_table(runs))
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert document.find(".//script") is None
    assert not [each for each in document.iter() for name in each.attrib if name.startswith("on")]
    names = [each.text for each in document.iter("bdi")]
    assert "<script>alert(1)</script>" in names
    assert "http://" not in text.partition("</style>")[0]


def test_latex_holds_no_command_of_a_name(runs: list[Outcomes]) -> None:
    for text in (
        FORMATS["latex"](make_table(runs)),
        COMPARISONS["latex"](compare_policies(*runs[2:4])),
        bibtex(runs),
    ):
        assert "\\input" not in text
        assert "\\write" not in text
        assert "\\immediate" not in text
        assert text.count("\\end{tabular}") == text.count("\\begin{tabular}")


def test_no_field_of_csv_is_a_formula(runs: list[Outcomes]) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](make_table(runs)))))
    assert len(rows) == len(NAMES)
    for row in rows:
        for name, field in row.items():
            number = field.replace(".", "", 1).replace("-", "", 1).isdigit()
            assert number or not field.startswith(("=", "+", "-", "@")), f"{name} is {field!r}"
    assert '\'=HYPERLINK("http://x","y")' in {row["policy"] for row in rows}


def test_json_keeps_the_name_as_it_is(runs: list[Outcomes]) -> None:
    text = FORMATS["json"](make_table(runs))
    assert text.isascii()
    assert set(NAMES.values()) == {row["policy"] for row in json.loads(text)["rows"]}


def test_markdown_has_one_row_for_each(runs: list[Outcomes]) -> None:
    text = FORMATS["md"](make_table(runs))
    first = text.split("\n\n")[1].splitlines()
    assert len(first) == 2 + 1 + len(NAMES)
    assert "](javascript" not in text
    assert "<script>" not in text


def test_a_figure_shows_a_name_as_text(runs: list[Outcomes], tmp_path: Path) -> None:
    """Between dollars matplotlib would typeset, and stop at a command that it does not know."""
    card = replace(runs[0].manifest.policy, name=r"$\nosuchcommand{1}$ <script>")
    dollars = replace(runs[0], manifest=replace(runs[0].manifest, policy=card))
    with style():
        save(draw_ranking(make_table([dollars, *runs[1:3]], "ability")), tmp_path / "figure.svg")
    assert "<script" not in (tmp_path / "figure.svg").read_text()
