"""Tables: order, ranks, who may stand beside whom, and every format read back."""

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from invented_runs import ABILITIES, failing, run_of, suite, write_run
from typer.testing import CliRunner

from drivebench import cli
from drivebench.errors import ConfigurationError
from drivebench.evaluation.manifest import PolicyCard, SuiteCard
from drivebench.evaluation.record import Status
from leaderboard.formats import FORMATS
from leaderboard.formats.latex import escape
from leaderboard.outcomes import Outcomes, outcomes_of
from leaderboard.rows import By, Table
from leaderboard.statistics import Estimate
from leaderboard.table import make_table

pytestmark = pytest.mark.usefixtures("fewer_resamples")

NASTY = r"50% & more_of #1 ~{\it x}^2 <b>|$ “é” 中"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> list[Outcomes]:
    tmp_path = tmp_path_factory.mktemp("runs")
    faulty = [replace(e, status=Status.RAISED) if e.seed == 2_000_000 else e for e in suite()]
    made = [
        run_of(tmp_path / "bad", failing(suite(), 1), name="bad"),
        run_of(tmp_path / "good", suite(), name="good", training_seed=0),
        run_of(tmp_path / "good-1", failing(suite(), 12), name="good", training_seed=1),
        run_of(tmp_path / "faulty", faulty, name=NASTY),
        run_of(tmp_path / "expert", suite(), name="expert", track="privileged"),
    ]
    return [outcomes_of(run) for run in made]


@pytest.fixture(scope="module")
def table(runs: list[Outcomes]) -> Table:
    return make_table(runs)


def test_policies_are_sorted_and_references_stand_apart(table: Table) -> None:
    ranked, references = table.sections
    assert [row.label for row in ranked.rows] == ["good (seed 0)", "good (seed 1)", NASTY, "bad"]
    assert [row.label for row in references.rows] == ["expert"]
    assert references.rows[0].rank is None
    assert not references.ranked
    assert references.rows[0].cells["latency_ms"] is None


def test_a_rank_is_what_the_intervals_allow(table: Table) -> None:
    ranks = {row.label: row.rank for row in table.sections[0].rows}
    assert ranks["bad"] == (4, 4)
    assert ranks["good (seed 0)"] == (1, 2)  # 24 perfect episodes are above 16 of 24, not above 22 of 24
    assert ranks[NASTY] == (2, 3)


def test_faults_are_marked_and_said(table: Table) -> None:
    faulty = next(row for row in table.rows if row.label == NASTY)
    assert faulty.marks == "†"
    (note,) = [note for note in table.notes if note.startswith("†")]
    assert "8 of 24 episodes failed" in note
    assert "8 raised" in note
    assert "ValueError: no such road" in note


def test_a_leaking_sensor_is_marked_and_said(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", suite(), name="leaky")
    card: PolicyCard = replace(run.manifest.policy, sensors=({"name": "front"}, {"name": "yaw-rate"}))
    table = make_table([outcomes_of(replace(run, manifest=replace(run.manifest, policy=card)))])
    assert table.rows[0].marks == "‡"
    assert any("leaky senses yaw-rate, which leaks the label" in note for note in table.notes)


def test_what_policies_were_trained_on_is_said_once(tmp_path: Path) -> None:
    runs = []
    for name, data in (("a", "9 episodes of nominal"), ("b", "9 episodes of nominal"), ("c", "none")):
        run = run_of(tmp_path / name, suite(), name=name)
        card = replace(run.manifest.policy, training_data=data)
        runs.append(outcomes_of(replace(run, manifest=replace(run.manifest, policy=card))))
    notes = [note for note in make_table(runs).notes if "trained on" in note]
    assert notes == ["a, b: trained on 9 episodes of nominal, as declared."]


def test_namesakes_with_the_same_seed_are_told_apart_by_their_digest(tmp_path: Path) -> None:
    runs = [
        run_of(tmp_path / str(k), failing(suite(), k + 1), name="good", training_seed=seed)
        for k, seed in enumerate((0, 1, 0))
    ]
    digests = ["a" * 64, "b" * 64, "c" * 64]
    cards = [replace(run.manifest.policy, digest=d) for run, d in zip(runs, digests, strict=True)]
    changed = [
        outcomes_of(replace(run, manifest=replace(run.manifest, policy=card)))
        for run, card in zip(runs, cards, strict=True)
    ]
    assert sorted(row.label for row in make_table(changed).rows) == [
        "good (seed 0, aaaaaa)",
        "good (seed 0, cccccc)",
        "good (seed 1)",
    ]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("suite digest", {"suite": SuiteCard(name="test", version=1, digest="b" * 64, abilities=ABILITIES)}),
        ("suite", {"suite": SuiteCard(name="dev", version=1, digest="a" * 64, abilities=ABILITIES)}),
        ("metric digest", {"metric_digest": "c" * 64}),
        ("metric version", {"metric_version": 99}),
        ("engine digest", {"engine_digest": "d" * 16}),
    ],
)
def test_runs_that_do_not_compare_cannot_share_a_table(
    tmp_path: Path, what: str, change: dict[str, object]
) -> None:
    write_run(tmp_path / "one", suite(), name="one")
    write_run(tmp_path / "other", suite(), name="other", **change)
    result = CliRunner().invoke(cli.app, ["table", str(tmp_path / "one"), str(tmp_path / "other")])
    assert result.exit_code == cli.WRONG_USAGE
    assert f"the {what} of the first" in result.stderr
    assert str(tmp_path / "other") in result.stderr


