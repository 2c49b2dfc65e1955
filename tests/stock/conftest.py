"""The stock ids are registered even where the package was installed before they existed."""

import gymnasium

from drivebench.gymnasium_ids import NAMESPACE, register_environment
from scenarios.stock.ids import ENVIRONMENTS

for environment in ENVIRONMENTS:
    if f"{NAMESPACE}/{environment.name}" not in gymnasium.registry:
        register_environment(environment)
