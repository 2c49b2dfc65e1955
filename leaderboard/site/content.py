"""Everything that the pages show, as data; all of it was measured, declared, or computed from these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leaderboard.board import ALL, Board, Part
from leaderboard.outcomes import Outcomes
from leaderboard.rows import Row, Section
from leaderboard.site.curves import COLOURS
from leaderboard.site.dossier import Dossier
from leaderboard.site.drawing import BINS
from leaderboard.site.ends import End
from leaderboard.site.families import Family
from leaderboard.site.standings import PartView, Standing, Standings

__all__ = ["Policy", "Site"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A row of the leaderboard with the run behind it.

    Attributes:
        dossier: Of its run.
        row: On all episodes.
        section: That it stands in.
        place: Of its run on the board.
        index: Of its row in the table.
        colour: Class of its colour, shared by all policies of its name.
    """

    dossier: Dossier
    row: Row
    section: Section
    place: int
    index: int
    colour: str

    @property
    def outcomes(self) -> Outcomes:
        """Of its run."""
        return self.dossier.outcomes

    def on(self, view: PartView) -> Standing:
        """What it is on a part."""
        return view.standings[self.index]


@dataclass(frozen=True, kw_only=True)
class Site:
    """All of it.

    Attributes:
        board: The runs.
        dossiers: One for each of them.
        rivals: Whom each policy is shown beside, by the identity of its outcomes.
        policies: The leaderboard of policies.
        methods: That of methods; None where the runs allow no claim about them.
        families: In the suite's order.
        version: Of drivebench.
    """

    board: Board
    dossiers: Sequence[Dossier]
    rivals: Mapping[int, Dossier]
    policies: Standings
    methods: Standings | None
    families: tuple[Family, ...]
    version: str

    @cached_property
    def entries(self) -> tuple[Policy, ...]:
        """Policies in the order of the table."""
        by_run = {id(dossier.outcomes): dossier for dossier in self.dossiers}
        places = {id(run): place for place, run in enumerate(self.board.runs)}
        pairs = [(section, row) for section in self.policies.table.sections for row in section.rows]
        names = list(dict.fromkeys(row.runs[0].name for _, row in pairs))
        return tuple(
            Policy(
                dossier=by_run[id(row.runs[0])],
                row=row,
                section=section,
                place=places[id(row.runs[0])],
                index=index,
                colour=_colour(names.index(row.runs[0].name)),
            )
            for index, (section, row) in enumerate(pairs)
        )

    @cached_property
    def by_run(self) -> Mapping[int, Policy]:
        """Policies by the identity of their outcomes: from the row of a method to its policies."""
        return {id(policy.outcomes): policy for policy in self.entries}

    def family_part(self, family: Family) -> PartView:
        """The part of the episodes that is a family."""
        return next(view for view in self.policies.parts if view.part == Part("family", family.name))

    def ends(self, policy: Policy, part: Part = ALL) -> dict[End, int]:
        """How often a policy's episodes came to each end, on a part."""
        keys = [self.board.keys[place] for place in self.board.parts[part]]
        found = policy.dossier.ends_on(keys)
        return {end: found[end] for end in End}

    def spread(self, policy: Policy, part: Part) -> list[float]:
        """Share of the episodes of a part with a score in each bin from 0 to 100."""
        scores = self.board.values("dbs", part)[:, policy.place]
        counts, _ = np.histogram(scores, bins=BINS, range=(0.0, 100.0))
        return [float(share) for share in counts / len(scores)]


def _colour(index: int) -> str:
    return f"c{index}" if index < COLOURS else "cx"
