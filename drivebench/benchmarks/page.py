"""The page about speed, ``docs/speed.md``: every figure of one run, and how it was measured."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from drivebench.benchmarks.row import Row
from drivebench.benchmarks.text import figure, machine_line, notes_of, verdict

__all__ = ["as_page"]

HEAD = """# How fast it is

Written by `drivebench bench --markdown`, from one run; do not edit.

{machine}

{date}, {reached} of {targets} targets reached; not reached:
{missed}

Ratios are against what was measured in the same run, taking turns, so they travel from machine to
machine; rates do not. Compiling comes before the clock starts. Where one thread is measured it is
processor time that counts, of the whole process where a peer has a worker thread.
"""

GROUPS: Mapping[str, str] = {
    "world": """## The road alone

Both sides drive the same world from the same reset over the same stretch, the ego idling; no observation
and no reward. Ours runs in canonical numerics.
""",
    "environments": """## Whole environments

`gymnasium.make_vec("drivebench/stock-<id>")` and `gymnasium.make` against highway-env's own environments
and [EnvPool](https://github.com/sail-sg/envpool)'s port of them to C++ (`pip install
drivebench[bench]`). Every side takes random actions and returns the id's own observation, reward, ends
of episodes and information; environments whose episode has ended are reset in their next step, which
counts as time, but not as a step. One thread: EnvPool with one worker. Simulation and policy frequencies
are the same on both sides, so that ratios hold per simulated step as well.

What a ratio to EnvPool does not show: ours are highway-env's worlds bit for bit (`docs/parity.md`).
EnvPool's port is of highway-env 1.10; Highway, HighwayFast, Merge and Parking apart, its ids reset to
one fixed scene whatever the seed; its intersections get no new vehicles and its racetracks have no
traffic (the notes say where the numbers of vehicles differ, always to our disadvantage); and on its
motorways a vehicle considers no other lane once it accepts one, so that its episodes soon take another
course than highway-env's.

Resets: *from the bank* is a world that was built before, loaded, observed and judged; *built anew* is one by
highway-env's own `_reset`, taken over.
""",
    "phases": """## Where the time goes

The parts of a policy step, by the processor time within it, and the phases of a simulation step, by time
stamps between them in a version of the step that is compiled only for this. The floor is an estimate of
what no version could do without; see `drivebench/benchmarks/floor.py`.
""",
    "scaling": """## How the cost grows

Motorways of four lanes at the density of highway-v0, the road alone. Collisions are looked for in cells
along the road, neighbours by halving sorted lists, so that a vehicle costs the same among 500 as among 50.
{picture}""",
    "threads": """## Two threads

Beside two threads of one process: two processes that share nothing, with the same work and with plain
arithmetic. They are what this machine gives to two at a time; below twice of one, other programs or the
host take the rest.
""",
    "camera": """## Pictures
""",
    "evaluation": """## Evaluation
""",
}


def as_page(measured: Mapping[str, Sequence[Row]], machine: dict[str, Any], picture: str | None) -> str:
    """The page in Markdown.

    Args:
        measured: Rows by group, in the order of the page.
        machine: From ``describe``.
        picture: File of the plot beside the page, if one was drawn.
    """
    rows = [row for group in measured.values() for row in group]
    notes = notes_of(rows)
    judged = [row for row in rows if row.reached is not None]
    missed = [row for row in judged if not row.reached]
    parts = [
        HEAD.format(
            machine=machine_line(machine).replace("\n", "; "),
            date=datetime.now(UTC).date().isoformat(),
            reached=len(judged) - len(missed),
            targets=len(judged),
            missed="".join(f"\n- {r.name}, against {r.peer} ({r.section})" for r in missed) or "\n- none",
        )
    ]
    for group, found in measured.items():
        head = GROUPS.get(group, f"## {group.capitalize()}\n")
        parts.append(head.replace("{picture}", f"\n![Cost against quantity]({picture})\n" if picture else ""))
        parts += _sections(found, notes)
    if notes:
        parts.append("## Notes\n\n" + "\n".join(f"{number}. {note}" for note, number in notes.items()) + "\n")
    return "\n".join(parts)


def _sections(rows: Sequence[Row], notes: Mapping[str, int]) -> list[str]:
    tables = []
    for (section, unit), group in groupby(rows, key=lambda row: (row.section, row.unit)):
        lines = [
            f"**{section[:1].upper()}{section[1:]}** ({unit})" if section else f"**{unit}**",
            "",
            "| | ours | theirs | | ratio | to reach |",
            "|---|---:|---:|---|---:|---:|",
        ]
        lines += [_line(row, notes) for row in group]
        tables.append("\n".join(lines) + "\n")
    return tables


def _line(row: Row, notes: Mapping[str, int]) -> str:
    name = f"{row.name} [{notes[row.note]}]" if row.note else row.name
    ratio = "–" if row.ratio is None else f"{figure(row.ratio)}×"
    cells = (name, figure(row.value), figure(row.peer_value), row.peer, ratio, verdict(row))
    return "| " + " | ".join(cells) + " |"
