"""What happens while somebody drives: start, pause, end, save, discard, the next seed; no window needed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from drivebench.demonstrations.append import append, recorded_in
from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.redrive import driven_again
from drivebench.demonstrations.subsets import refuse_ambiguous
from drivebench.errors import ConfigurationError
from drivebench.scenario import TRAIN, Scenario, split_of
from drivebench.window.keyboard import Hands, Keys, action_of, moved
from drivebench.window.live import DECISION_S, LiveEpisode

__all__ = ["Order", "Phase", "Seat", "Session"]

LONGEST_FRAME_S = 0.1
"""When a frame takes longer, time in the world waits: nobody can steer what was not shown."""


class Phase(StrEnum):
    """Where an episode is."""

    READY = "ready"
    DRIVING = "driving"
    PAUSED = "paused"
    ENDED = "ended"
    """To be saved or discarded."""


class Order(StrEnum):
    """What a person asks for, other than by wheel and pedals."""

    GO_ON = "go on"
    PAUSE = "pause"
    RESTART = "restart"
    NEXT = "next"
    DISCARD = "discard"
    HELP = "help"
    QUIT = "quit"


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Who drives what, and where it is recorded.

    Attributes:
        scenario: What is driven.
        condition: Under which.
        driver: Name in the records.
        folder: Of demonstrations: a new one, or one that is added to.
        first_seed: Seeds count up from here, without those that this driver has recorded; None for the
            first that is free.
    """

    scenario: Scenario
    condition: str
    driver: str
    folder: Path
    first_seed: int | None = None


