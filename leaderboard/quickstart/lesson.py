"""The first lesson, from two runs: open loop next to closed loop, and one start on which they differ."""

from dataclasses import dataclass
from typing import Any

from drivebench.errors import RecordError
from drivebench.evaluation.record import EpisodeRecord, Run
from leaderboard.episodes import OFF_COURSE
from leaderboard.page.content import Contender, Lesson
from leaderboard.scores import score_run
from leaderboard.statistics import Estimate
from leaderboard.summary import shown

__all__ = ["Start", "choose_start", "contender", "in_words", "outcome_of"]

NOMINAL = "nominal"


@dataclass(frozen=True, kw_only=True)
class Start:
    """A start that both policies drove from.

    Attributes:
        scenario: Its id.
        condition: Its condition.
        seed: Its seed.
        choice: Why this one.
    """

    scenario: str
    condition: str
    seed: int
    choice: str


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
    """The first off-course start that the one fails and the other masters; else the first of all.

    Args:
        plain: The one.
        corrected: The other, on the same episodes.
        scenario: Id of the scenario.
    """
    others = {record.key: record for record in corrected.episodes}
    starts = [r for r in plain.episodes if r.scenario == scenario and r.condition == OFF_COURSE]
    telling = [r for r in starts if not r.success and others[r.key].success]
    record = (telling or starts)[0]
    choice = (
        "the first off-course start of the suite that the left policy fails and the right one masters"
        if telling
        else "the first off-course start of the suite"
    )
    return Start(scenario=scenario, condition=record.condition, seed=record.seed, choice=choice)


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
