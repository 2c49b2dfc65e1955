"""From what the gallery shows to one HTML file that loads nothing."""

import re
from base64 import b64encode
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from drivebench.gallery.content import Gallery

__all__ = ["render_gallery"]

_INLINE = re.compile(r"``(?P<code>[^`]+)``|:\w+:`~?(?P<role>[^`]+)`|`(?P<plain>[^`]+)`")


def render_gallery(gallery: Gallery) -> str:
    """The page as HTML; every text is escaped, pictures are part of the file.

    Args:
        gallery: What to show.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(data=_data, inline=_inline, anchor=_anchor)
    return environment.get_template("gallery.html.jinja").render(gallery=gallery)


def _data(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _anchor(name: str) -> str:
    """A name as part of an id or of a class; two names never become the same."""
    return re.sub(r"[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}_", name)


def _inline(text: str) -> Markup:
    """Text of a docstring, what is in backquotes as code."""
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        code = next(group for group in found.groups() if group)
        parts += [escape(text[end : found.start()]), f"<code>{escape(code)}</code>"]
        end = found.end()
    return Markup("".join([*parts, escape(text[end:])]))
