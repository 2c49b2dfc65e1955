"""``drivebench verify``."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drivebench.evaluation.record import Run
    from drivebench.evaluation.rerun import Rerun
    from drivebench.evaluation.signature import Signed
    from drivebench.evaluation.verify import Disagreement, Verification

__all__ = ["verify"]

NOT_GOOD = 1
WORTH_CHUNKS = 8
"""From so many chunks on, the start of other processes pays."""


def verify(
    run: Annotated[Path, typer.Argument(help="A run directory, or a packed run.")],
    suite: Annotated[
        str | None, typer.Option(help="Manifest of its suite, if drivebench does not know that by name.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; all processors when left out and there is much to do."),
    ] = None,
    rerun: Annotated[
        int, typer.Option(min=0, help="Besides, have the policy drive so many random chunks again.")
    ] = 0,
    submission: Annotated[
        Path | None,
        typer.Option(help="For --rerun: the policy, or a folder with it; beside the run when left out."),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option(help="Who may have signed it: lines of a name and a public SSH key. Then it must be."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Drive every episode of a run again from its action log and recompute every number.

    The exit code is 0 only if the files are whole and all numbers agree exactly, and a signature, where there
    is one, fits. With --rerun the policy itself drives some chunks again, to the same bytes.

    Example: drivebench verify runs/bc-test

    Example: drivebench verify runs/bc-test --rerun 2 --submission runs/bc

    Example: drivebench verify runs/competition --suite competition.json --signers organisers.txt
    """
    from drivebench.evaluation.record import load_run
    from drivebench.evaluation.signature import check_signature
    from drivebench.evaluation.verify import verify_loaded
    from drivebench.progress import track

    loaded = load_run(run)
    signed = check_signature(loaded, signers)
    if workers is None:
        workers = (os.cpu_count() or 1) if len(loaded.timing) >= WORTH_CHUNKS else 1
    with track(f"verify {run}", len(loaded.episodes), "episodes") as advance:
        verification = verify_loaded(loaded, advance, suite, workers)
    again = _drive_again(loaded, rerun, submission, suite) if rerun and verification.agrees else None
    good_hands = signers is None if signed is None else signed.good
    if as_json:
        content = _summary(run, verification, again, signed)
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    else:
        _print_replay(run, verification)
        if again is not None:
            _print_rerun(run, again)
        _print_hands(loaded, signed, good=good_hands)
    if not (verification.agrees and (again is None or again.agrees) and good_hands):
        raise typer.Exit(NOT_GOOD)


def _drive_again(loaded: "Run", count: int, submission: Path | None, suite: str | None) -> "Rerun":
    import numpy as np

    from drivebench.evaluation.rerun import choose_chunks, competitor_of, rerun
    from drivebench.progress import track

    chunks = choose_chunks(loaded, count, generator=np.random.default_rng())
    episodes = sum(len(loaded.manifest.keys_of(chunk)) for chunk in chunks)
    with (
        competitor_of(loaded, submission) as driven,
        track(f"drive {driven.card.name} again", episodes, "episodes") as advance,
    ):
        return rerun(loaded, driven, chunks, advance, suite)


def _summary(
    path: Path, verification: "Verification", again: "Rerun | None", signed: "Signed | None"
) -> dict[str, Any]:
    from drivebench.evaluation.command import attempts_summary

    def listed(found: "tuple[Disagreement, ...]") -> list[dict[str, str]]:
        return [{"episode": each.episode, "what": each.what} for each in found]

    run = verification.run
    content: dict[str, Any] = {
        "run": str(path),
        "agrees": verification.agrees,
        "episodes": len(run.episodes),
        "partial": run.manifest.selection.partial,
        "results": run.results,
        "disagreements": listed(verification.disagreements),
        "rerun": None,
        "signature": None,
        "attempts": attempts_summary(run.manifest),
    }
    if again is not None:
        content["rerun"] = {
            "agrees": again.agrees,
            "chunks": list(again.chunks),
            "episodes": again.episodes,
            "disagreements": listed(again.disagreements),
            "other_machine": list(again.elsewhere),
        }
    if signed is not None:
        content["signature"] = {
            "good": signed.good,
            "key": signed.key,
            "signer": signed.signer,
            "problem": signed.problem,
        }
    return content


def _print_replay(path: Path, verification: "Verification") -> None:
    run = verification.run
    left_out = run.manifest.selection
    of_what = f" (a part of the suite: {left_out})" if left_out.partial else ""
    if verification.agrees:
        typer.echo(f"{path}: all {len(run.episodes)} episodes agree{of_what}, results {run.results[:16]}")
    else:
        wrong = len({found.episode for found in verification.disagreements})
        typer.echo(f"{path}: {wrong} of {len(run.episodes)} episodes do not agree{of_what}", err=True)
        _print_disagreements(verification.disagreements)


def _print_rerun(path: Path, again: "Rerun") -> None:
    what = f"{again.episodes} episodes driven again (chunks {', '.join(map(str, again.chunks))})"
    machine = "; ".join(again.elsewhere)
    if again.agrees:
        typer.echo(
            f"{path}: {what}, the same bytes" + (f"; this machine differs: {machine}" if machine else "")
        )
        return
    typer.echo(f"{path}: {len(again.disagreements)} of {what} came out otherwise", err=True)
    _print_disagreements(again.disagreements)
    if machine:
        typer.echo(
            "  a network's last bits may depend on what this machine has otherwise, so that this alone "
            f"proves nothing against the run: {machine}",
            err=True,
        )
    else:
        typer.echo(
            "  this machine is of the same kind: the actions are not this policy's, or it does not drive the "
            "same twice",
            err=True,
        )


def _print_disagreements(found: "tuple[Disagreement, ...]") -> None:
    for each in found:
        typer.echo(f"  {each.episode}: {each.what}", err=True)


def _print_hands(run: "Run", signed: "Signed | None", *, good: bool) -> None:
    from drivebench.evaluation.command import said_of_attempts

    if signed is None:
        typer.echo("not signed", err=not good)
    elif signed.good:
        typer.echo(f"signed with {signed.key}" + (f" by {signed.signer}" if signed.signer else ""))
    else:
        typer.echo(f"the signature is not good: {signed.problem}", err=True)
    typer.echo(said_of_attempts(run.manifest))
