"""What the expert may choose from in an episode: paths, where to change between them, and speeds."""

from dataclasses import dataclass

from drivebench.errors import ConfigurationError
from drivebench.scenario import Episode
from scenarios.reference_path import ReferencePath

__all__ = ["Change", "Manoeuvres", "along_the_route"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change from one path to another, allowed on a stretch of the first.

    Attributes:
        origin: Place of the path that is left.
        destination: Place of the path that is joined.
        start_m: Arc length of the origin from which the change may begin.
        end_m: Arc length of the origin up to which it may begin.
        later_s: Besides at once, the change is considered after these times: an overtaking car goes out now
            and comes back later.
    """

    origin: int
    destination: int
    start_m: float = -float("inf")
    end_m: float = float("inf")
    later_s: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manoeuvres:
    """The expert's choices.

    Attributes:
        paths: The first is the one that the ego starts on.
        changes: Between them.
        caps_mps: Highest speeds to try, besides the speed profile of the path itself.
        slower_by_mps: Changes of the present speed to try as highest speeds.
        planned: Whether there is anything to plan: other vehicles, or more than one path.
        horizon_s: How far a plan looks ahead.
        beyond_s: For how long after that it estimates the way from the leader's speed.
        oncoming_brakes_m: What a decision costs in which an oncoming driver is made to brake.
        near_m: Vehicles further from the ego than this do not matter within the horizon.
    """

    paths: tuple[ReferencePath, ...]
    changes: tuple[Change, ...] = ()
    caps_mps: tuple[float, ...] = ()
    slower_by_mps: tuple[float, ...] = ()
    planned: bool = True
    horizon_s: float = 5.0
    beyond_s: float = 1.5
    oncoming_brakes_m: float = 0.0
    near_m: float = 120.0

    def __post_init__(self) -> None:
        places = range(len(self.paths))
        if not self.paths or any(c.origin not in places or c.destination not in places for c in self.changes):
            raise ConfigurationError(
                f"{len(self.paths)} paths and changes {self.changes}; expected changes between these paths"
            )


def along_the_route(episode: Episode) -> Manoeuvres:
    """Nothing to choose: the assigned route at the speed limit."""
    route = episode.route
    path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=episode.speed_limit_mps)
    return Manoeuvres(paths=(path,), planned=episode.world.entities > 1)
