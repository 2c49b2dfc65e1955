"""From what the gallery shows to one HTML file that loads nothing."""

import re
from base64 import b64encode
from pathlib import Path

from drivebench.gallery.content import Gallery
from drivebench.gallery.doc_page import inline
from drivebench.html_templates import html_templates

__all__ = ["render_gallery"]


def render_gallery(gallery: Gallery) -> str:
    """The page as HTML; every text is escaped, pictures are part of the file.

    Args:
        gallery: What to show.
    """
    environment = html_templates(Path(__file__).parent)
    environment.filters.update(data=_data, inline=inline, anchor=_anchor)
    return environment.get_template("gallery.html.jinja").render(gallery=gallery)


def _data(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _anchor(name: str) -> str:
    """A name as part of an id or of a class; two names never become the same."""
    return re.sub(r"[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}_", name)
