"""Merging the shards of a run into the one that a single machine would have made, byte for byte."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivebench.errors import RecordError
from drivebench.evaluation.manifest import RunManifest
from drivebench.evaluation.record import EPISODES, LOGS, TIMING, Run, load_run
from drivebench.evaluation.run_directory import RunDirectory
from drivebench.evaluation.run_files import ChunkFiles, action_log

__all__ = ["chunk_files", "merge_runs"]

SHOWN_CHUNKS = 5


def merge_runs(paths: Sequence[Path], out: Path) -> Run:
    """Merge shards.

    Args:
        paths: Run directories or packed runs, in any order, of as many shards as there are.
        out: The run directory to write.

    Returns:
        The whole run, read back and checked. It has the attempts of all shards.

    Raises:
        RecordError: They are not all shards of one run, or overlap, or leave a gap; or one is not whole.
        ConfigurationError: Something is at ``out``.
    """
    runs = sorted(map(load_run, paths), key=lambda run: run.manifest.driven.start)
    wanted = _whole(runs[0].manifest)
    for run in runs:
        _check_same(runs[0], wanted, run)
    owners = _owners(runs, wanted)
    attempts = sorted(
        (attempt for run in runs for attempt in run.manifest.attempts), key=lambda attempt: attempt.started
    )
    directory = RunDirectory.create(out, replace(wanted, attempts=tuple(attempts)))
    with directory.claimed():
        for chunk, run in owners.items():
            directory.write_chunk(chunk, chunk_files(run, chunk))
        directory.finish()
    return load_run(out)


def chunk_files(run: Run, chunk: int) -> ChunkFiles:
    """What a run keeps of one of its chunks.

    Args:
        run: The run.
        chunk: A number among ``run.manifest.driven``.
    """
    manifest = run.manifest
    place = manifest.driven.index(chunk)
    first = sum(len(manifest.keys_of(before)) for before in manifest.driven[:place])
    lines = run.files[EPISODES].splitlines(keepends=True)[first : first + len(manifest.keys_of(chunk))]
    log = run.path / LOGS / f"{chunk:04d}.txt"
    return ChunkFiles(
        records=b"".join(lines),
        actions=run.files[action_log(chunk)],
        timing=run.files[TIMING].splitlines(keepends=True)[place],
        log=log.read_text(encoding="utf-8") if log.is_file() else "",
    )


def _whole(manifest: RunManifest) -> RunManifest:
    """What the undivided run says of itself, but for its attempts."""
    return replace(manifest, selection=replace(manifest.selection, shard=None), attempts=())


def _check_same(first: Run, wanted: RunManifest, run: Run) -> None:
    if run.manifest.selection.shard is None:
        raise RecordError(
            f"{run.path} is not a shard but an undivided run. Expected what `drivebench evaluate … "
            "--shard 1/4` writes."
        )
    expected, found = wanted.identity(), _whole(run.manifest).identity()
    for name in expected:
        if expected[name] != found[name]:
            raise RecordError(
                f"{first.path} and {run.path} are not shards of one run: their {name} differs, in "
                f"{_difference(expected[name], found[name])}. Expected the same policy, suite, settings and "
                "version of drivebench."
            )


def _difference(one: Any, other: Any) -> str:
    """The first field in which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name) != other.get(name):
                return f"{name}: {_difference(one.get(name), other.get(name))}"
    shown = [text if len(text) <= 80 else f"{text[:77]}…" for text in (repr(one), repr(other))]
    return f"{shown[0]} and {shown[1]}"


def _owners(runs: Sequence[Run], wanted: RunManifest) -> dict[int, Run]:
    """The run that has each chunk."""
    owners: dict[int, Run] = {}
    for run in runs:
        for chunk in run.manifest.driven:
            if chunk in owners:
                raise RecordError(
                    f"{owners[chunk].path} (shard {owners[chunk].manifest.selection.shard}) and {run.path} "
                    f"(shard {run.manifest.selection.shard}) both have chunk {chunk}. Expected each shard "
                    "once."
                )
            owners[chunk] = run
    missing = [chunk for chunk in wanted.driven if chunk not in owners]
    if missing:
        shards = sorted({shard.of for run in runs if (shard := run.manifest.selection.shard) is not None})
        more = "" if len(missing) <= SHOWN_CHUNKS else f" and {len(missing) - SHOWN_CHUNKS} more"
        raise RecordError(
            f"the {len(runs)} shards leave a gap: chunks {', '.join(map(str, missing[:SHOWN_CHUNKS]))}{more} "
            f"of {wanted.chunks} are in none of them. Expected all shards of "
            f"{' or '.join(f'1/{of} … {of}/{of}' for of in shards)}."
        )
    return owners
