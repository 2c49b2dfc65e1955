"""Replays of a run as one script file, which a page loads from the file system as well as from a server."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivebench.errors import UnknownNameError
from drivebench.evaluation.record import EpisodeRecord, Run, Status
from drivebench.metric.measurement import Ending
from leaderboard.formats.cells import one_line
from leaderboard.replay.packing import PER_M, PER_MPS, PER_RAD, packed

if TYPE_CHECKING:
    from drivebench.footage.sketch import Body, Line, Sketch

__all__ = ["replay_file"]

_POINT, _POSE = (PER_M, PER_M), (PER_M, PER_M, PER_RAD)


def replay_file(run: Run, keys: Sequence[str], out: Path) -> None:
    """Drive episodes of a run again, and write what the player draws of them.

    The script puts it under ``window.drivebench.replays[NAME]``, where the name is that of the file without
    its ending: a page of two policies loads two files, and may load several of one policy under different
    names. The same record gives the same bytes.

    Args:
        run: A finished run.
        keys: Of the episodes, ``scenario/condition/seed``.
        out: The file; what is there is replaced.

    Raises:
        UnknownNameError: The run has no such episode.
        RecordError: An action log gives another measurement than its record: one was edited.
        DataError: A scenario has changed since.
    """
    from drivebench.footage.recorded import film_record
    from drivebench.footage.sketch import fixed_facts, sketch_of

    records = {record.key: record for record in run.episodes}
    episodes = {}
    for key in keys:
        if key not in records:
            raise UnknownNameError(f"episode of {run.path}", key, records)
        episodes[key] = _episode(records[key], sketch_of(film_record(run, records[key])))
    fixed = {**fixed_facts(), "per": {"m": PER_M, "rad": PER_RAD, "mps": PER_MPS}}
    replay = {"title": one_line(run.manifest.policy.name), "episodes": episodes}
    out.write_text(
        "window.drivebench = window.drivebench || {};\n"
        f"window.drivebench.fixed = {_text(fixed)};\n"
        "window.drivebench.replays = window.drivebench.replays || {};\n"
        f"window.drivebench.replays[{_text(out.stem)}] = {_text(replay)};\n",
        encoding="ascii",
        newline="\n",
    )


def _text(content: object) -> str:
    """As JSON that is ASCII, and no markup where somebody puts it into a page."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _episode(record: EpisodeRecord, sketch: "Sketch") -> dict[str, Any]:
    palette = sketch.palette
    return {
        "outcome": _outcome(record, sketch),
        "score": f"{record.score:.0f}",
        "end": round(float(sketch.times_s[-1]), 4),
        "frames": len(sketch.times_s),
        "ego": packed(sketch.ego, (*_POSE, PER_MPS)),
        "size": [round(size, 2) for size in sketch.ego_size_m],
        "bodies": [_body(body) for body in sketch.bodies],
        "lines": [_line(line) for line in sketch.lines],
        "route": packed(sketch.route_m, _POINT),
        "routePoints": len(sketch.route_m),
        "goal": sketch.has_goal,
        "sky": {
            "asphalt": palette.asphalt,
            "grain": palette.grain,
            "grass": palette.grass,
            "haze_per_m": round(palette.haze_per_m, 6),
            "headlights": round(palette.headlights, 4),
            "horizon": palette.horizon,
            "lamps": palette.lamps,
            "light": round(palette.light, 4),
            "mark": palette.mark,
            "wetness": palette.wetness,
            "zenith": palette.zenith,
        },
        "events": [[round(first, 2), round(last, 2), text] for first, last, text in sketch.infractions],
    }


def _outcome(record: EpisodeRecord, sketch: "Sketch") -> str:
    """How it ended, and when."""
    how = sketch.ending
    if record.status is not Status.DRIVEN:
        how = f"policy failed ({record.status.value})"
    elif record.success and record.measurement.ended_by is Ending.HORIZON:
        how = "driven to the end"
    return f"{how} at {sketch.times_s[-1]:.1f} s"


def _body(body: "Body") -> list[Any]:
    sizes = [round(body.length_m, 2), round(body.width_m, 2)]
    return [body.look, *sizes, body.first, len(body.poses), packed(body.poses, _POSE)]


def _line(line: "Line") -> list[Any]:
    halves = [round(float(half), 2) for half in line.half_width_m]
    width = halves[0] if len(set(halves)) == 1 else halves
    return [*line.marks, round(line.start_m, 2), width, len(line.centre_m), packed(line.centre_m, _POINT)]
