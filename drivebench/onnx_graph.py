"""Which ONNX models may drive: those that compute, and do nothing else.

The operators are on an allow-list: tensors in, tensors out, the same for the same. There is none that loops
(a model ends), draws random numbers, or holds texts or sequences; none of another domain than ONNX's own,
which a library would have to bring along; no functions; no data outside of the file. What a tensor announces
it has. All is read before onnxruntime is given the same bytes.

This module runs in the policy's process, where reading a hostile file costs no more than that process.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drivebench.submission_codes import Code, ContentError

__all__ = ["ACTIONS", "MEMORY", "NEXT", "OPERATORS", "Graph", "read_graph"]

ACTIONS = "actions"
MEMORY, NEXT = "memory", "next"
"""An input ``memory_x`` is what the output ``next_x`` was at the decision before, zeros at first."""

LARGEST_BYTES = 512 << 20
MOST_NODES = 20_000
LARGEST_AXIS_PRODUCT = 1 << 28
"""Elements of a tensor whose size the model states; a batch of 32 pictures has a million."""
OPERATOR_SETS = range(13, 27)
"""From torch 1.9 (2021) on; the newest that was looked through for operators with other powers."""

_ALLOWED = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BitShift
BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat
Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DeformConv DepthToSpace
DequantizeLinear Det Div DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU
Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
GridSample GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN
LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul
MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu
Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2
ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
Reshape Resize ReverseSequence RotaryEmbedding Round ScatterElements ScatterND Selu Shape Shrink Sigmoid
Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh
ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
OPERATORS = frozenset(_ALLOWED.split())


@dataclass(frozen=True, kw_only=True)
class Graph:
    """What a model takes and gives.

    Attributes:
        sensors: Name of the input, by sensor.
        memories: Shape of one row, by the name behind ``memory_``.
    """

    sensors: Mapping[str, str]
    memories: Mapping[str, tuple[int, ...]]


def read_graph(content: bytes, sensors: Sequence[str]) -> Graph:
    """Read a model and refuse it unless it may drive.

    Args:
        content: Of the file.
        sensors: That are declared; a sensor ``route-geometry`` may be the input ``route_geometry``.

    Raises:
        ContentError: It may not; code, what was found and what was expected.
    """
    import onnx

    if len(content) > LARGEST_BYTES:
        raise ContentError(
            Code.TOO_LARGE, f"the ONNX file has {len(content)} bytes; expected {LARGEST_BYTES} or fewer"
        )
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's, which differ with its implementation
        raise ContentError(
            Code.ONNX,
            f"the ONNX file is no model: {str(error)[:200]}. Expected what torch.onnx.export gives.",
        ) from error
    graph = model.graph
    if not graph.node or not graph.output:
        raise ContentError(Code.ONNX, "the ONNX file is no model: it has no operators or no outputs")
    _check_operators(model)
    _check_tensors(graph)
    return _check_ends(graph, sensors)


def _check_operators(model: Any) -> None:
    for used in model.opset_import:
        if used.domain in {"", "ai.onnx"} and used.version not in OPERATOR_SETS:
            raise _operator(
                f"operator set {used.version}; expected {OPERATOR_SETS.start} to {OPERATOR_SETS[-1]}"
            )
    if model.functions:
        raise _operator(f"a function {model.functions[0].name[:80]!r} of its own; expected it to be inlined")
    if len(model.graph.node) > MOST_NODES:
        raise _operator(f"{len(model.graph.node)} operators; expected {MOST_NODES} or fewer")
    for node in model.graph.node:
        if node.domain not in {"", "ai.onnx"} or node.op_type not in OPERATORS:
            domain = f"{node.domain[:80]}." if node.domain else ""
            raise _operator(f"the operator {domain}{node.op_type[:80]}; expected one of the allow-list")


def _operator(problem: str) -> ContentError:
    return ContentError(Code.ONNX_OPERATOR, f"the ONNX model has {problem}.")


def _check_tensors(graph: Any) -> None:
    """Data lies in the file, is what was announced, and is of a type that is a number."""
    if graph.sparse_initializer:
        raise ContentError(Code.ONNX_TENSOR, "the ONNX model has sparse weights; expected dense ones")
    for tensor in _tensors(graph):
        name = tensor.name[:80] or "a constant"
        if tensor.data_location or tensor.external_data:
            raise ContentError(
                Code.ONNX_EXTERNAL,
                f"the tensor {name!r} of the ONNX model lies in another file; expected all data in one file",
            )
        _check_tensor(tensor, name)
    for value in (*graph.input, *graph.output, *graph.value_info):
        axes = [axis.dim_value for axis in value.type.tensor_type.shape.dim if axis.HasField("dim_value")]
        _check_size(axes, value.name)


def _tensors(graph: Any) -> Iterable[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs or attribute.sparse_tensors:
                raise _operator(f"a graph or sparse tensor within {node.op_type[:80]}; expected none")
            if attribute.HasField("sparse_tensor"):
                raise _operator(f"a sparse tensor within {node.op_type[:80]}; expected none")
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _check_tensor(tensor: Any, name: str) -> None:
    from onnx import TensorProto
    from onnx.helper import tensor_dtype_to_np_dtype

    elements = _check_size(tensor.dims, name)
    if tensor.data_type in {TensorProto.STRING, TensorProto.UNDEFINED}:
        raise ContentError(Code.ONNX_TENSOR, f"the tensor {name!r} of the ONNX model is not of numbers")
    try:
        width = tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except KeyError as error:
        raise ContentError(Code.ONNX_TENSOR, f"the tensor {name!r} is of an unknown type") from error
    if tensor.HasField("raw_data"):
        given, wanted = len(tensor.raw_data), elements * width
        narrow = -(-elements // 2)  # types of 4 bits are packed
        if given not in {wanted, narrow if width == 1 else wanted}:
            raise _announced(name, tensor.dims, given, "bytes")
    else:
        values = (
            tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data
        )  # fmt: skip
        if max(len(field) for field in values) not in {elements, 2 * elements, -(-elements // 2)}:
            raise _announced(name, tensor.dims, max(len(field) for field in values), "numbers")


def _announced(name: str, axes: Sequence[int], given: int, what: str) -> ContentError:
    return ContentError(
        Code.ONNX_TENSOR,
        f"the tensor {name!r} of the ONNX model announces the shape {list(axes)[:8]} and has {given} {what}; "
        "expected as much as it announces",
    )


def _check_size(axes: Sequence[int], name: str) -> int:
    """Number of elements."""
    elements = math.prod(axes)
    if any(axis < 0 for axis in axes) or elements > LARGEST_AXIS_PRODUCT:
        raise ContentError(
            Code.ONNX_TENSOR,
            f"the tensor {name[:80]!r} of the ONNX model has the shape {list(axes)[:8]}; expected at most "
            f"{LARGEST_AXIS_PRODUCT} elements",
        )
    return elements


def _check_ends(graph: Any, sensors: Sequence[str]) -> Graph:
    """Inputs are the declared sensors and what is remembered; outputs are actions and what to remember."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = {value.name: value for value in graph.input if value.name not in constants}
    outputs = [value.name for value in graph.output]
    remembered = {name.removeprefix(f"{MEMORY}_") for name in inputs if name.startswith(f"{MEMORY}_")}
    taken = {_sensor_of(name, sensors): name for name in inputs if not name.startswith(f"{MEMORY}_")}
    if set(taken) != set(sensors):
        raise _ends("inputs", sorted(inputs), f"the declared sensors {', '.join(sensors)}")
    expected = {ACTIONS, *(f"{NEXT}_{name}" for name in remembered)}
    if set(outputs) != expected or len(outputs) != len(expected):
        raise _ends("outputs", sorted(outputs), f"{', '.join(sorted(expected))}")
    memories = {}
    for name in sorted(remembered):
        axes = inputs[f"{MEMORY}_{name}"].type.tensor_type.shape.dim
        if not axes or not all(axis.HasField("dim_value") for axis in list(axes)[1:]):
            raise _ends("a memory of unknown shape", [name], "an axis for slots, and numbers behind it")
        memories[name] = tuple(axis.dim_value for axis in list(axes)[1:])
    return Graph(sensors=taken, memories=memories)


def _sensor_of(name: str, sensors: Sequence[str]) -> str:
    return name if name in sensors else name.replace("_", "-")


def _ends(what: str, given: Sequence[str], expected: str) -> ContentError:
    names = ", ".join(name[:40] for name in given[:20])
    return ContentError(Code.ONNX_INPUTS, f"the ONNX model has {what}: {names}; expected {expected}")
