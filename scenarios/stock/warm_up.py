"""The reset of highway-env's intersection with its 45 steps taken in the compiled world."""

from typing import Any, Literal

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork
from drivebench.world.hand_back import advance_road

__all__ = ["is_warm", "warm_up_compiled"]

WARM_UP_S = 3
"""How long the first vehicles drive before the others join (``IntersectionEnv._make_vehicles``)."""


def warm_up_compiled(
    environment: Any, numerics: Literal["canonical", "parity"], network: RoadNetwork | None = None
) -> None:
    """Lay the road out, such that the next steps of the reset are taken at once, and compiled.

    Replaces ``environment._make_road`` for one reset.

    Args:
        environment: highway-env's ``IntersectionEnv``.
        numerics: In which it is stepped.
        network: Its roads if they were taken over before.
    """
    lay_out = environment._make_road

    def make_road() -> None:
        environment._make_road = lay_out
        lay_out()
        road, hz = environment.road, int(environment.config["simulation_frequency"])
        left = WARM_UP_S * hz

        def step(_time_step_s: float) -> None:
            nonlocal left
            if left == WARM_UP_S * hz:
                advance_road(road, left, simulation_hz=hz, numerics=numerics, network=network)
            left -= 1
            if left == 0:
                del road.act, road.step

        road.act, road.step = _nothing, step

    environment._make_road = make_road


def _nothing() -> None:
    """Vehicles decide in the compiled world."""


def is_warm(environment: Any) -> None:
    """Make sure that the reset has taken as many steps as were taken for it.

    Args:
        environment: After its reset.

    Raises:
        ConfigurationError: It has not; highway-env's reset is another one than is known here.
    """
    if "step" in vars(environment.road):
        raise ConfigurationError(
            f"the reset of {type(environment).__name__} did not take {WARM_UP_S} s of simulation steps; "
            "expected the one of highway-env 1.12"
        )