def test_a_run_stands_in_a_table_once(runs: list[Outcomes]) -> None:
    with pytest.raises(ConfigurationError, match="each policy once"):
        make_table([runs[0], runs[1], runs[0]])


@pytest.mark.parametrize("by", [None, "family", "ability", "condition", "aggregate"])
def test_every_format_is_the_same_bytes_again(runs: list[Outcomes], by: By | None) -> None:
    one, again = make_table(runs, by), make_table(list(reversed(runs)), by)
    for form in FORMATS.values():
        assert form(one) == form(again)
        assert form(one).endswith("\n")


def test_text_fits_a_terminal_and_says_everything(table: Table) -> None:
    text = FORMATS["text"](table)
    for word in ("DBS", "success", "at-fault", "off road", "EP", "TTC", "SL", "C [%]", "worst", "latency"):
        assert word in text
    assert "recovery (n = 12)" in text
    assert max(map(len, text.splitlines())) <= 124


def test_markdown_reads_back_as_tables(table: Table) -> None:
    text = FORMATS["md"](table)
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == len(table.blocks)
    for each in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in each.splitlines()}) == 1
    assert "<b>" not in text


def test_csv_reads_back(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](table))))
    assert [row["policy"] for row in rows] == [row.label for row in table.rows]
    good = rows[0]
    assert float(good["dbs_low"]) < float(good["dbs"]) == 100.0
    assert rows[-1]["rank_best"] == ""
    assert rows[-1]["reference"] == "True"
    assert "ability:recovery_high" in good


def test_json_reads_back(table: Table) -> None:
    content = json.loads(FORMATS["json"](table))
    assert content["level"] == 0.95
    first = content["rows"][0]
    assert first["rank"] == [1, 2]
    assert first["cells"]["dbs"]["value"] == 100.0
    assert first["best"]
    assert content["facts"]["suite digest"] == "a" * 16
    assert set(first["cells"]) == {column["key"] for column in content["columns"]}


def test_a_policy_has_the_same_interval_in_every_table(runs: list[Outcomes]) -> None:
    alone, among = make_table(runs[:1]), make_table(runs)
    for key in ("dbs", "success", "ability:recovery"):
        (one,) = (row.cells[key] for row in alone.rows)
        other = next(row.cells[key] for row in among.rows if row.label == "bad")
        assert isinstance(one, Estimate)
        assert isinstance(other, Estimate)
        assert (one.low, one.high) == (pytest.approx(other.low), pytest.approx(other.high))


def test_the_best_is_bold_and_what_ties_with_it_is_marked(table: Table) -> None:
    rows = {row.label: row for row in table.rows}
    assert "dbs" in rows["good (seed 0)"].best
    assert "dbs" in rows["good (seed 1)"].tied
    assert "dbs" not in rows["bad"].best | rows["bad"].tied
    assert not rows["expert"].best  # references are not compared
    assert rows["good (seed 0)"].group == rows["good (seed 1)"].group == 1
    assert "\\textbf{100.0}" in FORMATS["latex"](table)
    assert "**100.0**" in FORMATS["md"](table)
    assert "<b>100.0</b>" in FORMATS["html"](table)
    assert "100.0*" in FORMATS["text"](table)


