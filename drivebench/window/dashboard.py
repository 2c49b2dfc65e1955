"""What the driver reads: speed and limit, the instruction, wheel and pedals, time, the score so far."""

import math
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drivebench.footage.panels import FAINT, INK, PAPER, Picture
from drivebench.metric.parts import parts, stand_in_reference
from drivebench.window.keyboard import BRAKING_MPS2, THROTTLE_MPS2, steering_limit_rad
from drivebench.window.session import Phase, Session

__all__ = ["HEIGHT_PX", "WIDTH_PX", "dashboard", "gates_of", "headline", "title", "with_box"]

WIDTH_PX, HEIGHT_PX = 352, 160
"""Of the dashboard; a wider one leaves the rest empty."""

GOOD, BAD, BLUE = (96, 200, 120), (240, 84, 72), (96, 168, 255)
GROOVE = (58, 62, 72)
_MARGIN_PX = 10
_BAR_PX = 10
_HEADLINE_PX = 28
_BOX_MARGIN_PX = 18
_BOX_LINE_PX = 24
_KMH_PER_MPS = 3.6
_STATES = {
    Phase.READY: ("READY", FAINT),
    Phase.DRIVING: ("RECORDING", BAD),
    Phase.PAUSED: ("PAUSED", BLUE),
    Phase.ENDED: ("NOT SAVED YET", BAD),
}


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def gates_of(session: Session) -> dict[str, float]:
    """The parts of the score that follow from what was driven so far, by their short names.

    Progress is left out: before the end, there is nothing to hold it against.

    Args:
        session: Of the driver.
    """
    measurement = session.live.measurement
    part = parts(measurement, stand_in_reference(measurement))
    shown = {"NC": part.nc, "DAC": part.dac, "DDC": part.ddc, "RC": part.rc}
    if measurement.duration_s > 0.0:
        shown |= {"TTC": part.ttc, "SL": part.sl, "C": part.c}
    return shown


def dashboard(session: Session, width: int = WIDTH_PX) -> Picture:
    """The dashboard as a picture.

    Args:
        session: Of the driver.
        width: In pixels, at least ``WIDTH_PX``.
    """
    live, time_s = session.live, session.time_s
    image = Image.new("RGB", (width, HEIGHT_PX), PAPER)
    draw = ImageDraw.Draw(image)
    limit_mps, speed_mps = live.episode.speed_limit_mps, session.speed_mps
    draw.text((_MARGIN_PX, 18), live.instruction, INK, font=_font(17), anchor="lm")
    too_fast = speed_mps > limit_mps + 0.1
    draw.text(
        (_MARGIN_PX, 54),
        f"{speed_mps * _KMH_PER_MPS:.0f}",
        BAD if too_fast else INK,
        font=_font(36),
        anchor="lm",
    )
    draw.text((84, 60), f"km/h, limit {limit_mps * _KMH_PER_MPS:.0f}", FAINT, font=_font(15), anchor="lm")
    _wheel(draw, session, 84)
    _pedals(draw, session, 102)
    goal_m, progress_m = live.episode.route.goal_m, live.progress_m(time_s)
    way = f"{progress_m:.0f} m" + (f" of {goal_m:.0f} m" if math.isfinite(goal_m) else "")
    clock = f"{time_s:.1f} s of {live.episode.horizon_s:.0f} s"
    draw.text((_MARGIN_PX, 124), f"{clock} · {way}", INK, font=_font(15), anchor="lm")
    x = float(_MARGIN_PX)
    for name, value in gates_of(session).items():
        draw.text((x, 146), name, FAINT, font=_font(12), anchor="lm")
        x += draw.textlength(name, font=_font(12)) + 3
        text = f"{100 * value:.0f}"
        draw.text((x, 146), text, GOOD if value >= 1.0 else BAD, font=_font(12), anchor="lm")
        x += draw.textlength(text, font=_font(12)) + 7
    return np.asarray(image)


