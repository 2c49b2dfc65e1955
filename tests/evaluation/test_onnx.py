"""ONNX submissions: which models may drive, and that one drives with what it remembers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from drivebench.errors import DataError
from drivebench.onnx_graph import LARGEST_AXIS_PRODUCT, OPERATOR_SETS, OPERATORS, read_graph
from drivebench.onnx_policy import load
from drivebench.submission_codes import Code, ContentError

SENSORS = ["route-geometry", "speed"]
FLOAT = TensorProto.FLOAT
MEMORY = """
<ir_version: 10, opset_import: ["": 21]>
counter (float[n, 10] route_geometry, float[n, 1] speed, float[n, 1] memory_count)
    => (float[n, 2] actions, float[n, 1] next_count)
<float one = {1.0}, float share = {0.01}>
{
    next_count = Add (memory_count, one)
    counted = Mul (next_count, share)
    hurried = Mul (speed, share)
    actions = Concat <axis = 1> (counted, hurried)
}
"""


def value(name: str, *shape: Any, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def model(
    *nodes: onnx.NodeProto,
    inputs: tuple[onnx.ValueInfoProto, ...] = (value("route-geometry", "n", 10), value("speed", "n", 1)),
    outputs: tuple[onnx.ValueInfoProto, ...] = (value("actions", "n", 2),),
    weights: tuple[onnx.TensorProto, ...] = (),
    opset: int = 21,
    **more: Any,
) -> bytes:
    """A model, of no use but well formed where the test does not want it otherwise."""
    nodes = nodes or (helper.make_node("Concat", ["speed", "speed"], ["actions"], axis=1),)
    graph = helper.make_graph(list(nodes), "test", list(inputs), list(outputs), list(weights))
    domains = [helper.make_opsetid("", opset), *more.pop("domains", [])]
    return helper.make_model(graph, opset_imports=domains, **more).SerializeToString()


def outside() -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../secret")
    return tensor


def constant(tensor: onnx.TensorProto) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["w"], value=tensor)


def huge() -> onnx.TensorProto:
    return TensorProto(name="w", data_type=FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"1234")


def short() -> onnx.TensorProto:
    return TensorProto(name="w", data_type=FLOAT, dims=[4096], raw_data=b"1234")


BRANCH = helper.make_graph([], "branch", [], [value("x", 1)])

REFUSED: dict[str, tuple[Code, bytes, str]] = {
    "no model": (Code.ONNX, b"\xff" * 64, "no model"),
    "a pickle": (Code.ONNX, b"\x80\x04K\x01.", "no model"),
    "an empty file": (Code.ONNX, b"", "no operators"),
    "a loop": (
        Code.ONNX_OPERATOR,
        model(helper.make_node("Loop", ["", "", "speed"], ["actions"], body=BRANCH)),
        "Loop",
    ),
    "a branch hidden in another operator": (
        Code.ONNX_OPERATOR,
        model(helper.make_node("Relu", ["speed"], ["actions"], body=BRANCH)),
        "within Relu",
    ),
    "random numbers": (
        Code.ONNX_OPERATOR,
        model(helper.make_node("RandomNormalLike", ["speed"], ["actions"])),
        "RandomNormalLike",
    ),
    "an operator of a custom library": (
        Code.ONNX_OPERATOR,
        model(
            helper.make_node("Relu", ["speed"], ["actions"], domain="evil"),
            domains=[helper.make_opsetid("evil", 1)],
        ),
        "evil.Relu",
    ),
    "a function of its own": (
        Code.ONNX_OPERATOR,
        model(functions=[helper.make_function("f", "Mine", [], [], [], [helper.make_opsetid("", 21)])]),
        "'Mine'",
    ),
    "an operator set of the future": (Code.ONNX_OPERATOR, model(opset=99), "operator set 99"),
    "weights in another file": (Code.ONNX_EXTERNAL, model(weights=(outside(),)), "another file"),
    "a constant in another file": (Code.ONNX_EXTERNAL, model(constant(outside())), "another file"),
    "weights of 4 TiB": (Code.ONNX_TENSOR, model(weights=(huge(),)), "1048576"),
    "weights that are not there": (Code.ONNX_TENSOR, model(weights=(short(),)), "announces"),
    "a constant that is not there": (Code.ONNX_TENSOR, model(constant(short())), "announces"),
    "a text": (Code.ONNX_TENSOR, model(weights=(helper.make_tensor("w", 8, [1], [b"x"]),)), "not of numbers"),
    "a negative axis": (
        Code.ONNX_TENSOR,
        model(weights=(TensorProto(name="w", data_type=FLOAT, dims=[-1], raw_data=b""),)),
        "[-1]",
    ),
    "a huge memory": (
        Code.ONNX_TENSOR,
        model(inputs=(value("memory_x", 1, LARGEST_AXIS_PRODUCT + 1),)),
        "memory_x",
    ),
    "a sensor too many": (
        Code.ONNX_INPUTS,
        model(inputs=tuple(value(name, "n", 1) for name in ("route-geometry", "speed", "front"))),
        "front",
    ),
    "a sensor too few": (Code.ONNX_INPUTS, model(inputs=(value("speed", "n", 1),)), "the declared sensors"),
    "another output": (Code.ONNX_INPUTS, model(outputs=(value("action", "n", 2),)), "actions"),
    "a memory that is never written": (
        Code.ONNX_INPUTS,
        model(inputs=tuple(value(name, "n", 1) for name in ("route-geometry", "speed", "memory_x"))),
        "next_x",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_model_that_may_not_drive_is_refused_with_its_code(what: str) -> None:
    code, content, named = REFUSED[what]
    with pytest.raises(ContentError, match=re.escape(named)) as caught:
        read_graph(content, SENSORS)
    assert caught.value.code is code
    assert isinstance(caught.value, DataError)


def test_the_allow_list_is_of_operators_that_there_are_and_none_that_could_do_harm() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    assert known >= OPERATORS
    assert not OPERATORS & {"If", "Loop", "Scan", "Bernoulli", "Multinomial", "Dropout", "ImageDecoder"}
    assert not {name for name in OPERATORS if name.startswith(("Random", "Sequence", "Optional", "String"))}
    assert OPERATOR_SETS[-1] <= onnx.defs.onnx_opset_version()


def written(folder: Path, content: bytes) -> Path:
    (folder / "submission.toml").write_text(f'onnx = "p.onnx"\nsensors = {SENSORS}\n')
    (folder / "p.onnx").write_bytes(content)
    return folder


def test_it_remembers_by_slot_and_forgets(tmp_path: Path) -> None:
    policy = load(written(tmp_path, onnx.parser.parse_model(MEMORY).SerializeToString()))
    route, speed = np.zeros((3, 10), np.float32), np.array([[1.0], [2.0], [3.0]], np.float32)
    policy.reset(np.arange(3))

    def act(*slots: int) -> list[list[float]]:
        seen = {"route-geometry": route[: len(slots)], "speed": speed[: len(slots)]}
        return policy.act(seen, np.array(slots)).round(4).tolist()

    assert act(0, 1, 2) == pytest.approx(np.array([[0.01, 0.01], [0.01, 0.02], [0.01, 0.03]]))
    assert [row[0] for row in act(2, 0)] == pytest.approx([0.02, 0.02])
    policy.reset(np.array([0]))
    assert [row[0] for row in act(0, 1, 2)] == pytest.approx([0.01, 0.02, 0.03])


def test_what_onnxruntime_does_not_take_has_a_code(tmp_path: Path) -> None:
    wrong = model(helper.make_node("MatMul", ["nothing", "speed"], ["actions"]))
    with pytest.raises(ContentError, match="onnxruntime") as caught:
        load(written(tmp_path, wrong))
    assert caught.value.code is Code.ONNX
