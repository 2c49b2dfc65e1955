"""What the tests of the stock environments share."""

from pathlib import Path

import gymnasium
import pytest

from drivebench.gymnasium_ids import NAMESPACE, register_environment
from scenarios.stock import bank as banks
from scenarios.stock.ids import ENVIRONMENTS
from scenarios.stock.upstream import vehicle_class

# The stock ids are registered even where the package was installed before they existed.
for environment in ENVIRONMENTS:
    if f"{NAMESPACE}/{environment.name}" not in gymnasium.registry:
        register_environment(environment)

DRIVER = "highway_env.vehicle.behavior.IDMVehicle"
CONSTANTS = {"DISTANCE_WANTED": 10.0, "COMFORT_ACC_MAX": 3.0, "COMFORT_ACC_MIN": -5.0}


@pytest.fixture(autouse=True)
def _constants_of_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """highway-env's own, which its intersection changes for everybody in the process for good."""
    for name, value in CONSTANTS.items():
        monkeypatch.setattr(vehicle_class(DRIVER), name, value)


@pytest.fixture(autouse=True)
def _banks_of_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No worlds that an earlier run of the tests has left."""
    monkeypatch.setattr(banks, "bank_path", lambda digest, numerics: tmp_path / f"{digest} {numerics}.bank")
