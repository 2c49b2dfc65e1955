"""Every threshold of the score, once, with its source.

Sources: *nuPlan* is https://github.com/motional/nuplan-devkit (``docs/metrics_description.md`` and the
configuration under ``config/common/simulation_metric``), *NAVSIM* https://github.com/autonomousvision/navsim
(``docs/metrics.md``).
"""

__all__ = [
    "AGAINST_HALF_M",
    "AGAINST_ZERO_M",
    "BRAKING_WINDOW_S",
    "CAUSE_GAP_M",
    "CAUSE_LATERAL_M",
    "CAUSE_TIME_S",
    "CROSSING_S",
    "FLOW_RADIUS_M",
    "FLOW_SHARE",
    "FULL_PROGRESS",
    "HARD_BRAKING_MPS2",
    "LANE_CHANGE_WINDOW_S",
    "LATE_PROGRESS_CAP",
    "LATE_TIME_FACTOR",
    "LATE_TIME_TOLERANCE_S",
    "MADE_TO_BRAKE_MPS2",
    "MAKING_PROGRESS",
    "MISPARKED_S",
    "OFF_ROAD_DEPTH_M",
    "OFF_ROAD_TIME_S",
    "OFF_ROUTE_M",
    "OVERSPEED_MPS",
    "PARKED_ALONG_M",
    "PARKED_ASIDE_M",
    "PARKED_SINE",
    "SAME_DIRECTION",
    "SHORT_TTC_S",
    "STOPPED_MPS",
    "STOPPED_WINDOW_S",
    "TTC_HORIZON_S",
]

# ------------------------------------------------------------------------------------------- drivable area
OFF_ROAD_DEPTH_M = 0.3
"""A corner that is further off than this is off the drivable area (nuPlan: ``max_violation_threshold``)."""
OFF_ROAD_TIME_S = 0.5
"""Time off the drivable area, in total, that costs the gate. nuPlan allows none; at 15 Hz with a car that
cannot stop within a step, half a second separates a brushed kerb from a way across the grass."""

# --------------------------------------------------------------------------------------- driving direction
AGAINST_HALF_M = 2.0
AGAINST_ZERO_M = 6.0
"""Metres against the direction of travel up to which the part is 1, and beyond which it is 0 (nuPlan)."""
MADE_TO_BRAKE_MPS2 = 2.0
"""Where the lane of the oncoming traffic is open for overtaking, the ego drives against the direction of
travel while the next oncoming driver brakes harder than this for it: the most that a driver of highway-env
imposes on another one by changing lanes (``IDMVehicle.LANE_CHANGE_MAX_BRAKING_IMPOSED``)."""

# ---------------------------------------------------------------------------------------------------- route
OFF_ROUTE_M = 10.0
"""Metres beyond the corridor of the route. CARLA stops a run at 30 m, on roads three to ten times as long."""

# ------------------------------------------------------------------------------------------------- progress
MAKING_PROGRESS = 0.2
"""Progress below this share of the expert's is no progress (nuPlan: ``min_progress_threshold``)."""
FULL_PROGRESS = 0.95
"""Share of the expert's progress that counts as all of it, so that driving like the expert scores 1."""
LATE_TIME_FACTOR = 1.5
"""A goal must be reached within this multiple of the expert's time."""
LATE_TIME_TOLERANCE_S = 1e-6
"""Times are sums of simulation steps; rounding must not decide about the last one."""
LATE_PROGRESS_CAP = 0.8
"""Most that progress can be worth without reaching the goal in that time."""

# -------------------------------------------------------------------------------------------------- parking
PARKED_ALONG_M = 0.5
PARKED_ASIDE_M = 0.25
PARKED_SINE = 0.1
"""How far a parked car's middle may be from that of its place, along and across it, and the sine of the angle
between them. Together they keep a car of 5 m by 2 m inside of the lines of a place of 6.2 m by 3 m: across,
1.0 m + 0.25 m + 2.5 m · 0.1 = 1.5 m; along, 2.5 m + 0.5 m + 1.0 m · 0.1 = 3.1 m."""
MISPARKED_S = 1.0
"""Whoever stands in another free place for so long has parked there."""

# ---------------------------------------------------------------------------------------- time to collision
SHORT_TTC_S = 0.95
"""Time to collision at or below this is too short (nuPlan: ``least_min_ttc``)."""
TTC_HORIZON_S = 3.0
"""How far boxes are swept (nuPlan: ``time_horizon``)."""

# ---------------------------------------------------------------------------------------------- speed limit
OVERSPEED_MPS = 2.23
"""Mean excess over the limit that makes the part 0: 5 mph (nuPlan: ``max_overspeed_value_threshold``)."""

# ------------------------------------------------------------------------------- whose fault a collision is
STOPPED_MPS = 0.05
"""Slower than this is standing (nuPlan: ``stopped_speed_threshold``)."""
HARD_BRAKING_MPS2 = 4.05
"""Braking that a follower need not expect (nuPlan's bound of comfortable braking)."""
BRAKING_WINDOW_S = 1.5
"""How long before a touch braking is looked for, and the ego's speed compared with the flow: the reaction
time that drivers are allowed in rear-end reconstruction, and the time gap of IDM in highway-env."""
STOPPED_WINDOW_S = 1.0
"""How long the ego must have stood, with no cause, for a touch to be blamed on its standing there."""
FLOW_SHARE = 0.7
"""Driving below this share of the traffic's speed, without cause, is obstructing it."""
FLOW_RADIUS_M = 60.0
"""Vehicles up to this far away, in the same direction, are the traffic about the ego."""
LANE_CHANGE_WINDOW_S = 2.0
"""Time after coming into a lane during which the ego answers for being struck there."""
CAUSE_GAP_M = 8.0
CAUSE_TIME_S = 2.5
"""Something in the ego's way nearer than this gap plus this time at the ego's speed is a cause to slow down
or to stop. About twice the gap that IDM wants to a leader of the same speed (10 m + 1.5 s, centre to centre,
in highway-env)."""
CAUSE_LATERAL_M = 1.0
"""Play beside the ego's box, to each side, within which something ahead is in its way."""
SAME_DIRECTION = 0.7
"""Cosine of the largest angle between two headings that go the same way: 45°."""
CROSSING_S = 3
"""How far ahead in time crossing traffic is a cause."""
