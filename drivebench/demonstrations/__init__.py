"""What a driver did and what was around it then: recorded, stored, rendered on demand."""

from drivebench.demonstrations.demand import Demand, collected
from drivebench.demonstrations.frames import Batch, FrameBatches
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.store import read, write

__all__ = ["Batch", "Demand", "Demonstration", "Demonstrations", "FrameBatches", "collected", "read", "write"]
