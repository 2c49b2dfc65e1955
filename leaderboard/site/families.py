"""What a family is about: the page of its scenario as the registry knows it, and pictures of it."""

import contextlib
import io
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivebench import registry
from drivebench.gallery.doc_page import DocPage, read_page
from leaderboard.board import Board, Part
from leaderboard.site.dossier import file_name

__all__ = ["VIEWS", "Family", "families_of", "take_pictures"]

VIEWS = {
    "top": "the road and the assigned way from above",
    "driver": "the left, front and right camera",
}
"""Options of ``drivebench show --view``, and what they show."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of the suite.

    Attributes:
        name: As tables have it.
        scenario: Id of its scenario.
        is_known: Whether that scenario is registered here; nothing can be said or shown of it otherwise.
        title: In a few words.
        page: What its docstring says.
        abilities: What it tests.
        conditions: Under which it was driven, with the number of episodes.
        seed: Of the nominal episode that pictures show, the first of the suite.
    """

    name: str
    scenario: str
    is_known: bool
    title: str
    page: DocPage
    abilities: tuple[str, ...]
    conditions: dict[str, int]
    seed: int

    @property
    def file_name(self) -> str:
        """Of its page, without the ending."""
        return file_name(self.name, (self.scenario,))

    @property
    def episodes(self) -> int:
        """Of the suite."""
        return sum(self.conditions.values())

    def picture(self, view: str) -> str:
        """Where a picture lies in the site."""
        return f"pictures/{self.file_name}-{view}.png"


def families_of(board: Board) -> tuple[Family, ...]:
    """The families of the runs, in the order of the suite.

    Args:
        board: The runs.
    """
    abilities = {k: v for run in board.runs for k, v in run.manifest.suite.abilities.items()}
    found = []
    for name in board.names("family"):
        cells, places = board.cells, board.parts[Part("family", name)]
        scenario = str(cells.scenario[places[0]])
        is_known = scenario in registry.names("scenario")
        title, page = _described(scenario) if is_known else (name, DocPage(summary=""))
        found.append(
            Family(
                name=name,
                scenario=scenario,
                is_known=is_known,
                title=title,
                page=page,
                abilities=tuple(abilities[scenario]),
                conditions=dict(Counter(cells.condition[places].tolist())),
                seed=int(cells.seed[places[0]]),
            )
        )
    return tuple(found)


def take_pictures(families: Sequence[Family], folder: Path, advance: Callable[[int], None]) -> None:
    """Have ``drivebench show`` take a picture of each family from above and through the cameras.

    The command is found by its name, as a user finds it: the leaderboard itself knows no simulator.

    Args:
        families: Those that are not known are left out.
        folder: Of the site.
        advance: Called with 1 after each family.
    """
    show = registry.load("command", "show")
    for family in families:
        for view in VIEWS if family.is_known else ():
            out = folder / family.picture(view)
            out.parent.mkdir(exist_ok=True)
            with contextlib.redirect_stderr(io.StringIO()):  # it says a line for each picture
                show(family.scenario, out, seed=family.seed, view=view)
        advance(1)


def _described(scenario: str) -> tuple[str, DocPage]:
    definition = registry.load("scenario", scenario)
    module = registry.where("scenario", scenario).partition(":")[0]
    return definition.title, read_page(sys.modules[module].__doc__ or definition.description)
