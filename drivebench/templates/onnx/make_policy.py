"""Makes ``policy.onnx``: a rule that keeps its lane and its speed, written as an ONNX graph.

    pip install 'drivebench[onnx]'
    python make_policy.py

A network comes from ``torch.onnx.export`` instead, or from any other tool. What counts are the names: the
inputs are the sensors of ``submission.toml`` (``route_geometry`` for ``route-geometry``), the output is
``actions``. An input ``memory_cruise`` is the output ``next_cruise`` of the decision before, zeros when an
episode begins.
"""

from pathlib import Path

import onnx

GRAPH = """
<ir_version: 10, opset_import: ["": 21]>
lane_keeper (float[n, 10] route_geometry, float[n, 1] speed, float[n, 1] memory_cruise)
    => (float[n, 2] actions, float[n, 1] next_cruise)
<
    int64[1] offset = {0}, int64[1] heading = {1}, int64[1] here = {2}, int64[1] in_10_m = {3},
    int64[4] ahead = {2, 3, 4, 5}, int64[1] columns = {1},
    float zero = {0.0}, float one = {1.0}, float two = {2.0}, float minus_one = {-1.0},
    float lowest_cruise_mps = {5.0}, float lateral_mps2 = {2.0}, float straight = {0.0001},
    float look_ahead = {0.03}, float shortest_return_m = {5.0},
    float half_length_m = {2.5}, float sharpest = {0.44}, float sharpest_left = {-0.44},
    float steering_range_rad = {0.7853982}, float gain = {0.6}, float fourth = {4.0}
>
{
    # the speed at which the episode began, remembered
    is_new = Equal (memory_cruise, zero)
    first_mps = Max (speed, lowest_cruise_mps)
    next_cruise = Where (is_new, first_mps, memory_cruise)

    # curvature that leads back to the route: offset and heading error die out together
    offset_m = Gather <axis = 1> (route_geometry, offset)
    heading_rad = Gather <axis = 1> (route_geometry, heading)
    bend_here = Gather <axis = 1> (route_geometry, here)
    bend_in_10_m = Gather <axis = 1> (route_geometry, in_10_m)
    change = Sub (bend_in_10_m, bend_here)
    tenths = Mul (speed, look_ahead)
    share_ahead = Clip (tenths, zero, one)
    changed = Mul (change, share_ahead)
    bend = Add (bend_here, changed)
    return_m = Max (speed, shortest_return_m)
    square = Mul (return_m, return_m)
    from_offset = Div (offset_m, square)
    twice = Mul (heading_rad, two)
    from_heading = Div (twice, return_m)
    less = Sub (bend, from_offset)
    curvature = Sub (less, from_heading)

    # the steering angle of highway-env's bicycle for it
    product = Mul (curvature, half_length_m)
    sine = Clip (product, sharpest_left, sharpest)
    slip = Asin (sine)
    tangent = Tan (slip)
    doubled = Mul (tangent, two)
    angle_rad = Atan (doubled)
    steering = Div (angle_rad, steering_range_rad)

    # the remembered speed, or less where the bends of the next 30 m ask for it
    near = Gather <axis = 1> (route_geometry, ahead)
    sizes = Abs (near)
    largest = ReduceMax (sizes, columns)
    bent = Max (largest, straight)
    limit_square = Div (lateral_mps2, bent)
    limit_mps = Sqrt (limit_square)
    wanted_mps = Min (next_cruise, limit_mps)
    share = Div (speed, wanted_mps)
    power = Pow (share, fourth)
    left = Sub (one, power)
    acceleration = Mul (left, gain)

    both = Concat <axis = 1> (acceleration, steering)
    actions = Clip (both, minus_one, one)
}
"""

if __name__ == "__main__":
    model = onnx.parser.parse_model(GRAPH)
    onnx.checker.check_model(model)
    out = Path(__file__).with_name("policy.onnx")
    out.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{out.name}: {len(model.graph.node)} operators")  # noqa: T201
