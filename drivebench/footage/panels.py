"""Putting pictures together: panels with a line of text, beside and above each other."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["FAINT", "INK", "PAPER", "Picture", "above", "beside", "enlarged", "framed", "labelled"]

Picture = NDArray[np.uint8]
"""``u1[height, width, 3]``."""

INK = (240, 242, 246)
FAINT = (158, 164, 176)
PAPER = (24, 26, 32)

_TEXT_PX = 14
_LINE_PX = 24
_GAP_PX = 4


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def labelled(picture: Picture, left: str, right: str = "") -> Picture:
    """A picture under a line of text.

    Args:
        picture: The picture.
        left: At the left end of the line.
        right: At its right end, fainter.
    """
    width = picture.shape[1]
    line = Image.new("RGB", (width, _LINE_PX), PAPER)
    draw, font = ImageDraw.Draw(line), _font(_TEXT_PX)
    draw.text((6, _LINE_PX // 2), left, INK, font=font, anchor="lm")
    if right:
        draw.text((width - 6, _LINE_PX // 2), right, FAINT, font=font, anchor="rm")
    return np.concatenate((np.asarray(line), picture))


def enlarged(picture: Picture, factor: int) -> Picture:
    """Each pixel as a square of pixels."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures from left to right, aligned at the top."""
    height = max(picture.shape[0] for picture in pictures)
    width = sum(picture.shape[1] + _GAP_PX for picture in pictures) - _GAP_PX
    paper = _paper(height, width)
    left = 0
    for picture in pictures:
        paper[: picture.shape[0], left : left + picture.shape[1]] = picture
        left += picture.shape[1] + _GAP_PX
    return paper


def above(pictures: Sequence[Picture]) -> Picture:
    """Pictures from top to bottom, aligned at the left."""
    height = sum(picture.shape[0] + _GAP_PX for picture in pictures) - _GAP_PX
    paper = _paper(height, max(picture.shape[1] for picture in pictures))
    top = 0
    for picture in pictures:
        paper[top : top + picture.shape[0], : picture.shape[1]] = picture
        top += picture.shape[0] + _GAP_PX
    return paper


def framed(picture: Picture) -> Picture:
    """A picture with a margin, and with even sides, as video codecs want them."""
    height, width = picture.shape[0] + 2 * _GAP_PX, picture.shape[1] + 2 * _GAP_PX
    paper = _paper(height + height % 2, width + width % 2)
    paper[_GAP_PX : _GAP_PX + picture.shape[0], _GAP_PX : _GAP_PX + picture.shape[1]] = picture
    return paper


def _paper(height: int, width: int) -> Picture:
    """An empty picture; whole rows are copied, as a window needs one thirty times a second."""
    paper = np.empty((height, width * len(PAPER)), np.uint8)
    paper[:] = np.tile(np.array(PAPER, np.uint8), width)
    return paper.reshape(height, width, len(PAPER))
