"""``drivebench diagnose``: why a policy fails."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["diagnose"]


def diagnose(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SUBMISSION", help="A submission directory, a driver (expert, idm), or idle or random."
        ),
    ],
    scenario: Annotated[
        list[str] | None, typer.Option(help="On this scenario; may be repeated. lane-keeping-v1 if left out.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=2, help="Of each scenario, from development seeds.")] = 32,
    out: Annotated[
        Path | None, typer.Option(help="New folder for the page; diagnoses/NAME if left out.")
    ] = None,
    fit_until: Annotated[
        float | None,
        typer.Option(
            help="Longest horizon, in seconds, at which the cost is fitted; the same for all policies that "
            "are to be compared. Their own median failure time if left out."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure why a policy fails, or does not, and write a page with plots.

    Open-loop error against the error where it drives itself (covariate shift), recovery from beside the
    route, time to first divergence, cost against horizon, what it goes by, and whether it copies its last
    action.

    Example: drivebench diagnose runs/camera-correction --out diagnoses/camera-correction

    Example: drivebench diagnose idm --scenario car-following-v1 --episodes 16
    """
    from drivebench.diagnosis.diagnosis import DEFAULT_SCENARIO, DiagnosisRequest
    from drivebench.diagnosis.diagnosis import diagnose as measure
    from drivebench.diagnosis.page import render_page
    from drivebench.diagnosis.report import as_json as content_of
    from drivebench.diagnosis.report import as_text
    from drivebench.evaluation.competitor import competitor
    from drivebench.new_folder import new_folder, refuse_existing

    request = DiagnosisRequest(
        scenarios=tuple(dict.fromkeys(scenario or (DEFAULT_SCENARIO,))),
        episodes=episodes,
        fit_until_s=fit_until,
    )
    folder = out if out is not None else Path("diagnoses") / Path(what).resolve().name
    refuse_existing(folder)
    with competitor(what) as who:
        diagnosis = measure(who, request)
    content = json.dumps(content_of(diagnosis), indent=2, allow_nan=False) + "\n"
    with new_folder(folder) as partial:
        (partial / "index.html").write_text(render_page(diagnosis), encoding="utf-8")
        (partial / "diagnosis.json").write_text(content, encoding="utf-8")
    if as_json:
        sys.stdout.write(content)
    else:
        typer.echo(as_text(diagnosis), nl=False)
        typer.echo(f"page: {folder / 'index.html'}")
