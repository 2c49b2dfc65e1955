"""Which episodes count for which ability: the columns that say why a policy fails.

An episode counts for what its scenario tests, unless its condition is there to test something else:

* starts off the course and gusts test recovery, whatever the scenario;
* roads, light and weather that nobody trained on test generalisation;
* a camera that fails for a while tests memory;
* dense and aggressive traffic test generalisation, and still what the scenario does.
"""

from collections.abc import Sequence
from enum import StrEnum

from drivebench.conditions import DISTURBED, DROPOUT, OFF_COURSE, SHIFTED_TRAFFIC, UNSEEN_ROAD
from drivebench.weather import WEATHER_CONDITIONS

__all__ = ["Ability", "abilities_tested"]


class Ability(StrEnum):
    """What a scenario tests; a leaderboard has one column for each."""

    LANE_KEEPING = "lane-keeping"
    RECOVERY = "recovery"
    INTERACTION = "interaction"
    MEMORY = "memory"
    AMBIGUITY = "ambiguity"
    GENERALISATION = "generalisation"
    ENDURANCE = "endurance"


def abilities_tested(abilities: Sequence[str], condition: str) -> tuple[str, ...]:
    """What an episode tests.

    Args:
        abilities: What its scenario tests by itself.
        condition: The episode's condition. One that drivebench does not know counts as nominal.

    Returns:
        Values of :class:`Ability`.
    """
    own = tuple(str(ability) for ability in abilities)
    if condition.startswith(OFF_COURSE) or condition == DISTURBED:
        return (Ability.RECOVERY.value,)
    if condition == DROPOUT:
        return (Ability.MEMORY.value,)
    if condition == UNSEEN_ROAD or condition in WEATHER_CONDITIONS:
        return (Ability.GENERALISATION.value,)
    if condition in SHIFTED_TRAFFIC:
        return tuple(dict.fromkeys((*own, Ability.GENERALISATION.value)))
    return own
