"""Stock episodes in the slots of a batch: what the single and the vector environment have in common."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.sensors.scene import Moments
from drivebench.sensors.topview import TopView, Window
from drivebench.world import WorldBatch
from drivebench.world.layout import EntityFloat
from drivebench.world.shelf import Shelf
from scenarios.stock.actions import make_actions
from scenarios.stock.bank import Comes, bank_of
from scenarios.stock.building import RandomState, state_in, words_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.deck import Deck
from scenarios.stock.families import rules_of
from scenarios.stock.ids import stock_id
from scenarios.stock.kept_lanes import KeptLanes
from scenarios.stock.observations import make_observer
from scenarios.stock.observations.attributes import LaneKeeping
from scenarios.stock.rewards import Judge, Verdict

__all__ = ["Episodes", "Numerics", "Step", "rows_of"]

Numerics = Literal["canonical", "parity"]
Flags = NDArray[np.bool_]
Places = Sequence[int] | NDArray[np.int64]

_IDLE = 1
_REAL_TIME_RATIO = 2
"""``AbstractEnv.update_metadata``: highway-env's films run at twice the speed."""


def rows_of(batched: Any, rows: Any) -> Any:
    """Rows of arrays, of a tuple of them, or of a dictionary."""
    if isinstance(batched, tuple):
        return tuple(rows_of(part, rows) for part in batched)
    if isinstance(batched, dict):
        return {name: rows_of(part, rows) for name, part in batched.items()}
    return batched[rows]


