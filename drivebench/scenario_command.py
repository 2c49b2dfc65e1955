"""``drivebench scenarios``: which families, conditions and suites there are; or a page of their pictures."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from drivebench import registry
from drivebench.conditions import COMMON_CONDITIONS, DISTURBED
from drivebench.errors import ConfigurationError
from drivebench.scenario import SPLITS, Scenario, load_scenario
from drivebench.suite import Suite, load_suite
from drivebench.weather import WEATHER_CONDITIONS

__all__ = ["scenarios"]


def scenarios(
    name: Annotated[str | None, typer.Argument(help="One scenario; all of them when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    gallery: Annotated[
        Path | None,
        typer.Option(help="Write a page of pictures instead: a .html file that loads nothing else."),
    ] = None,
) -> None:
    """List the scenario families, their conditions, and the suites.

    Example: drivebench scenarios lane-keeping-v1

    Example: drivebench scenarios --gallery gallery.html
    """
    chosen = [load_scenario(each) for each in ((name,) if name else registry.names("scenario"))]
    if gallery is not None:
        if as_json:
            raise ConfigurationError("--json says nothing about --gallery; leave out the one or the other")
        from drivebench.gallery.make import write_gallery

        write_gallery(chosen, gallery)
        return
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
    weathers = ", ".join(WEATHER_CONDITIONS)
    console.print(f"Conditions of all scenarios: {DISTURBED} (gusts on the steering), {weathers} (weather)\n")
    if suites:
        console.print(_suite_table(suites, chosen))


def _describe_scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "description": scenario.description,
        "abilities": [ability.value for ability in scenario.abilities],
        "conditions": list(scenario.conditions),
        "weathers": list(WEATHER_CONDITIONS),
        "common_conditions": list(COMMON_CONDITIONS),
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
    table = Table(title="Scenarios", box=box.SIMPLE_HEAD, title_justify="left", show_lines=False)
    table.add_column("id", no_wrap=True)
    table.add_column("what is driven", ratio=1)
    table.add_column("conditions", no_wrap=True)
    table.add_column("at most", justify="right", no_wrap=True)
    for scenario in chosen:
        abilities = ", ".join(scenario.abilities)
        table.add_row(
            scenario.id,
            f"{scenario.description}\n[dim]tests {abilities}[/dim]",
            "\n".join(scenario.conditions),
            f"{scenario.horizon_s:g} s",
        )
    return table


def _suite_table(suites: list[Suite], chosen: list[Scenario]) -> Table:
    table = Table(title="Suites", box=box.SIMPLE_HEAD, title_justify="left")
    for head in ("suite", "digest", "scenario"):
        table.add_column(head, no_wrap=True)
    table.add_column("episodes")
    for suite in suites:
        counts = Counter((entry.scenario, entry.condition) for entry in suite.entries)
        name, digest = f"{suite.name} v{suite.version}", suite.digest[:8]
        for scenario in (each for each in chosen if each.id in suite.scenarios):
            cells = [
                f"{counts[scenario.id, c]} {c}" for c in scenario.every_condition if counts[scenario.id, c]
            ]
            table.add_row(name, digest, scenario.id, ", ".join(cells))
            name = digest = ""
    return table
