"""The engine: world, sensors, rollouts, demonstrations, evaluation, metric, command line.

Importing it makes every scenario known to gymnasium as ``drivebench/<scenario id>``.
"""

from drivebench.gymnasium_ids import register

register()