def _write_rows(batched: Any, rows: Places, values: Any) -> None:
    if isinstance(batched, tuple):
        for part, value in zip(batched, values, strict=True):
            _write_rows(part, rows, value)
    elif isinstance(batched, dict):
        for name, part in batched.items():
            _write_rows(part, rows, values[name])
    else:
        batched[rows] = values


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a decision has led to.

    Attributes:
        verdict: Rewards and ends; its arrays are used again by the next one.
        truncated: [B] whether the time of the environment is over.
    """

    verdict: Verdict
    truncated: Flags


class Episodes:
    """Episodes of one stock environment, one in each slot of a batch.

    Attributes:
        entry, rules, config: Which environment, the rules of its family, and its complete configuration.
        agents: How many vehicles are controlled.
        actions, observer: How it is acted upon and seen.
        space: Of one observation.
        bank: Its worlds that are built already.
        batch: The worlds; None before the first reset.
    """

    def __init__(self, name: str, config: Mapping[str, Any] | None, numerics: Numerics, slots: int) -> None:
        """Prepare; nothing is built before the first ``begin``.

        Args:
            name: highway-env's id.
            config: What differs from its default configuration.
            numerics: ``parity`` for the bits of highway-env, ``canonical`` for the same bits everywhere.
            slots: How many episodes.

        Raises:
            UnknownNameError, ConfigurationError: See ``complete_configuration``.
        """
        self.entry = stock_id(name)
        self.rules = rules_of(self.entry.family)
        if numerics not in ("canonical", "parity"):
            raise ConfigurationError(f"numerics={numerics!r}; expected 'parity' or 'canonical'")
        self.numerics: Numerics = numerics
        self.slots = slots
        self.configure(complete_configuration(self.entry, config))

    def configure(self, config: dict[str, Any]) -> None:
        """Use another complete configuration from the next ``begin`` of all slots on."""
        self.agents = int(config.get("controlled_vehicles", 1))
        self.actions = make_actions(config["action"], self.agents)
        self._kept = KeptLanes(self.slots) if self.rules.keeps_lanes else None
        self.observer = make_observer(
            config["observation"],
            policy_hz=float(config["policy_frequency"]),
            agents=self.agents,
            lane_keeping=None
            if self._kept is None
            else LaneKeeping(
                kept=self._kept,
                state_noise=float(config["state_noise"]),
                derivative_noise=float(config["derivative_noise"]),
            ),
        )
        self.config = config
        self.space = self.observer.space()
        self.bank = bank_of(self.entry, config, self.numerics)
        self.batch: WorldBatch | None = None
        self._judge: Judge | None = None
        self._shelf: Shelf | None = None
        self._deck: Deck | None = None
        duration = config.get("duration") if self.rules.has_duration else None
        self._duration_s = np.inf if duration is None else float(duration)
        self._period_s = 1 / config["policy_frequency"]
        self._time_s = np.zeros(self.slots)
        self._commands = np.zeros((self.slots, self.agents, 2))
        self._manoeuvres = np.full((self.slots, self.agents), _IDLE, dtype=np.int64)
        self._samples = make_actions(config["action"], self.agents).space
        self._draws = self.observer.draws or self.rules.opens_traffic
        self._seen: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """What a copy goes on from; the rest it makes for itself."""
        made_again = {"rules", "_judge", "_shelf", "_deck"}
        return {name: value for name, value in vars(self).items() if name not in made_again}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _judge=None, _shelf=None, _deck=None)
        self.rules = rules_of(self.entry.family)
        if self.batch is not None:
            self._judge = Judge(self.entry, self.config, self.batch.networks[0], self._kept)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Episodes":
        """Episodes that go on from here by themselves; what is built and cannot change is shared."""
        other = object.__new__(type(self))
        memo[id(self)] = other
        state = self.__getstate__()
        shared = {name: state.pop(name) for name in ("batch", "bank", "entry", "config", "space")}
        if self.batch is not None:
            shared["batch"] = self.batch.copy(range(self.slots))
        other.__setstate__(shared | copy.deepcopy(state, memo))
        return other

    @property
    def frames_hz(self) -> int:
        """Pictures in a second of highway-env's films: ``metadata["render_fps"]``."""
        return _REAL_TIME_RATIO * int(self.config["policy_frequency"])

    def running(self) -> tuple[WorldBatch, Judge]:
        """The batch and its judge.

        Raises:
            ConfigurationError: There was no reset yet.
        """
        if self.batch is None or self._judge is None:
            raise ConfigurationError("no episode was begun; call reset() before anything else")
        return self.batch, self._judge

    def begin(
        self, slots: list[int], states: list[RandomState], comes: Comes = Comes.ONCE
    ) -> list[RandomState]:
        """Begin episodes.

        Args:
            slots: In which; all of them the first time.
            states: Of the random numbers before each reset.
            comes: How often these worlds are asked for.

        Returns:
            Their states after the resets.

        Raises:
            ConfigurationError: A world cannot be built.
        """
        built = [self.bank.world(state, comes) for state in states]
        if self.batch is None:
            if slots != list(range(self.slots)):
                raise ConfigurationError("the first reset must be of all environments; got a part of them")
            self.batch = WorldBatch([each.world for each in built], numerics=self.numerics)
            self._judge = Judge(self.entry, self.config, built[0].world.network, self._kept)
        else:
            for slot, each in zip(slots, built, strict=True):
                self.batch.load(slot, each.world)
        if self._draws:
            self.batch.random[slots] = np.array([words_of(each.after) for each in built], dtype=np.uint64)
        self._start(slots)
        return [each.after for each in built]

    def begin_again(self, slots: list[int], cards: list[int], deck: Deck) -> None:
        """Begin episodes in the worlds of a deck; it costs microseconds where they were begun before.

        What is drawn while they run goes on with the random numbers of the slot, so that a world that is
        begun again takes another course.

        Args:
            slots: In which.
            cards: Which worlds of the deck.
            deck: Of this batch.

        Raises:
            ConfigurationError: A world cannot be built.
        """
        batch, _ = self.running()
        random = batch.random[slots]
        if self.bank.one_network:
            self._take_from_shelf(batch, slots, cards, deck)
        else:
            for slot, card in zip(slots, cards, strict=True):
                batch.load(slot, self.bank.world(deck.state(card), deck.comes).world)
        if self._draws:
            batch.random[slots] = random
        self._start(slots)

    def _take_from_shelf(self, batch: WorldBatch, slots: list[int], cards: list[int], deck: Deck) -> None:
        if self._shelf is None or self._deck is not deck:
            self._shelf, self._deck = Shelf(batch, deck.size), deck
        pairs = list(zip(slots, cards, strict=True))
        while missing := [pair for pair in pairs if not self._shelf.holds(pair[1])]:
            for slot, card in missing:  # a world that needs more room empties the shelf
                batch.load(slot, self.bank.world(deck.state(card), deck.comes).world)
                self._shelf.keep(card, slot)
        self._shelf.put(cards, slots)

    def _start(self, slots: list[int]) -> None:
        batch, _ = self.running()
        self._time_s[slots] = 0.0
        if self._kept is not None:
            self._kept.begin(batch, slots)
        self.observer.begin(batch, slots)
        self._see(slots)

    def _see(self, slots: Places) -> None:
        """Observe, where each observation must be made once and at its time."""
        if not self.observer.draws or len(slots) == 0:
            return
        seen = self.observer.observe(self.running()[0], slots)
        if self._seen is None:
            self._seen = seen
        else:
            _write_rows(self._seen, slots, seen)

    def random_after(self, slot: int) -> RandomState | None:
        """Where a slot's random numbers stand at the end of its episode; None if it drew none.

        highway-env's environments share one stream between resets and what is drawn while they drive. Its
        intersection draws once more after the last decision, before the reset.
        """
        batch, _ = self.running()
        if not self._draws:
            return None
        return state_in(list(batch.random_after(slot)))

    def go_on_from(self, slot: int, state: RandomState) -> bool:
        """Draw from other random numbers from now on.

        Args:
            slot: Which episode.
            state: Of the random numbers.

        Returns:
            Whether this episode does so. Where nothing is drawn until the next reset it does not; nor does
            the intersection, whose traffic has its own numbers until then.
        """
        if self.batch is None or not self._draws or self.rules.opens_traffic:
            return False
        self.batch.random[slot] = words_of(state)
        return True

    def decide(self, actions: Any, active: Flags | None = None) -> Step:
        """Take one decision, and judge where it has led to.

        Args:
            actions: From ``self.actions.read``.
            active: ``[B]`` which slots drive; None for all.
        """
        self.drive(actions, active)
        return Step(verdict=self.judge(actions), truncated=self._time_s >= self._duration_s)

    def open(self, slots: Sequence[int], actions: Any = None) -> tuple[Any, Verdict]:
        """What is told of episodes that have just begun, besides what they see.

        highway-env judges the beginning, too, as if an action that it samples had led there.

        Args:
            slots: In which.
            actions: From ``self.actions.read`` what was decided in the others; None for nothing.

        Returns:
            The actions, with samples in these slots; and the verdict on all slots.
        """
        samples = [self._samples.sample() for _ in slots]
        if isinstance(self._samples, gymnasium.spaces.Tuple):
            columns = list(zip(*samples, strict=True))
            given = actions if actions is not None else (None,) * len(columns)
            sampled: Any = tuple(
                self._filled(one, slots, column) for one, column in zip(given, columns, strict=True)
            )
        else:
            sampled = self._filled(actions, slots, samples)
        return sampled, self.judge(sampled)

    def _filled(self, actions: Any, slots: Sequence[int], samples: Any) -> NDArray[Any]:
        values = np.asarray(samples)
        filled: NDArray[Any] = (
            np.zeros((self.slots, *values.shape[1:]), values.dtype) if actions is None else actions.copy()
        )
        filled[slots] = values
        return filled

    def drive(self, actions: Any, active: Flags | None) -> None:
        """The first half of ``decide``: move."""
        batch, _ = self.running()
        driving: Places = range(self.slots) if active is None else np.flatnonzero(active)
        self.actions.write(actions, self._commands, self._manoeuvres)
        if self._kept is not None:
            self._kept.follow(batch, driving)
            egos = batch.agents[driving, 0]
            batch.entity_float[driving, EntityFloat.STEERING, egos] = self._commands[driving, 0, 1]
            self._see(driving)
        batch.drive(self._commands, self._manoeuvres, active)
        if self._kept is None:
            self._see(driving)
        if active is None:
            self._time_s += self._period_s
        else:
            self._time_s[driving] += self._period_s

    def judge(self, actions: Any) -> Verdict:
        """The second half: rewards and ends of all slots; the arrays are used again by the next call."""
        batch, judge = self.running()
        return judge.judge(batch, actions)

    def observe(self, slots: NDArray[np.int64]) -> Any:
        """What some slots see, with an axis for them in front."""
        if self.observer.draws:
            return rows_of(self._seen, slots)
        return self.observer.observe(self.running()[0], slots)

    def seed_samples(self, seed: int) -> None:
        """Make the actions that ``open`` samples depend on a seed (highway-env's is always another)."""
        self._samples.seed(seed % 2**31)

    def picture(self, slot: int) -> NDArray[np.uint8]:
        """``u1[H, W, 3]`` the view from above; its size and scale follow the configuration."""
        batch, _ = self.running()
        moment = Moments.from_worlds(batch, np.array([slot]))
        ego = int(batch.agents[slot, 0])
        width, height = int(self.config["screen_width"]), int(self.config["screen_height"])
        scale = float(self.config["scaling"])
        ahead, down = (float(share) for share in self.config["centering_position"])
        window = Window(
            x_m=float(batch.x[slot, ego]) + (0.5 - ahead) * width / scale,
            y_m=float(batch.y[slot, ego]) + (0.5 - down) * height / scale,
            m_per_px=1 / scale,
            width=width,
            height=height,
        )
        view = TopView(window=window, ground=moment.grounds[int(moment.ground[0])])
        return view.render(boxes=moment.boxes[0], looks=moment.looks[0], ego=moment.boxes[0, ego])
