"""Somebody drives in a window: the loop from keys to pictures, in real time."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from drivebench.window.dashboard import title
from drivebench.window.scene import Layout, scene
from drivebench.window.session import Order, Session

__all__ = ["FRAMES_HZ", "drive_in_window"]

FRAMES_HZ = 30.0
"""Pictures a second, at most; a slower machine shows fewer."""


def drive_in_window(session: Session, layout: Layout, say: Callable[[str], None]) -> None:
    """Open a window and drive until the person leaves.

    Closing the window and Ctrl-C are orders to quit like the key: the present frame, and whatever is being
    written, come to their ends first.

    Args:
        session: Of the driver.
        layout: Which views.
        say: Called with a line for each episode that was saved.

    Raises:
        ConfigurationError: There is no display.
        DataError: An episode could not be saved.
    """
    from drivebench.window.screen import Screen  # opens nothing yet, but loads SDL

    first = scene(session, layout)
    with _interrupts_as_orders(session), Screen(first.shape[1], first.shape[0]) as screen:
        screen.show(first, title(session))
        saved = 0
        while not session.over:
            elapsed_s = screen.wait(FRAMES_HZ)
            inputs = screen.look()
            session.obey(inputs.orders)
            if inputs.left_alone:
                session.pause()
            elif inputs.touched:
                session.touch()
            session.tick(elapsed_s, inputs.keys)
            screen.show(scene(session, layout), title(session))
            saved = _report(session, saved, say)
        session.close()
        _report(session, saved, say)


def _report(session: Session, known: int, say: Callable[[str], None]) -> int:
    """Say what was saved since the last time."""
    for demonstration in session.saved[known:]:
        say(f"{demonstration.key} by {demonstration.driver}: {demonstration.score:.1f} points, saved")
    return len(session.saved)


@contextmanager
def _interrupts_as_orders(session: Session) -> Iterator[None]:
    """Ctrl-C and termination quit at the end of the frame, so that nothing is left half written."""

    def quit_soon(number: int, frame: FrameType | None) -> None:
        del number, frame
        session.obey([Order.QUIT])

    before = {number: signal.signal(number, quit_soon) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
