"""The conformance test of a scenario, for drivebench's own and for those of other packages.

    from drivebench.conformance import check_scenario
    check_scenario(SCENARIO)

Each rule below is a function that yields one line for each violation. They hold what makes a score mean
something: an episode is a function of its names, starts on the road, can be driven to its horizon, leaves no
room for parking or reversing, and training roads are not test roads where generalisation is tested.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.conditions import UNSEEN_ROAD
from drivebench.errors import ConfigurationError
from drivebench.scenario import SPLITS, Ability, Episode, Scenario, split_of
from drivebench.world import EntityKind, RoadNetwork, WorldBatch
from drivebench.world.actions import QUANTUM
from drivebench.world.clock import POLICY_HZ
from drivebench.world.grid import GRID
from drivebench.world.layout import EntityFloat
from drivebench.world.numerics import cos_sin

__all__ = ["check_scenario", "scenario_violations"]

SEEDS_PER_SPLIT = 4
DRIVEN_S = 2.0
AROUND_M = 150.0
"""Traffic that is further away does not matter in an episode."""
LEAST_FLOW = 0.6
"""Mean speed of the traffic as a share of the limit: below it, driving slowly would be the fashion. A leader
that brakes and goes may begin at any of its speeds, and the episodes that are looked at are few."""
WIDEST_SPACING_M = 2.5
SPEED_ROOM_MPS = 1e-9


def check_scenario(scenario: Scenario, *, seeds_per_split: int = SEEDS_PER_SPLIT) -> None:
    """Make sure that a scenario keeps its contract.

    Args:
        scenario: Registered or not.
        seeds_per_split: How many episodes of each split to look at, under each condition.

    Raises:
        ConfigurationError: It does not; the message lists every violation that was found.
    """
    violations = scenario_violations(scenario, seeds_per_split=seeds_per_split)
    if violations:
        listed = "\n".join(f"- {line}" for line in violations)
        raise ConfigurationError(f"the scenario {scenario.id} does not keep its contract:\n{listed}")


def scenario_violations(scenario: Scenario, *, seeds_per_split: int = SEEDS_PER_SPLIT) -> list[str]:
    """Everything that is wrong with a scenario; empty when it keeps its contract.

    Args:
        scenario: Registered or not.
        seeds_per_split: How many episodes of each split to look at, under each condition.
    """
    found: list[str] = []
    by_condition = {
        condition: [
            scenario.episode(seeds[i * len(seeds) // seeds_per_split], condition)
            for split, seeds in SPLITS.items()
            if condition != UNSEEN_ROAD or split != "train"
            for i in range(seeds_per_split)
        ]
        for condition in scenario.conditions
    }
    for condition, episodes in by_condition.items():
        for episode in episodes:
            key = f"{condition}/{episode.seed}"
            rules = (_names, _reproducible, _rounded, _starts_well, _route)
            found += [f"{key}: {line}" for rule in rules for line in rule(scenario, episode)]
        found += [f"{condition}: {line}" for line in _can_be_driven(episodes)]
        found += [f"{condition}: {line}" for line in _differ(episodes)]
        if Ability.INTERACTION in scenario.abilities:
            found += [f"{condition}: {line}" for line in _traffic(episodes)]
    everything = [episode for episodes in by_condition.values() for episode in episodes]
    if Ability.GENERALISATION in scenario.abilities:
        found += _roads_differ(everything)
    return found


def _names(scenario: Scenario, episode: Episode) -> Iterator[str]:
    """The episode is of this scenario and within its horizon."""
    if episode.scenario != scenario.id:
        yield f"says that it is of {episode.scenario!r}; expected {scenario.id!r}"
    if episode.condition not in scenario.conditions:
        yield f"says that its condition is {episode.condition!r}; expected one of {scenario.conditions}"
    if not 0.0 < episode.horizon_s <= scenario.horizon_s:
        yield f"lasts up to {episode.horizon_s} s; the scenario says at most {scenario.horizon_s} s"
    if not 0.0 < episode.speed_limit_mps < math.inf:
        yield f"has a speed limit of {episode.speed_limit_mps} m/s; expected a positive number"
    if math.isinf(episode.route.goal_m) != scenario.open_ended:
        yield f"has its goal at {episode.route.goal_m} m; expected one unless the scenario is open-ended"


def _reproducible(scenario: Scenario, episode: Episode) -> Iterator[str]:
    """Built again, it has the same bytes."""
    again = scenario.episode(episode.seed, episode.condition)
    if again.world.digest != episode.world.digest:
        yield "built twice, its initial world differs; draw from episode_generator and nowhere else"
    same_route = np.array_equal(again.route.points_m, episode.route.points_m) and np.array_equal(
        again.route.arc_m, episode.route.arc_m
    )
    if not same_route or again.route.commands != episode.route.commands:
        yield "built twice, its route differs; draw from episode_generator and nowhere else"


def _rounded(_: Scenario, episode: Episode) -> Iterator[str]:
    """States and route do not depend on the last bits of whatever computed them."""
    columns = [EntityFloat.X, EntityFloat.Y, EntityFloat.HEADING, EntityFloat.SPEED]
    for name, values in (
        ("states of the entities", episode.world.entity_float[columns]),
        ("points of the route", episode.route.points_m),
    ):
        if not np.array_equal(values * GRID, np.rint(values * GRID)):
            yield f"the {name} are not rounded to 2**-20; use drivebench.world.build"


def _starts_well(_: Scenario, episode: Episode) -> Iterator[str]:
    """The ego is an EGO, on the road, in the direction of its route, beside the route's zero."""
    world, route = episode.world, episode.route
    if world.ego < 0 or world.kinds()[world.ego] is not EntityKind.EGO:
        yield "has no entity of kind EGO as its ego"
        return
    x, y, heading, speed = (float(v) for v in world.entity_float[:4, world.ego])
    if not 0.0 <= speed <= 1.1 * episode.speed_limit_mps:
        yield f"starts at {speed:.2f} m/s where the limit is {episode.speed_limit_mps} m/s"
    length, width = world.entity_float[[EntityFloat.LENGTH, EntityFloat.WIDTH], world.ego].tolist()
    cosine, sine = cos_sin(None, heading)
    for ahead in (-0.5 * length, 0.5 * length):
        for right in (-0.5 * width, 0.5 * width):
            corner = x + ahead * cosine - right * sine, y + ahead * sine + right * cosine
            if not _is_on_road(world.network, *corner):
                yield f"starts with a corner off the road, at ({corner[0]:.2f}, {corner[1]:.2f}) m"
    index = min(max(int(np.searchsorted(route.arc_m, 0.0, "right")) - 1, 0), len(route.arc_m) - 2)
    (px, py), (dx, dy) = route.points_m[index], np.diff(route.points_m[index : index + 2], axis=0)[0]
    step = route.arc_m[index + 1] - route.arc_m[index]
    along, across = ((x - px) * dx + (y - py) * dy) / step, ((y - py) * dx - (x - px) * dy) / step
    if abs(route.arc_m[index] + along) > 1.0:
        yield f"starts {route.arc_m[index] + along:.2f} m from the zero of its route's arc length"
    if abs(across) > route.half_width_m:
        yield f"starts {across:.2f} m beside its route, which is {route.half_width_m} m to each side"
    if dx * cosine + dy * sine <= 0.0:
        yield "starts against the direction of its route"


