"""The whole picture in the window: the views, the dashboard, and what is to be said in the middle of them."""

from enum import StrEnum

from drivebench.footage.panels import Picture, above, beside
from drivebench.footage.scenes import ENDINGS
from drivebench.window.dashboard import HEIGHT_PX, dashboard, headline, with_box
from drivebench.window.session import Phase, Session
from drivebench.window.views import LEFT_MIRROR, RIGHT_MIRROR, WINDSCREEN, from_above, photograph

__all__ = ["KEYS", "Layout", "scene"]

KEYS = (
    ("Up or W", "accelerate"),
    ("Down or S", "brake"),
    ("Left, Right or A, D", "steer"),
    ("Space", "brake as hard as possible"),
    ("Enter", "start, go on; after the end: save"),
    ("P or Esc", "pause"),
    ("R", "the same seed again, nothing kept"),
    ("N", "the next seed, nothing kept"),
    ("Backspace", "discard; after the end: go to the next seed"),
    ("H or F1", "this list"),
    ("Q, or close the window", "quit; what has ended is saved"),
)
"""For the overlay and for the page on driving."""

_GAP_PX = 4
_TOP_WIDTH_PX = 420
_VIEW_HEIGHT_PX = WINDSCREEN.height + _GAP_PX + HEIGHT_PX


class Layout(StrEnum):
    """Which views are shown."""

    BOTH = "both"
    TOP = "top"
    DRIVER = "driver"


def scene(session: Session, layout: Layout) -> Picture:
    """The picture of a moment.

    Args:
        session: Of the driver.
        layout: Which views.

    Returns:
        ``u1[height, width, 3]``, of one size for each layout.
    """
    columns = []
    if layout is Layout.BOTH:
        columns.append(from_above(session.live, session.time_s, width=_TOP_WIDTH_PX, height=_VIEW_HEIGHT_PX))
    if layout is Layout.TOP:
        width = WINDSCREEN.width
        top = from_above(session.live, session.time_s, width=width, height=_VIEW_HEIGHT_PX)
        columns.append(above([top, dashboard(session, width)]))
    else:
        columns.append(_cockpit(session))
    views = beside(columns)
    return above([headline(session, views.shape[1]), with_box(views, _message(session))])


def _cockpit(session: Session) -> Picture:
    """Windscreen, mirrors, and the dashboard between them."""
    front, left, right = (
        photograph(camera, session.live, session.time_s) for camera in (WINDSCREEN, LEFT_MIRROR, RIGHT_MIRROR)
    )
    return above([front, beside([left, dashboard(session), right])])


def _message(session: Session) -> list[str]:
    """What to say in the middle."""
    if session.help_shown:
        return ["Keys", *(f"{keys}: {what}" for keys, what in KEYS)]
    notice = [session.notice] if session.notice else []
    if session.phase is Phase.READY:
        return [session.live.instruction, "Enter or a driving key starts · H: keys", *notice]
    if session.phase is Phase.PAUSED:
        return ["Paused", "Enter: go on · R: again · N: next seed · Q: quit", *notice]
    if session.phase is Phase.ENDED and session.result is not None:
        ending = ENDINGS[session.live.measurement.ended_by]
        faultless = "without a fault" if session.result.success else "with faults"
        return [
            f"{ending[:1].upper()}{ending[1:]}: {session.result.score:.0f} points, {faultless}",
            "Enter: save and on · Backspace: discard and on · R: discard and again",
            *notice,
        ]
    return []
