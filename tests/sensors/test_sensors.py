"""Every registered sensor keeps its contract; motion, kinematics, route geometry by hand-computed numbers."""

import dataclasses
import math
from dataclasses import dataclass

import gymnasium
import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench import registry
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.metric.monitor import Monitor
from drivebench.scenario import Command, CommandSegment, Episode, Route, load_scenario
from drivebench.sensors import SensorRig, load_sensor
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.clock import SUBSTEPS, TIME_STEP_S
from drivebench.world.lane_spec import LaneSpec

EGO = VehicleSpec(kind=EntityKind.EGO, x_m=50.0, y_m=1.0, heading_rad=0.25, speed_mps=12.0)
OTHERS = (
    VehicleSpec(kind=EntityKind.IDM, x_m=80.0, y_m=0.0, speed_mps=15.0),
    VehicleSpec(kind=EntityKind.IDM, x_m=45.0, y_m=4.0, speed_mps=9.0),
    VehicleSpec(kind=EntityKind.IDM, x_m=250.0, y_m=4.0, speed_mps=9.0),
    VehicleSpec(kind=EntityKind.OBSTACLE, x_m=60.0, y_m=4.0),
    VehicleSpec(kind=EntityKind.LANDMARK, x_m=55.0, y_m=0.0),
)


@dataclass
class Halfway:
    """Progress along routes, as a monitor gives it."""

    episodes: list[Episode]
    progress_m: NDArray[np.float64]
    command: NDArray[np.int64]

    @property
    def decisions(self) -> NDArray[np.int64]:
        return np.zeros(len(self.episodes), np.int64)

    def instruction(self, slot: int) -> str:
        return f"Instruction of slot {slot}."


def circle(radius_m: float, clockwise: bool) -> Route:
    angle = np.arange(120) / radius_m
    side = 1.0 if clockwise else -1.0
    points = np.stack((radius_m * np.sin(angle), side * radius_m * (1 - np.cos(angle))), axis=-1)
    return Route.along(
        points,
        start_index=10,
        start_m=(float(points[10, 0]), float(points[10, 1])),
        half_width_m=4.0,
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Follow."),),
    )


def observed(
    *wanted: str | dict[str, object], route: Route | None = None, at_m: float = 0.0
) -> dict[str, object]:
    """What two sensors of two equal worlds say; the second slot first."""
    network = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (400.0, 0.0)))])
    world = build_world(network, [EGO, *OTHERS])
    episode = Episode(
        scenario="made-up",
        condition="nominal",
        seed=0,
        world=world,
        route=route or circle(50.0, True),
        horizon_s=10.0,
        speed_limit_mps=20.0,
    )
    progress = Halfway([episode] * 2, np.full(2, at_m), np.array([Command.LEFT, Command.CHANGE_RIGHT]))
    return dict(SensorRig(wanted).observe(WorldBatch([world] * 2), progress, np.array([1, 0])))


@pytest.mark.parametrize("name", registry.names("sensor"))
def test_contract(name: str) -> None:
    sensor = load_sensor(name)
    assert sensor.name == name
    assert isinstance(sensor.leaks_label, bool)
    value = observed(name)[name]
    assert isinstance(value, (np.ndarray, list))
    assert len(value) == 2
    for row in value:
        assert sensor.space().contains(row), f"{row} is not in {sensor.space()}"
    if isinstance(value, np.ndarray):
        assert value.dtype == sensor.space().dtype
        assert np.array_equal(value, observed(name)[name])
    options = [field.name for field in dataclasses.fields(sensor) if field.name != "name"]  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Did you mean" if options else "Known"):
        load_sensor(name, {f"{options[0] if options else 'x'}s": 1})


def test_leaking_sensors_are_marked() -> None:
    leaking = {name for name in registry.names("sensor") if load_sensor(name).leaks_label}
    assert leaking == {"yaw-rate", "last-action"}
    assert SensorRig(["front", "last-action", "speed"]).leaks_label == ("last-action",)