def _wheel(draw: ImageDraw.ImageDraw, session: Session, y: int) -> None:
    """How far the wheel is turned, of what a held key asks for."""
    share = session.hands.steering_rad / steering_limit_rad(session.speed_mps)
    _bar(draw, y, share, BLUE, "steering")


def _pedals(draw: ImageDraw.ImageDraw, session: Session, y: int) -> None:
    pedal = session.hands.acceleration_mps2
    share = pedal / (THROTTLE_MPS2 if pedal > 0.0 else BRAKING_MPS2)
    _bar(draw, y, share, GOOD if pedal > 0.0 else BAD, "throttle" if pedal >= 0.0 else "brake")


def _bar(draw: ImageDraw.ImageDraw, y: int, share: float, colour: tuple[int, int, int], name: str) -> None:
    """A bar from its middle to either side."""
    left, right = 84, WIDTH_PX - _MARGIN_PX
    middle, half = (left + right) / 2, (right - left) / 2
    draw.text((_MARGIN_PX, y), name, FAINT, font=_font(14), anchor="lm")
    draw.rectangle((left, y - _BAR_PX // 2, right, y + _BAR_PX // 2), fill=GROOVE)
    end = middle + half * max(-1.0, min(1.0, share))
    draw.rectangle((min(middle, end), y - _BAR_PX // 2, max(middle, end), y + _BAR_PX // 2), fill=colour)
    draw.line((middle, y - _BAR_PX, middle, y + _BAR_PX), fill=FAINT)


def title(session: Session) -> str:
    """For the window's frame and the list of windows; ASCII, as some window managers show nothing else.

    Args:
        session: Of the driver.
    """
    state, saved = _STATES[session.phase][0].lower(), len(session.saved)
    return f"drivebench drive {session.seat.scenario.id}, seed {session.seed}, {state}, {saved} saved"


def headline(session: Session, width: int) -> Picture:
    """One line above everything: whether it is being recorded, what, by whom, and how much there is.

    Args:
        session: Of the driver.
        width: In pixels.
    """
    text, colour = _STATES[session.phase]
    seat = session.seat
    what = f"{seat.scenario.id} · {seat.condition} · seed {session.seed} · {seat.driver}"
    return _line(text, colour, what, f"{len(session.saved)} saved · H: keys", width)


@lru_cache(maxsize=4)
def _line(text: str, colour: tuple[int, int, int], what: str, saved: str, width: int) -> Picture:
    """The headline, which seldom changes."""
    image = Image.new("RGB", (width, _HEADLINE_PX), PAPER)
    draw = ImageDraw.Draw(image)
    middle = _HEADLINE_PX // 2
    draw.ellipse((10, middle - 6, 22, middle + 6), fill=colour)
    draw.text((30, middle), text, colour, font=_font(16), anchor="lm")
    draw.text((180, middle), what, INK, font=_font(16), anchor="lm")
    draw.text((width - 10, middle), saved, FAINT, font=_font(16), anchor="rm")
    return np.asarray(image)


def with_box(picture: Picture, lines: list[str]) -> Picture:
    """The picture with a box of text over its middle; the first line is the larger.

    Args:
        picture: To be covered in part.
        lines: Of text; none leaves the picture as it is.
    """
    if not lines:
        return picture
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    fonts = [_font(22), *(_font(16) for _ in lines[1:])]
    widest = max(draw.textlength(line, font=font) for line, font in zip(lines, fonts, strict=True))
    half_x = widest / 2 + _BOX_MARGIN_PX
    half_y = len(lines) * _BOX_LINE_PX / 2 + _BOX_MARGIN_PX
    x, y = image.width / 2, image.height / 2
    draw.rounded_rectangle((x - half_x, y - half_y, x + half_x, y + half_y), 8, fill=PAPER, outline=FAINT)
    for number, (line, font) in enumerate(zip(lines, fonts, strict=True)):
        row = y - half_y + _BOX_MARGIN_PX + (number + 0.5) * _BOX_LINE_PX
        draw.text((x - widest / 2, row), line, INK if number == 0 else FAINT, font=font, anchor="lm")
    return np.asarray(image)
