"""Road and traffic as arrays, and the compiled step.

``build`` and ``takeover`` make a ``World`` (the initial state of one episode); a ``WorldBatch`` steps many of
them together. Coordinates are highway-env's: x to the front, y to the right, headings clockwise, SI units.
"""

from drivebench.world.actions import dequantise, quantise
from drivebench.world.batch import WorldBatch
from drivebench.world.capacity import Capacity
from drivebench.world.layout import EntityKind
from drivebench.world.network import RoadNetwork
from drivebench.world.world import TrafficParameters, World

__all__ = [
    "Capacity",
    "EntityKind",
    "RoadNetwork",
    "TrafficParameters",
    "World",
    "WorldBatch",
    "dequantise",
    "quantise",
]
