"""What a policy goes by: each input is changed in turn, on the expert's states, and the answer compared.

An imitator can find a cause where there is none: what is shown together with the expert's action need not be
why the expert acted so (P. de Haan, D. Jayaraman, S. Levine, Causal Confusion in Imitation Learning, NeurIPS
2019, arXiv:1905.11979). Whether an input is used, and whether it is used for good, is seen by taking it away.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from drivebench.diagnosis.covariate_shift import mean_error
from drivebench.diagnosis.drives import ACCELERATION, STEERING, UNITS, Drive, replayed
from drivebench.diagnosis.intervals import Estimate
from drivebench.diagnosis.subject import PolicySubject
from drivebench.diagnosis.tampering import FROZEN_DECISIONS, TAMPERINGS, Tamper, another_episodes
from drivebench.evaluation.competitor import Seen
from drivebench.policy import Slots
from drivebench.scenario import Episode
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD

__all__ = ["HISTORY", "Effect", "Sensitivity", "passes", "sensitivity"]

HISTORY = "history"
"""Stands in the place of a sensor where what a policy remembers is changed."""
ALIKE = 1e-6
"""Actions that differ by no more are the same: the rounding of a float32."""

Answers = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""``f8[T, N, 2]`` in m/s² and rad, and where they mean anything, ``bool[T, N]``."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What changing one input does to the answers.

    Attributes:
        input: Name of the sensor, ``history``, or ``random numbers``.
        change: What was done to it: ``blanked``, ``frozen``, ``shuffled``, …
        steering_change_rad: Mean absolute change of the steering.
        acceleration_change_mps2: The same of the acceleration.
        steering_error_rad: Mean absolute error against the expert with the changed input.
        acceleration_error_mps2: The same of the acceleration.
        states: Decisions that these are means over.
    """

    input: str
    change: str
    steering_change_rad: Estimate
    acceleration_change_mps2: Estimate
    steering_error_rad: Estimate
    acceleration_error_mps2: Estimate
    states: int


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What a policy goes by.

    Attributes:
        effects: By input, then by change.
        remembers: Whether answers depend on what was shown before.
        random: Whether answers depend on random numbers.
    """

    effects: tuple[Effect, ...]
    remembers: bool
    random: bool

    def of(self, name: str) -> tuple[Effect, ...]:
        """The effects of one input."""
        return tuple(effect for effect in self.effects if effect.input == name)


def passes(subject: PolicySubject) -> int:
    """How many times the expert's drive is shown for a policy that remembers, for a display of progress.

    Args:
        subject: The policy.
    """
    return len(subject.sensors) * len(TAMPERINGS) + 2 + len(PASTS)


def sensitivity(
    subject: PolicySubject,
    batches: Sequence[tuple[Sequence[Episode], Drive]],
    expert: Drive,
    advance: Callable[[int], None],
) -> Sensitivity:
    """Show a policy the expert's drives again, with one input changed at a time.

    Args:
        subject: The policy.
        batches: Episodes, and the expert's drive over them with the policy asked.
        expert: The same drives, joined.
        advance: Called with 1 after each of the :func:`passes`.
    """
    effects = []

    def look(name: str, change: str, ask: Callable[[Sequence[Episode], Drive], Answers]) -> Effect | None:
        found = _joined([ask(episodes, drive) for episodes, drive in batches], len(expert.driven))
        advance(1)
        return _effect(name, change, found, expert)

    for sensor in subject.sensors:
        for change, make in TAMPERINGS.items():
            effects.append(look(sensor, change, partial(_tampered, subject, partial(make, sensor))))
    with subject.other_stream():
        chance = look("random numbers", "others", partial(_tampered, subject, _nothing))
    forgotten = look(HISTORY, "forgotten", partial(_forgetting, subject))
    random, remembers = _is_felt(chance), _is_felt(forgotten)
    effects += [chance] if random else []
    effects += [forgotten] if remembers else []
    for change, past in PASTS.items():
        if remembers:
            effects.append(look(HISTORY, change, partial(_with_past, subject, past)))
        else:
            advance(1)
    return Sensitivity(
        effects=tuple(effect for effect in effects if effect is not None), remembers=remembers, random=random
    )


def _is_felt(effect: Effect | None) -> bool:
    if effect is None:
        return False
    steering, acceleration = effect.steering_change_rad.value, effect.acceleration_change_mps2.value
    return steering > ALIKE * STEERING_RANGE_RAD or acceleration > ALIKE * ACCELERATION_RANGE_MPS2


def _effect(name: str, change: str, found: Answers, expert: Drive) -> Effect | None:
    """None when the change had no meaning anywhere, as when there is no other episode to take from."""
    answers, valid = found
    counted = valid & expert.within
    if not counted.any():
        return None
    changed, wrong = np.abs(answers - expert.asked), np.abs(answers - expert.acted)
    return Effect(
        input=name,
        change=change,
        steering_change_rad=mean_error(changed[..., STEERING], counted),
        acceleration_change_mps2=mean_error(changed[..., ACCELERATION], counted),
        steering_error_rad=mean_error(wrong[..., STEERING], counted),
        acceleration_error_mps2=mean_error(wrong[..., ACCELERATION], counted),
        states=int(counted.sum()),
    )


def _joined(parts: Sequence[Answers], decisions: int) -> Answers:
    """Those of all batches side by side, filled up to one length."""
    answers = [np.pad(a, ((0, decisions - len(a)), (0, 0), (0, 0)), constant_values=np.nan) for a, _ in parts]
    valid = [np.pad(v, ((0, decisions - len(v)), (0, 0))) for _, v in parts]
    return np.concatenate(answers, axis=1), np.concatenate(valid, axis=1)


def _observed(
    subject: PolicySubject, episodes: Sequence[Episode], drive: Drive
) -> Iterator[tuple[int, Seen, Slots]]:
    """What the policy would be shown at each decision of the expert's drive; it begins anew."""
    subject.start()
    for t, worlds, watch, slots in replayed(episodes, drive.driven, drive.actions):
        if slots.size:
            yield t, subject.observe(worlds, watch, slots), slots


