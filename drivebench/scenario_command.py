"""``drivebench scenarios``: which families, conditions and suites there are."""

import json
import sys
from collections import Counter
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from drivebench import registry
from drivebench.scenario import SPLITS, Scenario, load_scenario
from drivebench.suite import Suite, load_suite

__all__ = ["scenarios"]


def scenarios(
    name: Annotated[str | None, typer.Argument(help="One scenario; all of them when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the scenario families, their conditions, and the suites.

    Example: drivebench scenarios lane-keeping-v1
    """
    chosen = [load_scenario(each) for each in ((name,) if name else registry.names("scenario"))]
    ids = {scenario.id for scenario in chosen}
    suites = [
        suite for suite in map(load_suite, registry.names("suite")) if not name or ids & set(suite.scenarios)
    ]
    if as_json:
        splits = {split: [seeds.start, seeds.stop] for split, seeds in SPLITS.items()}
        described = {
            "scenarios": [_describe_scenario(scenario) for scenario in chosen],
            "suites": [_describe_suite(suite) for suite in suites],
            "splits": splits,
        }
        sys.stdout.write(json.dumps(described, indent=2) + "\n")
        return
    console = Console()
    console.print(_scenario_table(chosen))
    console.print(_suite_table(suites, chosen))


def _describe_scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "description": scenario.description,
        "abilities": [ability.value for ability in scenario.abilities],
        "conditions": list(scenario.conditions),
        "horizon_s": scenario.horizon_s,
        "open_ended": scenario.open_ended,
    }


def _describe_suite(suite: Suite) -> dict[str, Any]:
    counts = Counter((entry.scenario, entry.condition) for entry in suite.entries)
    return {
        "name": suite.name,
        "version": suite.version,
        "description": suite.description,
        "digest": suite.digest,
        "episodes": len(suite.entries),
        "cells": [
            {"scenario": scenario, "condition": condition, "episodes": episodes}
            for (scenario, condition), episodes in counts.items()
        ],
    }


def _scenario_table(chosen: list[Scenario]) -> Table:
    table = Table(title="Scenarios", box=box.SIMPLE_HEAD, title_justify="left")
    for head in ("id", "what is driven", "conditions", "tests", "horizon", "ends"):
        table.add_column(head, justify="right" if head == "horizon" else "left", vertical="top")
    for scenario in chosen:
        table.add_row(
            scenario.id,
            scenario.description,
            "\n".join(scenario.conditions),
            "\n".join(ability.value for ability in scenario.abilities),
            f"{scenario.horizon_s:g} s",
            "at the horizon" if scenario.open_ended else "at the goal",
        )
    return table


def _suite_table(suites: list[Suite], chosen: list[Scenario]) -> Table:
    table = Table(
        title="Suites (episodes by scenario and condition)", box=box.SIMPLE_HEAD, title_justify="left"
    )
    table.add_column("name")
    table.add_column("episodes", justify="right")
    for scenario in chosen:
        table.add_column(scenario.id)
    table.add_column("digest")
    for suite in suites:
        counts = Counter((entry.scenario, entry.condition) for entry in suite.entries)
        cells = [
            "\n".join(f"{counts[s.id, c]} {c}" for c in s.conditions if counts[s.id, c]) or "–"
            for s in chosen
        ]
        table.add_row(f"{suite.name} v{suite.version}", str(len(suite.entries)), *cells, suite.digest[:12])
    return table
