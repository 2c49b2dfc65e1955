"""The first lesson, from two runs: open loop next to closed loop, and one start on which they differ."""

import math
from dataclasses import dataclass
from typing import Any

from drivebench.conditions import OFF_COURSE
from drivebench.errors import RecordError
from drivebench.evaluation.record import EpisodeRecord, Run
from leaderboard.page.content import Contender, Lesson
from leaderboard.scores import score_run
from leaderboard.statistics import Estimate
from leaderboard.summary import shown

__all__ = ["Start", "choose_start", "contender", "in_words", "outcome_of"]

NOMINAL = "nominal"
AFTER_S = 3
"""A video goes on for so long after the left policy's end, so that both can be compared there."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """A start that both policies drove from.

    Attributes:
        scenario: Its id.
        condition: Its condition.
        seed: Its seed.
        choice: Why this one.
        shown_s: How much of it a video should show.
    """

    scenario: str
    condition: str
    seed: int
    choice: str
    shown_s: int


def contender(run: Run, scenario: str) -> Contender:
    """One side of the lesson.

    Args:
        run: Of a policy that ``drivebench train`` has made.
        scenario: Id of the scenario that the lesson is about.

    Raises:
        RecordError: The run's policy has no open-loop figures, or the run lacks the scenario.
    """
    training: dict[str, Any] = run.manifest.policy.training or {}
    figures = training.get("open_loop", {})
    if not {"steering_r2", "frames"} <= set(figures):
        raise RecordError(
            f"{run.path}: its policy has no open-loop figures; expected one of `drivebench train`"
        )
    return Contender(
        name=run.manifest.policy.name,
        steering_r2=float(figures["steering_r2"]),
        frames=int(figures["frames"]),
        nominal=_score(run, scenario, NOMINAL),
        off_course=_score(run, scenario, OFF_COURSE),
    )


def _score(run: Run, scenario: str, condition: str) -> Estimate:
    keys = [key for key in run.manifest.episodes if key.startswith(f"{scenario}/{condition}/")]
    if not keys:
        raise RecordError(f"{run.path} has no episode of {scenario} under {condition}")
    return score_run(run, keys).overall.dbs


def choose_start(plain: Run, corrected: Run, scenario: str) -> Start:
    """The first off-course start from which the one scores nothing and the other something; else the first.

    Args:
        plain: The one, on the left of the video.
        corrected: The other, on the same episodes.
        scenario: Id of the scenario.
    """
    others = {record.key: record for record in corrected.episodes}
    starts = [r for r in plain.episodes if r.scenario == scenario and r.condition == OFF_COURSE]
    telling = [r for r in starts if r.score <= 0.0 < others[r.key].score]
    record = (telling or starts)[0]
    first = "the first off-course start of the suite"
    lasts_s = max(
        record.measurement.duration_s, 0.0 if telling else others[record.key].measurement.duration_s
    )
    return Start(
        scenario=scenario,
        condition=record.condition,
        seed=record.seed,
        choice=f"{first} from which the left policy scores nothing and the right one something"
        if telling
        else first,
        shown_s=math.ceil(lasts_s) + AFTER_S,
    )


def outcome_of(run: Run, start: Start, side: str) -> str:
    """What became of a policy from a start, in words.

    Args:
        run: Its run.
        start: The start.
        side: Where it is in the video.
    """
    key = f"{start.scenario}/{start.condition}/{start.seed}"
    record: EpisodeRecord = next(record for record in run.episodes if record.key == key)
    measured = record.measurement
    ending = {
        "goal": "arrives",
        "horizon": "drives on to the end of the episode",
        "collision": "collides",
        "off-road": "leaves the road",
        "wrong-way": "drives the wrong way",
        "off-route": "leaves its route",
        "unfinished": "fails to answer",
    }[measured.ended_by.value]
    return (
        f"{run.manifest.policy.name} ({side}) {ending}, {measured.duration_s:.1f} s and "
        f"{measured.progress_m:.0f} m from the start, score {record.score:.1f}"
    )


def in_words(lesson: Lesson) -> str:
    """The lesson as text for a terminal."""
    lines = ["The first lesson: open loop says little about driving. Lane keeping:"]
    width = max(len(lesson.plain.name), len(lesson.corrected.name))
    for each in (lesson.plain, lesson.corrected):
        lines += [
            f"  {each.name:<{width}}  open loop    steering R² {each.steering_r2:.4f} "
            f"on {each.frames} held-out expert frames",
            f"  {'':<{width}}  closed loop  DBS {shown(each.nominal)} (nominal starts)",
            f"  {'':<{width}}               DBS {shown(each.off_course)} (off-course starts)",
        ]
    touch = "the intervals do not touch" if lesson.separated else "the intervals touch"
    lines.append(
        f"  off-course starts: {lesson.difference:+.1f} points by the corrected side cameras; {touch}"
    )
    return "\n".join(lines) + "\n"
