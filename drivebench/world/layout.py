"""Where each quantity of a world stands in its arrays.

A world is a handful of arrays, so that a compiled step can run over contiguous rows. One network has a row
per lane (``lane_float``, ``lane_int``); one world has a row per attribute and a column per entity
(``entity_float``, ``entity_int``), and one short row of quantities of the whole world (``world_float``,
``world_int``). The enumerations below are the row and column numbers; kernels see them as constants.
"""

from enum import IntEnum

__all__ = [
    "EntityFloat",
    "EntityInt",
    "EntityKind",
    "LaneFloat",
    "LaneInt",
    "LaneKind",
    "RandomInt",
    "WorldFloat",
    "WorldInt",
]


class EntityKind(IntEnum):
    """What an entity is, and thereby how it moves and how others see it."""

    EGO = 0
    """The car under test: continuous control, never in reverse; others see it as any other driver."""
    IDM = 1
    """Traffic: car following by IDM, lane changes by MOBIL (highway-env ``IDMVehicle``)."""
    CONTROLLED = 2
    """Follows a target lane and speed, takes meta-actions (highway-env ``MDPVehicle``)."""
    PLAIN = 3
    """highway-env's ``Vehicle`` under ``ContinuousAction`` with all of its quirks; for parity tests."""
    LINEAR = 4
    """Traffic whose controllers are linear in their gains (highway-env ``LinearVehicle``), lanes by MOBIL."""
    BICYCLE = 5
    """A car with tyre forces and slip under continuous control (highway-env ``BicycleVehicle``)."""
    OBSTACLE = 6
    """A solid object that does not move; kinds below this one are vehicles."""
    LANDMARK = 7
    """A place to be reached: neither solid nor seen by traffic."""


class LaneKind(IntEnum):
    """Shape of a lane's centre line."""

    STRAIGHT = 0
    SINE = 1
    CIRCULAR = 2
    POLYLINE = 3
    """Straight pieces between points (highway-env ``PolyLane`` and ``PolyLaneFixedWidth``)."""


class LaneFloat(IntEnum):
    """Columns of ``lane_float``; SI units, radians."""

    ORIGIN_X = 0
    """Start of a straight or sine lane, centre of a circular one."""
    ORIGIN_Y = 1
    DIRECTION_X = 2
    """Unit vector along a straight or sine lane."""
    DIRECTION_Y = 3
    LATERAL_X = 4
    """Unit vector to the right of it."""
    LATERAL_Y = 5
    HEADING = 6
    AMPLITUDE = 7
    """Sine lanes: lateral offset is AMPLITUDE * sin(PULSATION * s + PHASE)."""
    PULSATION = 8
    PHASE = 9
    RADIUS = 10
    START_PHASE = 11
    """Circular lanes: angle of the start as seen from the centre."""
    TURN = 12
    """Circular lanes: +1 clockwise (to the right), -1 counter-clockwise."""
    LENGTH = 13
    WIDTH = 14
    """Where it changes along the lane (``LaneInt.WIDTHS``), the largest one."""
    SPEED_LIMIT = 15
    """NaN when the lane has none."""
    OFFSET = 16
    """First of the longitudinal offsets of the connected lanes; the lane itself comes first with 0. Behind
    them stand the samples of polyline lanes (see ``LaneInt.SAMPLES``)."""


class LaneInt(IntEnum):
    """Columns of ``lane_int``."""

    KIND = 0
    FORBIDDEN = 1
    ID = 2
    """Number of the lane on its road, from the left."""
    FROM = 3
    """Node at which its road begins."""
    TO = 4
    ROAD_FIRST = 5
    """Row of lane 0 of the same road."""
    ROAD_LANES = 6
    LINE_LEFT = 7
    """highway-env ``LineType``: 0 none, 1 striped, 2 continuous, 3 continuous line."""
    LINE_RIGHT = 8
    PRIORITY = 9
    """Right of way at regulated crossings; the higher number goes first."""
    EXIT = 10
    """Whether vehicles of open traffic leave near the end of this lane."""
    SAMPLES = 11
    """Polyline lanes: column of ``lane_float`` at which their samples begin."""
    KNOTS = 12
    """Polyline lanes: how many points they were given."""
    POSES = 13
    """Polyline lanes: how many poses, one metre apart, stand for the curve."""
    WIDTHS = 14
    """Polyline lanes: how many widths, about one metre apart; 0 where the width is constant."""
    NEIGHBOURS = 15
    """How many lanes are searched for neighbours: itself and the connected ones."""
    NEIGHBOUR = 16
    """First of the rows of these lanes."""


