"""``drivebench check``: what will be said of a submission, before it is evaluated."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from drivebench.preflight.report import Report

__all__ = ["check"]

NOT_GOOD = 1


def check(
    submission: Annotated[Path, typer.Argument(help="The submission's directory.")],
    suite: Annotated[str, typer.Option(help="Suite of which some episodes are begun.")] = "smoke",
    isolation: Annotated[
        str | None,
        typer.Option(help="Tier around the policy; the strongest of this machine when left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is wrong with a submission, and whether it would be evaluated.

    Looks at its files, manifest, weights, sensors and imports; drives a few seconds in a process of its own,
    as evaluate does; shows the same observations again, and in another order. Every finding has a code, which
    docs/submit.md explains. The exit code is 0 when it would be accepted, 1 when not.

    Example: drivebench check policies/mine

    Example: drivebench check policies/mine --json
    """
    from drivebench.evaluation.manifest import Limits
    from drivebench.preflight.check import check_submission
    from drivebench.progress import say

    say(f"check {submission}: some seconds; the first time on a machine, worlds are compiled")
    report = check_submission(submission, suite=suite, isolation=isolation, limits=Limits())
    if as_json:
        sys.stdout.write(json.dumps(report.as_dict(), indent=2) + "\n")
    else:
        _print(report)
    if not report.accepted:
        raise typer.Exit(NOT_GOOD)


def _print(report: "Report") -> None:
    card, trial = report.card, report.trial
    if card is not None:
        sensors = ", ".join(sensor["name"] for sensor in card.sensors)
        typer.echo(f"{card.name}: {card.form}, {card.track} track ({sensors}), digest {card.digest[:12]}")
    if trial is not None and trial.latency_max_s is not None:
        limits = report.limits
        typer.echo(
            f"drove {trial.decisions} decisions of {trial.episodes} episodes, isolation {report.isolation}: "
            f"started in {trial.start_up_s or 0.0:.1f} s, answered a batch in "
            f"{1e3 * (trial.latency_p50_s or 0.0):.1f} ms, {1e3 * trial.latency_max_s:.1f} ms at most of "
            f"{1e3 * limits.decision_s:g}, memory {trial.memory_bytes / 2**20:.0f} MiB of "
            f"{limits.memory_bytes / 2**20:.0f}"
        )
    for finding in report.findings:
        typer.echo(
            f"{finding.code.value} {'warning' if finding.code.warning else 'error'}: {finding.problem}"
        )
        typer.echo(f"      {finding.code.meaning}; {finding.code.remedy}")
    if trial is not None and trial.log_tail:
        typer.echo("what it printed last:")
        typer.echo("".join(f"  | {line}\n" for line in trial.log_tail.splitlines()[-12:]), nl=False)
    if report.accepted:
        typer.echo(f"accepted, in {report.seconds:.1f} s")
        typer.echo(f"next: drivebench evaluate {report.path} --suite dev --out RUN")
    else:
        errors = sum(not finding.code.warning for finding in report.findings)
        typer.echo(f"refused: {errors} error{'s' if errors > 1 else ''}, in {report.seconds:.1f} s")