def _is_on_road(network: RoadNetwork, x_m: float, y_m: float) -> bool:
    for lane in range(len(network.lane_index)):
        s, r = network.local_coordinates(lane, x_m, y_m)
        if abs(r) <= 0.5 * network.width_m(lane) and 0.0 <= s <= network.length_m(lane):
            return True
    return False


def _route(scenario: Scenario, episode: Episode) -> Iterator[str]:
    """The route is dense and reaches as far as the limit allows."""
    arc = episode.route.arc_m
    if np.diff(arc).max() > WIDEST_SPACING_M:
        yield f"the points of its route are up to {np.diff(arc).max():.2f} m apart; expected about 1 m"
    reach = episode.speed_limit_mps * episode.horizon_s if scenario.open_ended else episode.route.goal_m
    if arc[-1] < reach:
        yield f"its route ends at {arc[-1]:.0f} m; the limit allows {reach:.0f} m"


def _can_be_driven(episodes: Sequence[Episode]) -> Iterator[str]:
    """Nobody is in contact with the ego at the start, and full braking leads to a stand, not into reverse.

    Where the ego has to park, it may have a reverse gear.
    """
    worlds = WorldBatch([episode.world for episode in episodes])
    slots, ego = np.arange(len(episodes)), worlds.ego
    coasting = np.zeros((len(episodes), 2), np.int16)
    worlds.step(coasting)
    for slot in np.flatnonzero(worlds.crashed[slots, ego]).tolist():
        yield f"seed {episodes[slot].seed}: the ego collides within the first decision, coasting"
    worlds = WorldBatch([episode.world for episode in episodes])
    braking = coasting.copy()
    braking[:, 0] = -QUANTUM
    for _ in range(round(DRIVEN_S * POLICY_HZ)):
        worlds.step(braking)
        lowest = min(
            (worlds.speed[slot, ego[slot]] for slot in slots.tolist() if episodes[slot].parking is None),
            default=0.0,
        )
        if lowest < -SPEED_ROOM_MPS:
            yield f"the ego reverses at {-lowest:.2f} m/s when it brakes"
            return


