"""From a finished set of runs to the table, the lesson and the page."""

from collections.abc import Sequence
from pathlib import Path

from drivebench import registry
from drivebench.evaluation.record import load_run
from leaderboard.formats import FORMATS
from leaderboard.outcomes import outcomes_of
from leaderboard.page.content import Lesson, PageContent, Picture, Replay, Scene
from leaderboard.page.render import render_page
from leaderboard.quickstart.facts import facts_on
from leaderboard.quickstart.lesson import choose_start, contender, in_words, outcome_of
from leaderboard.quickstart.plan import CORRECTED, LEARNERS, LESSON_SCENARIO, PLAIN, REFERENCES, Layout
from leaderboard.quickstart.stages import Stages
from leaderboard.table import make_table

__all__ = ["report"]

REPLAY_ALT = (
    f"{PLAIN} on the left and {CORRECTED} on the right, from the same start beside the centre of the lane: "
    "the front camera above, the road from above below"
)
FILES = {
    "text": "table.txt",
    "md": "table.md",
    "latex": "table.tex",
    "csv": "table.csv",
    "json": "table.json",
}


def report(stages: Stages, out: Path, budget: str) -> str:
    """Run what is not finished, and write tables and page.

    Args:
        stages: Runs the commands.
        out: The quickstart's directory.
        budget: Name of its budget.

    Returns:
        Table and lesson as text.
    """
    layout = Layout(out=out, budget=budget)
    stages.run(layout.driving())
    runs = [load_run(layout.run(name)) for name in (*LEARNERS, *REFERENCES)]
    plain, corrected = (load_run(layout.lesson_run(name)) for name in LEARNERS)
    table = make_table([outcomes_of(run) for run in runs])
    lesson = Lesson(plain=contender(plain, LESSON_SCENARIO), corrected=contender(corrected, LESSON_SCENARIO))
    start = choose_start(plain, corrected, LESSON_SCENARIO)
    seeds = _first_seeds(runs[0].manifest.episodes)
    replaying = layout.replaying(start.scenario, start.condition, start.seed, start.shown_s)
    stages.run([*layout.pictures(seeds), *replaying])
    for form, name in FILES.items():
        (out / name).write_text(FORMATS[form](table), encoding="utf-8")
    sides = zip((plain, corrected), ("left", "right"), strict=True)
    content = PageContent(
        budget=budget,
        table=table,
        lesson=lesson,
        scenes=tuple(_scene(layout, scenario, seed) for scenario, seed in seeds.items()),
        replay=Replay(
            mp4=layout.replay("mp4").read_bytes(),
            poster=Picture(png=layout.replay("png").read_bytes(), alt=REPLAY_ALT),
            start=f"{start.scenario}, {start.condition}, seed {start.seed}",
            choice=start.choice,
            outcomes=tuple(outcome_of(run, start, side) for run, side in sides),
        ),
        stages=tuple(stages.finished),
        facts=tuple(facts_on(runs)),
    )
    (out / "page.html").write_text(render_page(content), encoding="utf-8")
    return f"{FORMATS['text'](table)}\n{in_words(lesson)}"


def _first_seeds(keys: Sequence[str]) -> dict[str, int]:
    """By scenario, the seed of the first episode in which it is driven."""
    seeds: dict[str, int] = {}
    for key in keys:
        scenario, _, seed = key.split("/")
        seeds.setdefault(scenario, int(seed))
    return seeds


def _scene(layout: Layout, scenario: str, seed: int) -> Scene:
    definition = registry.load("scenario", scenario)
    driver, top = (layout.picture(scenario, view).read_bytes() for view in ("driver", "top"))
    return Scene(
        id=scenario,
        title=definition.title,
        description=definition.description,
        driver=Picture(png=driver, alt=f"{definition.title}: left, front and right camera, seed {seed}"),
        top=Picture(
            png=top, alt=f"{definition.title}: the road and the assigned route from above, seed {seed}"
        ),
    )