def _blank_answers(drive: Drive) -> Answers:
    return np.full((*drive.driven.shape, 2), np.nan), np.zeros_like(drive.driven)


def _nothing() -> Tamper:
    """Changes nothing."""
    return lambda seen, slots: (seen, np.ones(len(slots), np.bool_))


def _tampered(
    subject: PolicySubject, make: Callable[[], Tamper], episodes: Sequence[Episode], drive: Drive
) -> Answers:
    """Answers when every observation is changed."""
    tamper = make()
    answers, valid = _blank_answers(drive)
    for t, seen, slots in _observed(subject, episodes, drive):
        shown, meant = tamper(seen, slots)
        answers[t, slots], valid[t, slots] = subject.answer(shown, slots) * UNITS, meant
    return answers, valid


def _forgetting(subject: PolicySubject, episodes: Sequence[Episode], drive: Drive) -> Answers:
    """Answers when all memory is lost before each decision."""
    answers, valid = _blank_answers(drive)
    for t, seen, slots in _observed(subject, episodes, drive):
        subject.forget()
        answers[t, slots], valid[t, slots] = subject.answer(seen, slots) * UNITS, True
    return answers, valid


def _own(past: Seen, present: Seen) -> Seen:
    del present
    return past


def _standstill(past: Seen, present: Seen) -> Seen:
    del past
    return present


def _others(past: Seen, present: Seen) -> Seen:
    del present
    return another_episodes(past)


PASTS: dict[str, Callable[[Seen, Seen], Seen]] = {
    "last second only": _own,
    "frozen": _standstill,
    "shuffled": _others,
}
"""What a policy that remembers is shown of the last second before it is shown the present: what there was (so
that the effect of a short memory is known), the present over and over, what there was in another episode."""


def _with_past(
    subject: PolicySubject, past: Callable[[Seen, Seen], Seen], episodes: Sequence[Episode], drive: Drive
) -> Answers:
    """Answers once a second, each after a second of a chosen past."""
    answers, valid = _blank_answers(drive)
    before: list[tuple[Seen, Slots]] = []
    for t, seen, slots in _observed(subject, episodes, drive):
        if t >= FROZEN_DECISIONS and t % FROZEN_DECISIONS == 0 and slots.size > 1:
            subject.forget()
            for old, old_slots in before:
                kept = np.isin(old_slots, slots)
                subject.answer(past(_rows(old, kept), seen), slots)
            answers[t, slots], valid[t, slots] = subject.answer(seen, slots) * UNITS, True
        before = [*before[1 - FROZEN_DECISIONS :], (seen, slots)]
    return answers, valid


def _rows(seen: Seen, kept: NDArray[np.bool_]) -> Seen:
    """Some rows of an observation."""
    return {
        sensor: [row for row, keep in zip(rows, kept.tolist(), strict=True) if keep]
        if isinstance(rows, list)
        else rows[kept]
        for sensor, rows in seen.items()
    }
