"""The window itself: keys in, pictures out. The only module that knows pygame."""

import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from drivebench.errors import ConfigurationError
from drivebench.footage.panels import Picture
from drivebench.window.keyboard import Keys
from drivebench.window.session import Order

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # standard output belongs to results

import pygame

__all__ = ["Inputs", "Screen"]

_UNSEEN = ("dummy", "offscreen", "evdev")
"""Video drivers of SDL that open no window."""

_HELD = {
    "left": (pygame.K_LEFT, pygame.K_a),
    "right": (pygame.K_RIGHT, pygame.K_d),
    "faster": (pygame.K_UP, pygame.K_w),
    "slower": (pygame.K_DOWN, pygame.K_s),
    "emergency": (pygame.K_SPACE,),
}
_DRIVING = frozenset(key for keys in _HELD.values() for key in keys)
_PRESSED = {
    pygame.K_RETURN: Order.GO_ON,
    pygame.K_KP_ENTER: Order.GO_ON,
    pygame.K_p: Order.PAUSE,
    pygame.K_ESCAPE: Order.PAUSE,
    pygame.K_r: Order.RESTART,
    pygame.K_n: Order.NEXT,
    pygame.K_BACKSPACE: Order.DISCARD,
    pygame.K_h: Order.HELP,
    pygame.K_F1: Order.HELP,
    pygame.K_q: Order.QUIT,
}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a person did since the last look.

    Attributes:
        keys: Driving keys that are down now, or were touched in between.
        touched: Whether a driving key was pressed.
        orders: What else was asked for, in order.
        left_alone: Whether the window has lost the keyboard.
    """

    keys: Keys
    touched: bool
    orders: tuple[Order, ...]
    left_alone: bool


class Screen:
    """A window that shows pictures of one size, scaled to whatever size it is drawn to."""

    def __init__(self, width: int, height: int) -> None:
        """Open it.

        Args:
            width: Of the pictures, in pixels.
            height: The same.

        Raises:
            ConfigurationError: There is no display.
        """
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver in _UNSEEN:
                raise _no_display(f"the video driver of SDL is {driver!r}, which opens no window")
            self._surface = pygame.display.set_mode((width, height), pygame.SCALED | pygame.RESIZABLE)
        except pygame.error as error:
            raise _no_display(str(error)) from error
        self._title = ""
        self._clock = pygame.time.Clock()
        self._down: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pygame.display.quit()

    def show(self, picture: Picture, title: str) -> None:
        """Show a picture.

        Args:
            picture: ``u1[height, width, 3]``.
            title: Of the window.
        """
        if title != self._title:
            pygame.display.set_caption(title)
            self._title = title
        size = picture.shape[1], picture.shape[0]
        self._surface.blit(pygame.image.frombuffer(picture.tobytes(), size, "RGB"), (0, 0))
        pygame.display.flip()

    def wait(self, hertz: float) -> float:
        """Wait for the next frame.

        Args:
            hertz: How many there shall be in a second, at most.

        Returns:
            Seconds since the last call.
        """
        return self._clock.tick(hertz) / 1000.0

    def look(self) -> Inputs:
        """What was done at the keyboard and to the window since the last look."""
        orders: list[Order] = []
        touched: set[int] = set()
        left_alone = False
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                orders.append(Order.QUIT)
            elif event.type in {pygame.WINDOWFOCUSLOST, pygame.WINDOWMINIMIZED}:
                left_alone = True
                self._down.clear()
            elif event.type == pygame.KEYDOWN:
                self._down.add(event.key)
                if event.key in _DRIVING:
                    touched.add(event.key)
                elif event.key in _PRESSED:
                    orders.append(_PRESSED[event.key])
            elif event.type == pygame.KEYUP:
                self._down.discard(event.key)
        down = self._down | touched
        held = {name: any(key in down for key in keys) for name, keys in _HELD.items()}
        return Inputs(keys=Keys(**held), touched=bool(touched), orders=tuple(orders), left_alone=left_alone)


def _no_display(why: str) -> ConfigurationError:
    shown = ", ".join(
        f"{name}={os.environ[name]!r}"
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
        if name in os.environ
    )
    return ConfigurationError(
        f"no window can be opened: {why} ({shown or 'neither DISPLAY nor WAYLAND_DISPLAY is set'}). Driving "
        "needs a display: run this on a desktop, over `ssh -X`, or on a virtual one with `xvfb-run -a "
        "drivebench drive …`. To record without a person, use `drivebench collect`."
    )