class EntityFloat(IntEnum):
    """Rows of ``entity_float``; SI units, radians."""

    X = 0
    Y = 1
    HEADING = 2
    SPEED = 3
    STEERING = 4
    """Front wheel angle that acts now."""
    ACCELERATION = 5
    TIMER = 6
    """Time since the last decision about a lane change."""
    TARGET_SPEED = 7
    DELTA = 8
    """Exponent of IDM's velocity term."""
    IMPACT_X = 9
    """Displacement by a collision that the next step applies."""
    IMPACT_Y = 10
    LENGTH = 11
    WIDTH = 12
    DIAGONAL = 13
    MAX_SPEED = 14
    MIN_SPEED = 15
    COS = 16
    """Cosine of the heading; kept by the step."""
    SIN = 17
    LATERAL_SPEED = 18
    """BICYCLE: speed to the right, m/s."""
    YAW_RATE = 19
    """BICYCLE: rad/s."""
    TARGET_SPEED_GAIN = 20
    """LINEAR: the gains of the acceleration on its three features, then of the steering on its two."""
    SPEED_DIFFERENCE_GAIN = 21
    GAP_GAIN = 22
    HEADING_GAIN = 23
    LATERAL_GAIN = 24


class EntityInt(IntEnum):
    """Rows of ``entity_int``; truth values are 0 and 1."""

    KIND = 0
    LANE = 1
    """Row of the closest lane."""
    TARGET_LANE = 2
    CRASHED = 3
    HIT = 4
    """A landmark was reached."""
    HAS_IMPACT = 5
    CHECK_COLLISIONS = 6
    COLLIDABLE = 7
    SOLID = 8
    LANE_CHANGES = 9
    """Whether a vehicle of the traffic (IDM, LINEAR) may change lanes."""
    ROUTE_START = 10
    """Next entry of its route."""
    ROUTE_LEFT = 11
    """Entries of its route that are left."""
    SPEED_INDEX = 12
    """CONTROLLED: index of its target speed."""
    AGENT = 13
    """Which of the controlled vehicles it is, -1 for none of them."""
    YIELDING = 14
    """Whether a regulated road has stopped it to give way."""
    IDENTITY = 15
    """A number that it keeps when its column changes because others leave."""


class WorldFloat(IntEnum):
    """Columns of ``world_float``: the parameters of the traffic, SI units (see ``TrafficParameters``)."""

    DISTANCE_WANTED = 0
    TIME_WANTED = 1
    COMFORT_ACCELERATION = 2
    COMFORT_BRAKING = 3
    MAX_ACCELERATION = 4
    POLITENESS = 5
    MIN_GAIN = 6
    MAX_BRAKING_IMPOSED = 7
    LANE_CHANGE_DELAY = 8
    APPROACH_SCALE = 9
    """Derived: twice the root of comfortable acceleration times braking, IDM's divisor of the approach."""
    TIME_STEP = 10
    """Of one simulation step, s."""
    ENTRY_PROBABILITY = 11
    """Open traffic: how likely a vehicle is to appear between two decisions."""
    ENTRY_GAINS = 12
    """Open traffic of LINEAR vehicles: lower bounds of the five gains, then their upper bounds."""
    TARGET_SPEEDS = 22
    """First of up to ``MAX_TARGET_SPEEDS`` target speeds of CONTROLLED vehicles."""


class WorldInt(IntEnum):
    """Columns of ``world_int``."""

    NETWORK = 0
    """Its network in the pool of the batch."""
    LANES = 1
    ENTITIES = 2
    VEHICLES = 3
    """Entities [0, VEHICLES) are vehicles; the others are obstacles and landmarks."""
    EGO = 4
    """-1 in a world without ego."""
    TARGET_SPEEDS = 5
    """How many target speeds CONTROLLED vehicles have."""
    STRUCK = 6
    """The entity that touched the ego first, -1 if none did."""
    SUBSTEPS = 7
    """Simulation steps of a decision."""
    REGULATION_PERIOD = 8
    """Regulated roads: simulation steps between two rounds of giving way; 0 on others."""
    ROAD_STEPS = 9
    """Simulation steps since the road was made, warm-up included."""
    DECISIONS = 10
    """Decisions since the start of the episode."""
    ENTRIES = 11
    """Open traffic: how many lanes vehicles can appear on; 0 where the traffic is closed."""
    NEXT_IDENTITY = 12
    """Of the next vehicle that appears."""
    ENTRY_KIND = 13
    """Open traffic: kind of the vehicles that appear."""
    TRACE_CRASHED = 14
    """First of one column per traced sub-step of the last decision: had the ego crashed?"""


class RandomInt(IntEnum):
    """Columns of ``random``: the state of one stream of random numbers (NumPy's PCG64), 64 bits each."""

    STATE_HIGH = 0
    STATE_LOW = 1
    INCREMENT_HIGH = 2
    INCREMENT_LOW = 3
    HAS_HALF = 4
    """Whether half of the last draw is left for the next 32-bit number."""
    HALF = 5


MAX_TARGET_SPEEDS = 8
GAINS = 5
"""Of a LINEAR vehicle: three of its acceleration, two of its steering."""
