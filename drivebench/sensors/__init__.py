"""What a policy can see: cameras, speed, route command, kinematics."""

from drivebench.sensors.camera import FRONT, LEFT, MIRROR_LEFT, MIRROR_RIGHT, RIGHT, Camera
from drivebench.sensors.ground import GroundMap
from drivebench.sensors.palette import DAY, Palette
from drivebench.sensors.render import render
from drivebench.sensors.rig import SensorRig, load_sensor
from drivebench.sensors.scene import Moments
from drivebench.sensors.sensor import Sensor, View

__all__ = [
    "DAY",
    "FRONT",
    "LEFT",
    "MIRROR_LEFT",
    "MIRROR_RIGHT",
    "RIGHT",
    "Camera",
    "GroundMap",
    "Moments",
    "Palette",
    "Sensor",
    "SensorRig",
    "View",
    "load_sensor",
    "render",
]
