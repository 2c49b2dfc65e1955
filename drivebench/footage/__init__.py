"""Pictures and videos of episodes: what was driven is recorded, put together from several views, written."""

from drivebench.footage.film import replay_video, write_gif, write_picture, write_video
from drivebench.footage.recording import Footage, film_actions, film_driver
from drivebench.footage.scenes import driver_scene, replay_scene, top_scene

__all__ = [
    "Footage",
    "driver_scene",
    "film_actions",
    "film_driver",
    "replay_scene",
    "replay_video",
    "top_scene",
    "write_gif",
    "write_picture",
    "write_video",
]
