"""The templates of all pages."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["PAGES", "environment"]

PAGES = Path(__file__).parent / "pages"


def environment() -> Environment:
    """Every text is escaped; a name that is missing is an error."""
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
