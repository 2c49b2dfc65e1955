"""``drivebench evaluate``."""

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drivebench.evaluation.manifest import RunManifest, Shard
    from drivebench.evaluation.record import Run

__all__ = ["attempts_summary", "evaluate", "said_of_attempts"]

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
    engine: Annotated[
        str, typer.Option(help="What drives: local (this machine), ray or slurm. Never changes a result.")
    ] = "local",
    engine_option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the engine, such as partition=gpu.")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(help="Only the first of four parts: 1/4. `drivebench merge` joins them.", metavar="I/N"),
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Only this scenario; may be repeated.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Only this condition; may be repeated.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many episodes of each scenario and condition.")
    ] = None,
    isolation: Annotated[
        str | None,
        typer.Option(
            help="Tier that must be in force around the policy: process, landlock, bubblewrap or gvisor "
            "(docs/isolation.md). The strongest that this machine has when left out."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in --out.")] = False,
    sign: Annotated[Path | None, typer.Option(help="Sign the run with this SSH key.", metavar="KEY")] = None,
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

    Example: drivebench evaluate runs/bc --suite test --out runs/bc-1 --engine slurm --shard 1/4
    """
    from drivebench.errors import ConfigurationError
    from drivebench.evaluation.manifest import Limits, Selection
    from drivebench.evaluation.run import EvaluationRequest, episode_count
    from drivebench.evaluation.run import evaluate as run_evaluation
    from drivebench.evaluation.signature import check_key, sign_run
    from drivebench.progress import say, track

    if not math.isfinite(memory_gib):
        raise ConfigurationError(f"--memory-gib is {memory_gib}; expected a positive number of GiB")
    if sign is not None:
        check_key(sign)
    selection = Selection(
        scenarios=tuple(scenario or ()),
        conditions=tuple(condition or ()),
        limit=limit,
        shard=None if shard is None else _shard(shard),
    )
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
        workers=workers,
        engine=engine,
        engine_options=_options(engine_option or []),
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
    if sign is not None:
        sign_run(run, sign)
    summary = _summary(run)
    if as_json:
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    else:
        _print_summary(run, summary)
    if run.failures:
        raise typer.Exit(NOT_GOOD)


def _shard(text: str) -> "Shard":
    from drivebench.errors import ConfigurationError
    from drivebench.evaluation.manifest import Shard

    index, _, of = text.partition("/")
    if not (index.isdecimal() and of.isdecimal()):
        raise ConfigurationError(f"--shard is {text!r}; expected two numbers such as 1/4")
    return Shard(index=int(index), of=int(of))


def _options(given: list[str]) -> dict[str, str]:
    from drivebench.errors import ConfigurationError

    options = dict(item.partition("=")[::2] for item in given)
    if not all("=" in item for item in given) or len(options) < len(given):
        raise ConfigurationError(
            f"--engine-option {' '.join(given)}; expected NAME=VALUE each time, and each name once"
        )
    return options


def attempts_summary(manifest: "RunManifest") -> dict[str, Any]:
    """How often a run was started, and what its machine had evaluated before: for ``--json``.

    Args:
        manifest: Of the run.
    """
    earlier = [attempt.earlier for attempt in manifest.attempts if attempt.earlier is not None]
    return {
        "starts": len(manifest.attempts),
        "earlier_runs_of_this_policy": max((each.policy for each in earlier), default=None),
        "earlier_runs_of_this_name": max((each.name for each in earlier), default=None),
    }


def said_of_attempts(manifest: "RunManifest") -> str:
    """The same in words."""
    counts = attempts_summary(manifest)
    if counts["earlier_runs_of_this_policy"] is None:
        before = "its machine kept no account of earlier runs"
    else:
        before = (
            f"before it, its machine had begun {counts['earlier_runs_of_this_policy']} runs of this policy "
            f"and {counts['earlier_runs_of_this_name']} of policies of this name on the suite"
        )
    starts = "once" if counts["starts"] == 1 else f"{counts['starts']} times"
    return f"started {starts}; {before}"


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
        "attempts": attempts_summary(run.manifest),
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
    typer.echo(said_of_attempts(run.manifest))
    shard = run.manifest.selection.shard
    if shard is None:
        typer.echo(f"next: drivebench table {run.path}")
    else:
        typer.echo(f"next: drivebench merge, when all {shard.of} shards are there")