class Session:
    """Somebody drives episode after episode.

    An episode that has ended is kept unless it is discarded: by ``GO_ON``, and when the session is closed.
    One that was left before its end is no demonstration, as nobody knows how it would have ended, and is
    not kept.

    Attributes:
        seat: Who drives what.
        live: The present episode.
        phase: Where it is.
        hands: Wheel and pedals.
        time_s: What is shown: seconds since the start.
        saved: Episodes that were saved in this session.
        result: What was recorded, once the episode has ended.
        notice: A line for the driver; empty if there is nothing to say.
        help_shown: Whether the keys are being explained.
        over: Whether the person wants to leave.
    """

    def __init__(self, seat: Seat) -> None:
        """Sit down; the first episode waits for a start.

        Args:
            seat: Who drives what.

        Raises:
            ConfigurationError: The first seed is not of the training split, or recorded already.
            DataError: The folder holds something else, or the driver's name means something else.
        """
        refuse_ambiguous([seat.driver])
        self.seat = seat
        known = recorded_in(seat.folder)
        mine = (seat.scenario.id, seat.condition, seat.driver)
        self._taken = {each.seed for each in known if (each.scenario, each.condition, each.driver) == mine}
        if seat.first_seed is not None:
            _check_seed(seat.first_seed, self._taken, seat)
        self.saved: list[Demonstration] = []
        self.hands = Hands()
        self.help_shown = False
        self.over = False
        self._begin(self._free_seed(seat.first_seed or TRAIN.start))

    def _begin(self, seed: int, notice: str = "") -> None:
        self.live = LiveEpisode(self.seat.scenario.episode(seed, self.seat.condition))
        self.phase = Phase.READY
        self.hands = Hands()
        self.time_s = 0.0
        self.result: Demonstration | None = None
        self.notice = notice
        self._moments: list[tuple[float, Hands]] = []

    @property
    def seed(self) -> int:
        """Of the present episode."""
        return self.live.episode.seed

    @property
    def speed_mps(self) -> float:
        """Of the ego, as shown."""
        return float(self.live.states(self.time_s)[self.live.ego, 3])

    def _free_seed(self, first: int) -> int:
        for seed in range(first, TRAIN.stop):
            if seed not in self._taken:
                return seed
        raise ConfigurationError(
            f"{self.seat.driver} has recorded all training seeds from {first} on; choose another --driver"
        )

    def tick(self, elapsed_s: float, keys: Keys) -> None:
        """Let time pass.

        Args:
            elapsed_s: Since the last call.
            keys: What is down.
        """
        if self.phase is not Phase.DRIVING:
            return
        elapsed_s = min(elapsed_s, LONGEST_FRAME_S)
        self.hands = moved(self.hands, keys, speed_mps=self.speed_mps, elapsed_s=elapsed_s)
        self._moments.append((elapsed_s, self.hands))
        self.time_s += elapsed_s
        while self.time_s >= self._shown_until_s():
            if self.live.ended:
                self._end()
                return
            self.live.decide(action_of(_mean(self._moments, self.hands)))
            self._moments.clear()

    def _shown_until_s(self) -> float:
        """The end of what is known; of an episode that has ended, its end."""
        if self.live.ended:
            return self.live.measurement.duration_s
        return self.live.decisions * DECISION_S

    def _end(self) -> None:
        """Drive the log again: what is recorded is what a replay gives, not what was on the screen."""
        self.time_s = self._shown_until_s()
        self.phase = Phase.ENDED
        (self.result,), _ = driven_again([self.live.log(self.seat.driver)], _nobody)

    def touch(self) -> None:
        """A driving key was pressed: an episode that waits for its start begins."""
        if self.phase is Phase.READY and not self.help_shown:
            self.phase = Phase.DRIVING

    def pause(self) -> None:
        """Stop time, if it runs: the window has lost the keyboard, for example."""
        if self.phase is Phase.DRIVING:
            self.phase = Phase.PAUSED

    def obey(self, orders: Iterable[Order]) -> None:
        """Do what a person asks for."""
        does: dict[Order, Callable[[], None]] = {
            Order.GO_ON: self._go_on,
            Order.PAUSE: self._pause_or_go_on,
            Order.RESTART: self._restart,
            Order.NEXT: self._next,
            Order.DISCARD: self._discard,
            Order.HELP: self._help,
            Order.QUIT: self._quit,
        }
        for order in orders:
            if self.help_shown and order is not Order.QUIT:
                self.help_shown = False
            else:
                does[order]()

    def _go_on(self) -> None:
        if self.phase is Phase.ENDED:
            self.save()
        elif self.phase is not Phase.DRIVING:
            self.phase = Phase.DRIVING
        else:
            self.notice = "an episode is saved once it has ended; P pauses"

    def _pause_or_go_on(self) -> None:
        if self.phase in {Phase.READY, Phase.PAUSED}:
            self.phase = Phase.DRIVING
        else:
            self.pause()

    def _restart(self) -> None:
        self._begin(self.seed, f"seed {self.seed} again; the drive before is not kept")

    def _next(self) -> None:
        if self.phase is Phase.ENDED:
            self.notice = "Enter saves this episode, Backspace discards it"
        else:
            self._begin(self._free_seed(self.seed + 1))

    def _discard(self) -> None:
        if self.phase is Phase.ENDED:
            seed = self.seed
            self._begin(self._free_seed(seed + 1), f"seed {seed} discarded")
        elif self.phase is not Phase.READY:
            self._restart()

    def _help(self) -> None:
        self.pause()
        self.help_shown = True

    def _quit(self) -> None:
        self.over = True

    def save(self) -> None:
        """Write the episode that has ended to the disk, then go to the next seed."""
        demonstration = self._keep()
        if demonstration is not None:
            notice = f"seed {demonstration.seed} saved, {demonstration.score:.0f} points"
            self._begin(self._free_seed(demonstration.seed + 1), notice)

    def close(self) -> None:
        """Leave: an episode that has ended and was not discarded is saved."""
        self._keep()

    def _keep(self) -> Demonstration | None:
        demonstration = self.result
        if demonstration is not None:
            append(demonstration, self.seat.folder)
            self.result = None
            self._taken.add(demonstration.seed)
            self.saved.append(demonstration)
        return demonstration


def _mean(moments: list[tuple[float, Hands]], now: Hands) -> Hands:
    """Where wheel and pedals were on average, so that a short touch of a key is never lost."""
    total = sum(elapsed for elapsed, _ in moments)
    if not total > 0.0:
        return now
    return Hands(
        steering_rad=sum(elapsed * hands.steering_rad for elapsed, hands in moments) / total,
        acceleration_mps2=sum(elapsed * hands.acceleration_mps2 for elapsed, hands in moments) / total,
    )


def _check_seed(seed: int, taken: set[int], seat: Seat) -> None:
    if split_of(seed) != "train":
        raise ConfigurationError(
            f"seed {seed} is of the split {split_of(seed)!r}; expected a training seed, {TRAIN.start} to "
            f"{TRAIN.stop - 1}. No policy may have seen what it is tested on: choose another --seed."
        )
    if seed in taken:
        raise ConfigurationError(
            f"{seat.folder} holds {seat.scenario.id}/{seat.condition}/{seed} by {seat.driver} already; "
            "expected another --seed or another --driver. Without --seed, the first free one is driven."
        )


def _nobody(episodes: int) -> None:
    """Nobody counts."""
