"""From what the site shows to its pages, as text; every text of a record is escaped, and on one line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from drivebench.gallery.doc_page import inline
from drivebench.html_templates import html_templates
from leaderboard.board import Part
from leaderboard.formats.cells import interval_of, one_line, rank_of, value_of
from leaderboard.plots.profile import THRESHOLDS
from leaderboard.replay import player_html
from leaderboard.rows import Cell
from leaderboard.site.card import attempt_words, card_of, paper_link, provenance_of, steps_of
from leaderboard.site.content import Policy, Site
from leaderboard.site.curves import Point, profile_chart, profiles_of, scatter_chart
from leaderboard.site.drawing import histogram, rank_bar, shade, whisker
from leaderboard.site.ends import End
from leaderboard.site.families import VIEWS, Family
from leaderboard.site.measures import measured_of
from leaderboard.site.standings import CHOSEN, Standings, estimate_of

__all__ = ["ASSETS", "pages"]

_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"
DIGITS = 1
"""Of all numbers that the browser fills in."""
SHOWN_TAUS = 10


def pages(site: Site) -> dict[str, str]:
    """All pages, by their path in the site.

    Args:
        site: What to show.
    """
    environment = _environment()

    def page(template: str, path: str, **more: Any) -> str:
        root = "../" * path.count("/")
        return environment.get_template(template).render(site=site, root=root, here=path, **more)

    found = {
        "index.html": page("index.html.jinja", "index.html"),
        "methods.html": page("methods.html.jinja", "methods.html"),
        "curves.html": page("curves.html.jinja", "curves.html", **_curves(site)),
    }
    for policy in site.entries:
        path = f"policies/{policy.dossier.file_name}.html"
        found[path] = page("policy.html.jinja", path, **_policy(site, policy))
    for family in site.families:
        path = f"families/{family.file_name}.html"
        found[path] = page("family.html.jinja", path, **_family(site, family))
    return found


def _environment() -> Environment:
    environment = html_templates(_HERE / "templates")
    environment.filters.update(inline=inline, one_line=one_line)
    environment.globals.update(
        chosen=CHOSEN,
        estimate_of=estimate_of,
        histogram=histogram,
        id=id,
        interval_of=interval_of,
        rank_bar=rank_bar,
        rank_of=rank_of,
        shade=shade,
        shown_ends=_shown_ends,
        sort_key=_sort_key,
        standings_json=_standings_json,
        value_of=value_of,
        whisker=whisker,
    )
    return environment


def _policy(site: Site, policy: Policy) -> dict[str, Any]:
    outcomes = policy.outcomes
    ends = [("all", site.ends(policy))]
    ends += [(name, site.ends(policy, Part("family", name))) for name in site.board.names("family")]
    return {
        "policy": policy,
        "card": list(card_of(outcomes)),
        "paper": paper_link(outcomes.manifest.policy),
        "measured": measured_of(site.board, policy.place),
        "ends": ends,
        "details": _details(policy),
        "provenance": list(provenance_of(outcomes)),
        "replays": policy.dossier.replays,
        "rival": _rival(site, policy),
        "player": _player(site, policy),
        "attempts": [attempt_words(attempt) for attempt in outcomes.manifest.attempts],
    }


def _rival(site: Site, policy: Policy) -> Policy | None:
    """Whom it is shown beside."""
    rival = site.rivals.get(id(policy.outcomes))
    return None if rival is None else site.by_run[id(rival.outcomes)]


def _player(site: Site, policy: Policy) -> Markup:
    """The place of its player; empty where there is nothing to play."""
    episodes, name = policy.dossier.replays.episodes, policy.dossier.file_name
    if not episodes:
        return Markup()
    return player_html(name, episodes, against=None if _rival(site, policy) is None else f"{name}-beside")


def _details(policy: Policy) -> list[tuple[str, str]]:
    """Why collisions were its fault, and what it failed in: by end, most frequent first."""
    counts = sorted(policy.dossier.details.items(), key=lambda item: (-item[1], item[0]))
    heads = {End.COLLISION: "collisions at fault", End.FAILED: "the policy failed"}
    texts = {
        head: ", ".join(f"{count} {why}" for (of, why), count in counts if of is end)
        for end, head in heads.items()
    }
    return [(head, text) for head, text in texts.items() if text]


def _family(site: Site, family: Family) -> dict[str, Any]:
    view = site.family_part(family)
    ranked = sorted(site.entries, key=lambda policy: _sort_key(policy.on(view).cells["dbs"]), reverse=True)
    return {
        "family": family,
        "part": view,
        "ranked": ranked,
        "views": VIEWS,
        "ends": [
            (Markup("<bdi>{}</bdi>").format(one_line(policy.row.label)), site.ends(policy, view.part))
            for policy in ranked
        ],
    }


def _curves(site: Site) -> dict[str, Any]:
    shares = profiles_of(site.board)
    shown = range(0, len(THRESHOLDS), SHOWN_TAUS)
    return {
        "profiles": profile_chart(
            [(p.dossier.file_name, p.colour, list(map(float, shares[p.place]))) for p in site.entries]
        ),
        "taus": [f"{THRESHOLDS[k]:.0f}" for k in shown],
        "profile_rows": [(p, [float(shares[p.place][k]) for k in shown]) for p in site.entries],
        "efforts": _efforts(site),
    }


def _efforts(site: Site) -> list[tuple[str, str, str, Markup]]:
    """Scores against what a training took, as far as the runs state it."""
    demonstrations = {id(p): p.outcomes.demonstrations for p in site.entries}
    steps = {id(p): steps_of(p.outcomes) for p in site.entries}
    return [
        (
            "demonstrations",
            "Score against demonstrations",
            "A point is a policy with its interval over episodes, at the number of drives that its training "
            "states. Lines across: policies that state none.",
            _against(site, demonstrations, "demonstrations, episodes"),
        ),
        (
            "training",
            "Score against the length of training",
            "Gradient steps, as the training states them: no record tells the time that a training took, "
            "which is a matter of the machine. Trainings in several phases have no single number of steps.",
            _against(site, steps, "gradient steps"),
        ),
    ]


def _against(site: Site, effort: Mapping[int, int | None], axis: str) -> Markup:
    """The chart; empty where no policy states it."""
    points, across = [], {}
    for policy in site.entries:
        at, cell = effort[id(policy)], estimate_of(policy.row.cells["dbs"])
        assert cell is not None  # every policy has a score
        if at is not None:
            points.append(Point(label=policy.row.label, colour=policy.colour, at=at, score=cell))
        elif policy.outcomes.demonstrations is None:
            across[policy.row.label] = cell.value
    if not points:
        return Markup("<p>No policy states it.</p>")
    label = f"DriveBench Score against {axis}; the tables of the leaderboard have the numbers"
    return scatter_chart(points, across, axis=axis, label=label)


def _shown_ends(rows: Sequence[tuple[str, Mapping[End, int]]]) -> list[End]:
    """Ends that at least one episode of a table came to."""
    return [end for end in End if any(counts[end] for _, counts in rows)]


def _sort_key(cell: Cell) -> str | float:
    """What a cell is sorted by; empty where there is nothing."""
    estimate = estimate_of(cell)
    return "" if estimate is None else round(estimate.value, 6)


def _standings_json(standings: Standings) -> Markup:
    """Standings on every part for the script, by row and part; holds numbers alone, no name."""
    rows = [
        [
            {
                "rank": standing.rank,
                "best": standing.is_best,
                "tied": standing.is_tied,
                "cells": {key: _numbers(cell) for key, cell in standing.cells.items()},
            }
            for standing in (view.standings[index] for view in standings.parts)
        ]
        for index in range(len(standings.table.rows))
    ]
    return Markup(json.dumps({"digits": DIGITS, "rows": rows}, separators=(",", ":"), allow_nan=False))


def _numbers(cell: Cell) -> list[float | int | None] | None:
    """Value, ends of the interval, and n where it has none."""
    estimate = estimate_of(cell)
    if estimate is None:
        return None
    ends = [None if end is None else round(end, DIGITS) for end in (estimate.low, estimate.high)]
    return [round(estimate.value, DIGITS), *ends, *([estimate.n] if estimate.low is None else [])]
