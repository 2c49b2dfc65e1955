"""A scenario's page, read from the docstring of its module, and what it says of its conditions."""

import re
import sys

from drivebench import registry
from drivebench.gallery.doc_page import DocPage, read_page
from drivebench.scenario import Scenario

__all__ = ["condition_texts", "page_of"]

_CONDITIONS = "conditions"


def page_of(scenario: Scenario) -> DocPage:
    """The page of a registered scenario.

    Args:
        scenario: Which. One whose module has no docstring is described by what it says of itself.
    """
    module = registry.where("scenario", scenario.id).partition(":")[0]
    return read_page(sys.modules[module].__doc__ or scenario.description)


def condition_texts(page: DocPage, conditions: tuple[str, ...]) -> dict[str, str]:
    """What a page says of conditions: from ``name``: to the next one's.

    Args:
        page: Of a scenario.
        conditions: Their names.

    Returns:
        By name; one that is only named has no text and is left out.
    """
    text = " ".join(
        paragraph
        for section in page.sections
        if section.title.casefold() == _CONDITIONS
        for paragraph in section.paragraphs
    )
    names = "|".join(re.escape(name) for name in conditions)
    parts = re.split(rf"``({names})``(?=[:;,.])", text)
    said = {name: body.strip(" :;.,") for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    return {name: body[:1].upper() + body[1:] + "." for name, body in said.items() if body}