def test_aggregates_by_hand(tmp_path: Path) -> None:
    """Of 24 episodes the policy crashes in every third; random in every second, the expert never."""
    runs = [
        outcomes_of(run_of(tmp_path / name, failing(suite(), every), name=name))
        for name, every in (("third", 3), ("random", 2), ("expert", 99))
    ]
    runs[2] = outcomes_of(run_of(tmp_path / "never", suite(), name="expert"))
    cells = {row.label: row.cells for row in make_table(runs, "aggregate").rows}
    value = {key: cell.value for key, cell in cells["third"].items() if isinstance(cell, Estimate)}
    # the worst tenth is 0; the middle half of 8 times 0 and 16 times 100 is 2 times 0 and 10 times 100
    assert value["worst_decile"] == 0.0
    assert value["iqm"] == pytest.approx(1000 / 12)
    assert value["success_pooled"] == pytest.approx(100 * 16 / 24)
    # two thirds where random has a half: (66.7 - 50) / (100 - 50)
    assert value["normalised"] == pytest.approx(100 / 3)
    assert cells["expert"]["p_best"] == 1.0


def test_a_caption_states_what_a_referee_asks_for(table: Table) -> None:
    for form in ("text", "md", "latex", "html"):
        text = FORMATS[form](table).replace("\n", " ").replace("\\", "")
        for word in (
            "test v1",
            "a" * 16,
            "24 episodes",
            "Bayesian bootstrap",
            "resamples",
            "drivebench: 0.1.0",
        ):
            assert word in text, f"{form} lacks {word}"


def test_the_command_prints_the_table(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", suite())
    result = CliRunner().invoke(cli.app, ["table", str(path), "--format", "json", "--by", "family"])
    assert result.exit_code == 0, result.output
    assert {"family:merge", "family:highway"} < set(json.loads(result.stdout)["rows"][0]["cells"])


def test_latex_says_what_a_name_says() -> None:
    assert escape("a_b & 5%") == r"a\_b \& 5\%"
    assert escape("é\n–†中") == r"\'{e} --\dag{}\texttt{U+4E2D}"


def long_table(table: Table, count: int) -> Table:
    """The table with that many rows in its first section, and a note on each."""
    first, *others = table.sections
    many = tuple(replace(first.rows[k % 4], label=f"policy-{k:03d}") for k in range(count))
    notes = (*table.notes, *(f"{row.label} was trained on 9 episodes." for row in many))
    return replace(table, sections=(replace(first, rows=many), *others), notes=notes)


def test_latex_of_more_rows_than_a_page_goes_on_in_the_next_part(table: Table) -> None:
    text = FORMATS["latex"](long_table(table, 90))
    parts = text.split("\\begin{table*}")[1:]
    assert len(parts) == 3 * len(table.blocks)
    assert max(part.count(" \\\\\n") for part in parts) <= 45
    for number, part in enumerate(parts, start=1):
        assert f"(Part {number} of {len(parts)}.)" in part
        assert ("camera track (continued)" in part) is (number % 3 != 1)
        assert part.count("\\begin{tabular}") == 1
    for k in range(90):
        assert text.count(f"policy-{k:03d} &") + text.count(f"policy-{k:03d} \\dag{{}} &") == len(
            table.blocks
        )
    assert "minipage" not in text  # the notes are too many for a page, and follow as text
    assert text.count("was trained on") == 90


def test_latex_compiles_with_booktabs(runs: list[Outcomes], tmp_path: Path) -> None:
    compiler = next((path for name in ("pdflatex", "tectonic") if (path := shutil.which(name))), None)
    if compiler is None:
        pytest.skip("neither pdflatex nor tectonic is installed: apt-get install texlive-latex-base")
    printable = "".join(chr(code) for code in range(0x20, 0x180) if chr(code).isprintable())
    tables = [FORMATS["latex"](make_table(runs, by)) for by in (None, "family")]
    tables.append(FORMATS["latex"](long_table(make_table(runs), 90)))
    document = "\n".join(
        [
            r"\documentclass[twocolumn]{article}",
            r"\usepackage{booktabs}",
            r"\usepackage{graphicx}",
            r"\begin{document}",
            *tables,
            escape(printable),
            r"\end{document}",
        ]
    )
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    options = [] if "tectonic" in compiler else ["-interaction=nonstopmode", "-halt-on-error"]
    result = subprocess.run(
        [compiler, *options, "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert "Float too large" not in result.stdout
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
