"""The card of a data set, ``README.md`` in its folder: what is inside, how good it is, and how to load it.

Everything in it is counted from the records; the same demonstrations give the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.subsets import QUALITIES, TRAINING, choose, names_in, qualities
from drivebench.errors import DataError
from drivebench.world.clock import POLICY_HZ

__all__ = ["CARD", "LICENCE", "Form", "card"]

CARD = "README.md"

LICENCE = "CC-BY-4.0"
"""SPDX identifier of the licence of collected data: free for any use that names its source."""

FRACTIONS = ("1%", "10%", "50%")

COLLECTED = """\
from pathlib import Path

from drivebench.demonstrations import FrameBatches, read, to_learn_from
from drivebench.sensors import FRONT

demonstrations = read(Path("DATA"))
training, held_out = to_learn_from(demonstrations, ["10%"])
frames = FrameBatches(training.episodes, cameras=[FRONT])
"""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a data set lies in its folder.

    Attributes:
        name: What the form is called.
        sensors: What is stored of each moment, a name and a description each.
        loading: Python code that loads it; ``DATA`` stands for the folder.
        notes: Paragraphs on what a user of this form must know.
    """

    name: str = "drivebench"
    sensors: Sequence[tuple[str, str]] = (
        ("actions", "acceleration and steering, 16-bit integers, as they acted on the world"),
        ("states", "x, y, heading and speed of every vehicle before each action"),
        ("commands", "the route command in force"),
        ("images", "none are stored: any camera is rendered on demand from the states"),
    )
    loading: str = COLLECTED
    notes: Sequence[str] = field(
        default=("`drivebench train BASELINE --data DATA --subset NAME` learns from it.",)
    )


@dataclass(frozen=True, kw_only=True)
class _Row:
    """Figures of some episodes."""

    name: str
    episodes: int
    frames: int
    training: int
    success_percent: float
    scores: tuple[float, float, float, float]  # mean, least, median, greatest
    seeds: str


def card(demonstrations: Demonstrations, form: Form | None = None) -> str:
    """The card as Markdown, with a head that dataset hubs read.

    Args:
        demonstrations: What is in the folder.
        form: How it lies there; that of ``drivebench collect`` when left out.
    """
    episodes = demonstrations.episodes
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    learnt_from = {id(each) for each in _chosen(episodes, TRAINING)}
    cells = dict.fromkeys((each.scenario, each.condition) for each in episodes)
    return environment.get_template("card.md.jinja").render(
        form=form or Form(),
        licence=LICENCE,
        version=version("drivebench"),
        digest=demonstrations.digest,
        hertz=POLICY_HZ,
        minutes=demonstrations.frames / POLICY_HZ / 60.0,
        whole=_row("all", episodes, learnt_from),
        labelled=[each.frames for each in episodes if each.labels is not None],
        scenarios=sorted({each.scenario for each in episodes}),
        drivers=[
            _row(name, [each for each in episodes if each.driver == name], learnt_from)
            for name in demonstrations.drivers
        ],
        cells=[
            _row(f"{scenario} / {condition}", list(part), learnt_from)
            for scenario, condition in cells
            if (part := [e for e in episodes if (e.scenario, e.condition) == (scenario, condition)])
        ],
        thirds=_thirds(episodes),
        subsets=_subsets(episodes, learnt_from),
    )


def _row(name: str, part: Sequence[Demonstration], learnt_from: set[int]) -> _Row:
    scores = np.array([each.score for each in part])
    return _Row(
        name=name,
        episodes=len(part),
        frames=sum(each.frames for each in part),
        training=sum(id(each) in learnt_from for each in part),
        success_percent=100.0 * sum(each.success for each in part) / len(part),
        scores=(
            float(scores.mean()),
            float(scores.min()),
            float(np.median(scores)),
            float(scores.max()),
        ),
        seeds=_ranges(each.seed for each in part),
    )


def _subsets(episodes: Sequence[Demonstration], learnt_from: set[int]) -> list[_Row]:
    """Every named subset that is not empty."""
    parts = {name: _chosen(episodes, name) for name in (*names_in(episodes), *FRACTIONS)}
    return [_row(name, list(part), learnt_from) for name, part in parts.items() if part]


def _chosen(episodes: Sequence[Demonstration], name: str) -> tuple[Demonstration, ...]:
    try:
        return choose(episodes, (name,))
    except DataError:  # nothing is in it
        return ()


def _thirds(episodes: Sequence[Demonstration]) -> list[tuple[str, str, int, float, float]]:
    """Scenario, third, episodes, least and greatest score."""
    third = qualities(episodes)
    rows = []
    for scenario in sorted({each.scenario for each in episodes}):
        for name in QUALITIES:
            scores = [
                e.score for e, t in zip(episodes, third, strict=True) if (e.scenario, t) == (scenario, name)
            ]
            if scores:
                rows.append((scenario, name, len(scores), min(scores), max(scores)))
    return rows


def _ranges(seeds: Iterable[int]) -> str:
    """Seeds as ranges, ``0–9, 12``; of many ranges, the first ones."""
    ordered = sorted(set(seeds))
    ranges: list[list[int]] = []
    for seed in ordered:
        if ranges and seed == ranges[-1][1] + 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    texts = [str(first) if first == last else f"{first}–{last}" for first, last in ranges]
    return ", ".join(texts) if len(texts) <= 8 else f"{', '.join(texts[:8])}, … ({len(ordered)} seeds)"
