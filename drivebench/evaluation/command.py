"""``drivebench evaluate`` and ``drivebench verify``."""

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drivebench.evaluation.record import Run

__all__ = ["evaluate", "verify"]

NOT_GOOD = 1
SHOWN_REASONS = 5


def evaluate(
    what: Annotated[
        str, typer.Argument(help="A submission directory, a driver (expert, idm), or idle or random.")
    ],
    suite: Annotated[str, typer.Option(help="Name of a suite (smoke, dev, test, …), or a manifest.")],
    out: Annotated[Path, typer.Option(help="The run directory to write; nothing is ever overwritten.")],
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; all processors when left out. Never changes a result."),
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Only this scenario; may be repeated.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Only this condition; may be repeated.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many episodes of each scenario and condition.")
    ] = None,
    isolation: Annotated[
        str | None,
        typer.Option(
            help="Tier that must be in force around the policy: process, landlock or bubblewrap "
            "(docs/isolation.md). The strongest that this machine has when left out."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in --out.")] = False,
    decision_timeout: Annotated[float, typer.Option(help="Seconds to answer for one batch.")] = 10.0,
    start_timeout: Annotated[float, typer.Option(help="Seconds to import and load.")] = 120.0,
    memory_gib: Annotated[float, typer.Option(help="Resident memory of the policy's process.")] = 4.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Drive a policy through a suite, in a process of its own, and record the run.

    Ctrl-C is safe: what was finished stays, and --resume goes on from there to the same bytes. The exit code
    is 1 when the policy failed in any episode; those episodes score 0, and the reasons are printed.

    Example: drivebench evaluate runs/bc --suite test --out runs/bc-test

    Example: drivebench evaluate expert --suite smoke --out runs/expert-smoke
    """
    from drivebench.errors import ConfigurationError
    from drivebench.evaluation.manifest import Limits, Selection
    from drivebench.evaluation.run import EvaluationRequest, episode_count
    from drivebench.evaluation.run import evaluate as run_evaluation
    from drivebench.progress import say, track

    if not math.isfinite(memory_gib):
        raise ConfigurationError(f"--memory-gib is {memory_gib}; expected a positive number of GiB")
    selection = Selection(scenarios=tuple(scenario or ()), conditions=tuple(condition or ()), limit=limit)
    settings: dict[str, Any] = {} if workers is None else {"workers": workers}
    request = EvaluationRequest(
        what=what,
        suite=suite,
        out=out,
        isolation=isolation,
        resume=resume,
        selection=selection,
        limits=Limits(
            start_up_s=start_timeout, decision_s=decision_timeout, memory_bytes=int(memory_gib * 2**30)
        ),
        **settings,
    )
    total, shown = episode_count(request), 0
    try:
        with track(f"evaluate {Path(what).name} on {suite}", total, "episodes") as advance:

            def show(done: int, of: int) -> None:
                del of
                nonlocal shown
                advance(done - shown)
                shown = done

            run = run_evaluation(request, show)
    except KeyboardInterrupt:
        say(f"interrupted after {shown} of {total} episodes; go on with --resume and the same --out")
        raise
    summary = _summary(run)
    if as_json:
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    else:
        _print_summary(run, summary)
    if run.failures:
        raise typer.Exit(NOT_GOOD)


def verify(
    run: Annotated[Path, typer.Argument(help="A run directory, or a packed run.")],
    suite: Annotated[
        str | None, typer.Option(help="Manifest of its suite, if drivebench does not know that by name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Drive every episode of a run again from its action log and recompute every number.

    The exit code is 0 only if the files are whole and all numbers agree exactly.

    Example: drivebench verify runs/bc-test

    Example: drivebench verify runs/competition --suite competition.json
    """
    from drivebench.evaluation.record import load_run
    from drivebench.evaluation.verify import verify_loaded
    from drivebench.progress import track

    loaded = load_run(run)
    with track(f"verify {run}", len(loaded.episodes), "episodes") as advance:
        verification = verify_loaded(loaded, advance, suite)
    if as_json:
        content = {
            "run": str(run),
            "agrees": verification.agrees,
            "episodes": len(verification.run.episodes),
            "results": verification.run.results,
            "disagreements": [
                {"episode": found.episode, "what": found.what} for found in verification.disagreements
            ],
        }
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    elif verification.agrees:
        typer.echo(
            f"{run}: all {len(verification.run.episodes)} episodes agree, results {_short(verification.run)}"
        )
    else:
        wrong = len({found.episode for found in verification.disagreements})
        typer.echo(f"{run}: {wrong} of {len(verification.run.episodes)} episodes do not agree", err=True)
        for found in verification.disagreements:
            typer.echo(f"  {found.episode}: {found.what}", err=True)
    if not verification.agrees:
        raise typer.Exit(NOT_GOOD)


def _short(run: "Run") -> str:
    return run.results[:16]


def _summary(run: "Run") -> dict[str, Any]:
    """What ``--json`` prints: the run in a few numbers; intervals are for ``score`` and ``table``."""
    families: dict[str, list[float]] = {}
    for record in run.episodes:
        families.setdefault(record.family, []).append(record.score)
    means = {family: sum(scores) / len(scores) for family, scores in families.items()}
    return {
        "run": str(run.path),
        "policy": run.manifest.policy.name,
        "track": run.manifest.policy.track,
        "suite": run.manifest.suite.name,
        "partial": run.manifest.selection.partial,
        "isolation": run.manifest.isolation,
        "episodes": len(run.episodes),
        "results": run.results,
        "dbs": sum(means.values()) / len(means),
        "families": means,
        "success": sum(record.success for record in run.episodes) / len(run.episodes),
        "failures": dict(Counter(record.status.value for record in run.failures)),
        "reasons": dict(Counter(record.reason for record in run.failures)),
    }


def _print_summary(run: "Run", summary: dict[str, Any]) -> None:
    partial = ", part of it" if summary["partial"] else ""
    typer.echo(
        f"{summary['policy']} on {summary['suite']}{partial}: DBS {summary['dbs']:.1f}, success "
        f"{100.0 * summary['success']:.1f} %, {summary['episodes']} episodes, results {_short(run)}"
    )
    for family, mean in summary["families"].items():
        typer.echo(f"  {family}: {mean:.1f}")
    if run.failures:
        typer.echo(f"the policy failed in {len(run.failures)} episodes, which score 0:")
        reasons = Counter((record.status.value, record.reason) for record in run.failures)
        for (status, reason), count in reasons.most_common(SHOWN_REASONS):
            typer.echo(f"  {count} × {status}: {reason}")
        if (run.path / "logs").is_dir():
            typer.echo(f"what it printed: {run.path}/logs")
    typer.echo(f"next: drivebench table {run.path}")
