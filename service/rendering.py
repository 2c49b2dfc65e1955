"""The templates of all pages."""

from pathlib import Path

from jinja2 import Environment

from drivebench.html_templates import html_templates

__all__ = ["PAGES", "environment"]

PAGES = Path(__file__).parent / "pages"


def environment() -> Environment:
    """Of the service."""
    return html_templates(PAGES)
