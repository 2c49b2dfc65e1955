"""A page out of a docstring: a summary, then headings over indented text.

The first line is ``id: what is driven``. A line that stands at the margin over an indented one is a heading
(Map, Traffic, Success, ...); anything else at the margin is text of its own.
"""

import inspect
import re
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

__all__ = ["DocPage", "Section", "inline", "read_page"]

_INLINE = re.compile(r"``(?P<code>[^`]+)``|:\w+:`~?(?P<role>[^`]+)`|`(?P<plain>[^`]+)`")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, and its paragraphs; inline marks of the docstring are still in them."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DocPage:
    """What a docstring says.

    Attributes:
        summary: Its first paragraph, without the id in front.
        paragraphs: Others at the margin.
        sections: In order.
    """

    summary: str
    paragraphs: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


def read_page(docstring: str) -> DocPage:
    """Take a docstring apart.

    Args:
        docstring: Of a module.
    """
    prose: list[str] = []
    sections: list[Section] = []
    for block in _blocks(inspect.cleandoc(docstring)):
        title, _, body = block.partition("\n")
        if body.startswith(" "):
            # text between two headings belongs to the page, but a heading is one line
            sections.append(Section(title=title, paragraphs=_paragraphs(inspect.cleandoc(f"\n{body}"))))
        else:
            prose += _paragraphs(block)
    first, *others = prose or [""]
    summary = re.sub(r"^`+[\w.-]+`+:\s*", "", first)
    return DocPage(
        summary=summary[:1].upper() + summary[1:], paragraphs=tuple(others), sections=tuple(sections)
    )


def inline(text: str) -> Markup:
    """Text of a docstring as HTML, what is in backquotes as code.

    Args:
        text: A paragraph.
    """
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        code = next(group for group in found.groups() if group)
        parts += [escape(text[end : found.start()]), f"<code>{escape(code)}</code>"]
        end = found.end()
    return Markup("".join([*parts, escape(text[end:])]))


def _blocks(text: str) -> list[str]:
    """Parts that begin at the margin: a paragraph, or a heading with all that is indented below it."""
    blocks: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        indented, before = line.startswith(" "), lines[number - 1] if number else ""
        is_heading = bool(line) and not indented and following.startswith(" ")
        is_paragraph = bool(line) and not indented and (not before or before.startswith(" "))
        if is_heading or is_paragraph or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(block).strip("\n") for block in blocks]


def _paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs as one line each; a line that begins like an entry of a list begins a new one."""
    found: list[str] = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        entries = re.split(r"\n(?=\s*(?:[-*] |\d+: ))", part)
        found += [" ".join(entry.split()) for entry in entries if entry.strip()]
    return tuple(found)