def _differ(episodes: Sequence[Episode]) -> Iterator[str]:
    """Other seeds give other episodes."""
    digests = [episode.world.digest for episode in episodes]
    if len(set(digests)) < len(digests):
        yield f"{len(digests)} seeds give {len(set(digests))} initial worlds; expected all to differ"


def _traffic(episodes: Sequence[Episode]) -> Iterator[str]:
    """There is traffic before and behind the ego, and it drives near the limit."""
    shares: list[float] = []
    for episode in episodes:
        ahead = _ahead_m(episode)
        for name, near in (("ahead of", ahead > 0.0), ("behind", ahead < 0.0)):
            if not (near & (np.abs(ahead) < AROUND_M)).any():
                yield f"seed {episode.seed}: no vehicle within {AROUND_M:.0f} m {name} the ego"
        others = np.arange(episode.world.vehicles) != episode.world.ego
        speeds = episode.world.entity_float[EntityFloat.SPEED, : episode.world.vehicles][others]
        shares += (speeds / episode.speed_limit_mps).tolist()
    if np.mean(shares) < LEAST_FLOW:
        yield f"the traffic drives at {np.mean(shares):.2f} of the limit on average; expected {LEAST_FLOW}"


def _ahead_m(episode: Episode) -> NDArray[np.float64]:
    """``f8[vehicles]`` how far ahead of the ego the vehicles are, in its direction; 0 for the ego."""
    world = episode.world
    x, y, heading = world.entity_float[:3, : world.vehicles]
    cosine, sine = cos_sin(None, float(heading[world.ego]))
    ahead: NDArray[np.float64] = (x - x[world.ego]) * cosine + (y - y[world.ego]) * sine
    return ahead


def _roads_differ(episodes: Sequence[Episode]) -> Iterator[str]:
    """No road is in two splits."""
    splits: dict[str, set[str]] = {}
    for episode in episodes:
        splits.setdefault(episode.world.network.digest, set()).add(split_of(episode.seed))
    for digest, names in splits.items():
        if len(names) > 1:
            yield f"the road {digest[:12]} is in the splits {', '.join(sorted(names))}; expected one"
