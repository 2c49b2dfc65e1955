"""``drivebench effects``: what a method changes on the family that it is made for, over training seeds."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["effects"]

SCHEMA = 1


def effects(
    studies: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDY]...", help="All of them when left out.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory for everything.")] = Path("effects"),
    seeds: Annotated[int, typer.Option(min=1, help="How many training seeds, from 0 on.")] = 5,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="Where networks are trained.")] = "cpu",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Commands at a time; one a processor, at most four, when left out."),
    ] = None,
    write_docs: Annotated[
        Path | None, typer.Option(help="Put the results into this page, between its comments.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train methods that differ in one thing, over training seeds, and say whether the effect is seen.

    An effect is seen when the 95 % interval of the difference over training seeds excludes 0. After an
    interruption the same command goes on. The exit code is 1 when a run failed or a claim was not seen.

    Example: drivebench effects side-cameras --out effects

    Example: drivebench effects --seeds 5 --write-docs docs/effects.md
    """
    from drivebench.errors import UnknownNameError
    from drivebench.progress import duration, say
    from leaderboard.effects.plan import Layout
    from leaderboard.effects.report import as_markdown, as_text
    from leaderboard.effects.result import study_result
    from leaderboard.effects.studies import STUDIES
    from leaderboard.jobs.crew import Crew, hands_here
    from leaderboard.jobs.ledger import Ledger
    from leaderboard.marked import marked, replace_marked

    started = time.monotonic()
    for name in studies or ():
        if name not in STUDIES:
            raise UnknownNameError("study", name, STUDIES)
    chosen = [STUDIES[name] for name in dict.fromkeys(studies or STUDIES)]
    if write_docs is not None:  # before hours of work, not after
        for study in chosen:
            marked(write_docs.read_text(encoding="utf-8"), study.name)
    hands = workers or hands_here()
    layout = Layout(out=out, seeds=range(seeds), device=device, workers=hands)
    ledger = Ledger(out, "effects", {"device": device})
    crew = Crew(ledger, [job for study in chosen for job in layout.jobs(study)], hands)
    crew.work()
    results = [study_result(layout, study) for study in chosen]
    if write_docs is not None:
        for result in results:
            text = write_docs.read_text(encoding="utf-8")
            made = replace_marked(text, result.study.name, as_markdown(result))
            write_docs.write_text(made, encoding="utf-8")
    if as_json:
        content = {"schema": SCHEMA, "studies": [result.as_json() for result in results]}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        sys.stdout.write(as_text(results))
    say(f"done in {duration(time.monotonic() - started)}")
    if not all(finding.good for result in results for finding in result.findings):
        raise typer.Exit(1)