def test_rig_orders_and_configures() -> None:
    rig = SensorRig(["speed", {"name": "front", "height": 48, "width": 96}, "instruction"])
    assert list(rig.sensors) == ["speed", "front", "instruction"]
    assert rig.space()["front"] == gymnasium.spaces.Box(0, 255, (3, 48, 96), np.uint8)
    assert rig.space(5)["front"].shape == (5, 3, 48, 96)
    assert observed("instruction")["instruction"] == ["Instruction of slot 1.", "Instruction of slot 0."]
    one_hot = observed("command")["command"]
    assert np.array_equal(np.argmax(one_hot, axis=1), [Command.CHANGE_RIGHT, Command.LEFT])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["frnt"], "Did you mean 'front'"),
        ([{"name": "front", "heigth": 48}], "Did you mean 'height'"),
        ([{"name": "front", "height": 4}], "height is 4; expected 8 to 1,080"),
        ([{"name": "front", "width": 96.5}], "width is 96.5; expected a whole number"),
        ([{"name": "front", "yaw_deg": "left"}], "yaw_deg is 'left'; expected a number"),
        ([{"name": "kinematics", "vehicles": True}], "vehicles is True; expected a whole number"),
        ([{"height": 48}], "expected its name"),
        (["front", "front"], "asked for twice"),
        ([], "at least one of: command, front"),
    ],
)
def test_rig_explains_itself(wanted: list[str | dict[str, object]], message: str) -> None:
    with pytest.raises((ConfigurationError, UnknownNameError), match=message.replace("(", r"\(")):
        SensorRig(wanted)


def test_kinematics_by_hand() -> None:
    table = observed({"name": "kinematics", "vehicles": 5})["kinematics"]
    c, s = math.cos(0.25), math.sin(0.25)

    def row(dx: float, dy: float, speed: float) -> list[float]:
        vx, vy = speed - 12.0 * c, -12.0 * s
        return [1.0, dx * c + dy * s, dy * c - dx * s, vx * c + vy * s, vy * c - vx * s]

    wanted = [row(-5.0, 3.0, 9.0), row(10.0, 3.0, 0.0), row(30.0, -1.0, 15.0), [0.0] * 5, [0.0] * 5]
    assert table == pytest.approx(np.array([wanted] * 2), abs=1e-5)
    nearest = observed({"name": "kinematics", "vehicles": 1})["kinematics"]
    assert nearest == pytest.approx(np.array([wanted[:1]] * 2), abs=1e-5)


@pytest.mark.parametrize("clockwise", [True, False])
def test_route_geometry_of_a_circle(clockwise: bool) -> None:
    route = circle(50.0, clockwise)
    at = int(np.searchsorted(route.arc_m, 30.0))
    geometry = observed(
        {"name": "route-geometry", "points": 4}, route=route, at_m=float(route.arc_m[at]) + 1e-9
    )["route-geometry"]
    (x, y), (dx, dy) = route.points_m[at], route.points_m[at + 1] - route.points_m[at]
    along = np.array([dx, dy]) / math.hypot(dx, dy)
    lateral = (1.0 - y) * along[0] - (50.0 - x) * along[1]
    error = 0.25 - math.atan2(along[1], along[0])
    curvature = 0.02 if clockwise else -0.02
    wanted = [lateral, (error + math.pi) % (2 * math.pi) - math.pi, *[curvature] * 4]
    assert geometry == pytest.approx(np.array([wanted] * 2), abs=2e-5)


def test_motion_of_the_ego() -> None:
    network = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (400.0, 0.0)))])
    world = build_world(network, [EGO])
    worlds = WorldBatch([world])
    progress = Halfway([], np.zeros(1), np.zeros(1, np.int64))
    rig, slots = SensorRig(["speed", "yaw-rate", "last-action"]), np.zeros(1, np.int64)
    before = rig.observe(worlds, progress, slots)
    assert before["speed"] == pytest.approx(np.array([[12.0]]))
    assert before["yaw-rate"] == pytest.approx(np.array([[0.0]]))
    assert before["last-action"] == pytest.approx(np.array([[0.0, 0.0]]))
    worlds.step(quantise([[0.6, -0.2]]))
    after = rig.observe(worlds, progress, slots)
    assert after["speed"] == pytest.approx(np.array([[12.0 + 0.6 * 5.0 * SUBSTEPS * TIME_STEP_S]]), abs=1e-3)
    slip = math.atan(0.5 * math.tan(-0.2 * math.pi / 4))
    speed = 12.0 + 0.6 * 5.0 * (SUBSTEPS - 1) * TIME_STEP_S
    assert after["yaw-rate"] == pytest.approx(np.array([[speed * math.sin(slip) / 2.5]]), rel=1e-3)
    assert after["last-action"] == pytest.approx(np.array([[0.6, -0.2]]), abs=1e-4)


def test_a_monitor_is_progress() -> None:
    episodes = [load_scenario("roundabout-v1").episode(seed) for seed in (1, 2)]
    worlds = WorldBatch([episode.world for episode in episodes])
    rig = SensorRig(["command", "instruction", "route-geometry", "speed"])
    seen = rig.observe(worlds, Monitor(worlds, episodes), np.arange(2))
    space = rig.space(2)
    assert isinstance(seen["route-geometry"], np.ndarray)
    assert (np.abs(seen["route-geometry"][:, :2]) < 1.0).all()
    assert space.contains({**seen, "instruction": tuple(seen["instruction"])})
