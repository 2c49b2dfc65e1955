"""highway-env's observations as compiled kernels over a batch of worlds, byte for byte the same."""

from scenarios.stock.observations.attributes import LaneKeeping
from scenarios.stock.observations.factory import make_observer
from scenarios.stock.observations.observer import Observation, Observer

__all__ = ["LaneKeeping", "Observation", "Observer", "make_observer"]
