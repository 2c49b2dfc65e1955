"""What a driver did and what was around it then: recorded, stored, rendered on demand."""

from drivebench.demonstrations.demand import Demand, collected
from drivebench.demonstrations.frames import Batch, FrameBatches
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.store import read, write
from drivebench.demonstrations.subsets import to_learn_from

__all__ = [
    "Batch",
    "Demand",
    "Demonstration",
    "Demonstrations",
    "FrameBatches",
    "collected",
    "read",
    "to_learn_from",
    "write",
]
