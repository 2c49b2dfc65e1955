"""Parts of a document that a command writes, between two comments that Markdown does not show."""

from drivebench.errors import DataError

__all__ = ["marked", "replace_marked"]


def replace_marked(text: str, name: str, body: str) -> str:
    """Put something else between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->``.

    Args:
        text: The document.
        name: Of the part.
        body: What shall stand there.

    Returns:
        The document with the new part; the comments stay.

    Raises:
        DataError: A comment is missing, or is there twice.
    """
    start, end = _ends(text, name)
    return f"{text[:start]}\n{body.strip()}\n{text[end:]}"


def marked(text: str, name: str) -> str:
    """What stands between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->``.

    Args:
        text: The document.
        name: Of the part.

    Raises:
        DataError: A comment is missing, or is there twice.
    """
    start, end = _ends(text, name)
    return text[start:end].strip()


def _ends(text: str, name: str) -> tuple[int, int]:
    begin, end = f"<!-- {name}: ", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise DataError(
            f"expected one comment '{begin}… -->' and one '{end}' below it; found {text.count(begin)} and "
            f"{text.count(end)}. Put them where the part {name!r} shall stand."
        )
    return text.index("-->", text.index(begin)) + len("-->"), text.index(end)
