"""Who is asked for actions in a diagnosis: a policy in its own process, or a driver that sees the world."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivebench import registry
from drivebench.diagnosis.route_watch import RouteWatch
from drivebench.errors import PolicyError
from drivebench.evaluation.chunk import chunk_seed
from drivebench.evaluation.competitor import Competitor, PolicyPilot, Seen
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.rollout import PolicyFaultError, row_faults
from drivebench.policy import Actions, Driver, Slots
from drivebench.scenario import Episode
from drivebench.world import WorldBatch

__all__ = ["Asked", "DriverSubject", "PolicySubject", "subject"]


class Asked(Protocol):
    """Whoever decides in a batch of worlds."""

    def begin(self, worlds: WorldBatch, episodes: Sequence[Episode]) -> None:
        """New episodes begin, one in each slot.

        Args:
            worlds: At their initial states.
            episodes: One for each world.
        """

    def decide(self, worlds: WorldBatch, watch: RouteWatch, slots: Slots) -> NDArray[np.float64]:
        """Actions ``f8[n, 2]`` in [-1, 1] (acceleration, steering) for the slots ``i8[n]``."""


class DriverSubject:
    """A privileged driver."""

    def __init__(self, name: str) -> None:
        """Make the driver.

        Args:
            name: Of a registered driver.

        Raises:
            UnknownNameError: No such driver; suggests the nearest.
        """
        self._driver: Driver = registry.load("driver", name)()

    def begin(self, worlds: WorldBatch, episodes: Sequence[Episode]) -> None:
        """Reset the driver in all slots."""
        self._driver.reset(worlds, dict(enumerate(episodes)), np.arange(len(episodes)))

    def decide(self, worlds: WorldBatch, watch: RouteWatch, slots: Slots) -> NDArray[np.float64]:
        """Ask the driver."""
        del watch  # a driver sees worlds
        return np.clip(self._driver.act(worlds, slots).astype(np.float64), -1.0, 1.0)


class PolicySubject:
    """A policy in its own process, through the same pilot as an evaluation.

    What it does wrong ends the diagnosis: an error against the expert has no value for an answer that is
    none.

    Attributes:
        sensors: Names of what it declared.
    """

    def __init__(self, pilot: PolicyPilot, competitor: Competitor) -> None:
        """Take over a pilot.

        Args:
            pilot: Of the policy.
            competitor: Who it is.
        """
        self.sensors: tuple[str, ...] = tuple(str(each["name"]) for each in competitor.card.sensors)
        self._pilot = pilot
        self._card = competitor.card
        self._stream = 0

    @contextmanager
    def other_stream(self) -> Iterator[None]:
        """While this lasts, a policy that acts at random draws other random numbers."""
        self._stream = 1
        try:
            yield
        finally:
            self._stream = 0

    def begin(self, worlds: WorldBatch, episodes: Sequence[Episode]) -> None:
        """Make the policy anew, so that nothing that it remembers reaches from one drive into another."""
        del worlds, episodes  # a policy sees what it is shown
        self.start()

    def start(self) -> None:
        """The same, without worlds."""
        self._pilot.prepare(chunk_seed(self._card.digest, self._stream))
        with self._faults():
            self._pilot.load()

    def decide(self, worlds: WorldBatch, watch: RouteWatch, slots: Slots) -> NDArray[np.float64]:
        """Show it what its sensors see, and ask it."""
        return self.answer(self.observe(worlds, watch, slots), slots)

    def observe(self, worlds: WorldBatch, watch: RouteWatch, slots: Slots) -> Seen:
        """What its sensors see, row i of ``slots[i]``."""
        return self._pilot.observe(worlds, watch, slots)

    def answer(self, observation: Seen, slots: Slots) -> NDArray[np.float64]:
        """Show it an observation, as it is or changed, and ask it.

        Args:
            observation: As :meth:`observe` makes it.
            slots: ``i8[n]``.

        Returns:
            ``f8[n, 2]`` in [-1, 1].

        Raises:
            PolicyError: It failed, or an answer is not finite or out of range.
        """
        with self._faults():
            actions: Actions = self._pilot.answer(observation, slots)
        faults = row_faults(actions)
        if faults:
            status, reason = next(iter(faults.values()))
            raise self._error(f"{status.value}: {reason}")
        return np.clip(actions.astype(np.float64), -1.0, 1.0)

    def forget(self) -> None:
        """Have it forget all that it remembers of the episodes that it is driving."""
        with self._faults():
            self._pilot.forget()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except PolicyFaultError as fault:
            raise self._error(f"{fault.status.value}: {fault.reason}") from fault

    def _error(self, what: str) -> PolicyError:
        printed = f"\nwhat it printed last:\n{self._pilot.log_tail}" if self._pilot.log_tail else ""
        return PolicyError(
            f"the policy {self._card.name!r} broke the protocol while it was diagnosed: {what}. Expected an "
            f"action in [-1, 1] at each decision; `drivebench evaluate` counts such episodes.{printed}"
        )


@contextmanager
def subject(competitor: Competitor, slots: int, limits: Limits) -> Iterator[DriverSubject | PolicySubject]:
    """Whoever is to be diagnosed, ready to be asked.

    Args:
        competitor: Who.
        slots: Episodes at once.
        limits: What a policy is allowed.
    """
    if competitor.submission is None:
        yield DriverSubject(competitor.card.name)
        return
    with competitor.pilot(slots, limits, choose().value) as pilot:
        assert isinstance(pilot, PolicyPilot)
        yield PolicySubject(pilot, competitor)
