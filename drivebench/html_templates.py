"""How all pages are made from templates: every text is escaped, and a name that is missing is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["html_templates"]


def html_templates(folder: Path) -> Environment:
    """Templates of HTML pages.

    Args:
        folder: Where they are.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
