"""ONNX files: what they take and give, read from the file alone, and dynamic quantisation taken back.

Field numbers: onnx.proto3 of the ONNX project.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.engine.protobuf import Fields, Malformed, Value, encode, fields, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, ...]
"""Sides of a tensor; 0 where the side is open."""

_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1"), 6: np.dtype("<i4")}


@dataclass(frozen=True, slots=True)
class Signature:
    """Shapes of a network's first input and of its outputs."""

    takes: Shape
    gives: tuple[Shape, ...]


def signature(path: Path) -> Signature:
    """Read without loading the weights. Raises Malformed (a ValueError) or OSError."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise Malformed("the file is empty")
        # Not closed by hand: after an error views into it are still held by the traceback.
        return _signature(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _signature(data: mmap.mmap) -> Signature:
    whole = memoryview(data)
    inputs, gives, weights = [], [], set()
    graph = next((value for number, value in fields(whole) if number == _GRAPH), None)
    for number, value in fields(graph) if isinstance(graph, memoryview) else ():
        if not isinstance(value, memoryview):
            continue
        if number == _INPUT:
            inputs.append(_shape(value))
        elif number == _OUTPUT:
            gives.append(_shape(value)[1])
        elif number == _INITIALIZER:  # older files list their weights among the inputs
            weights.add(_text(value, 8))
    real = [shape for name, shape in inputs if name not in weights]
    if not real or not gives:
        raise Malformed("the file holds no network")
    return Signature(real[0], tuple(gives))


def _text(message: memoryview | bytes, wanted: int) -> str:
    for number, value in fields(message):
        if number == wanted and not isinstance(value, int):
            return bytes(value).decode("utf-8", "replace")
    return ""


def _shape(value_info: memoryview | bytes) -> tuple[str, Shape]:
    """ValueInfoProto -> name and shape: type (2) . tensor_type (1) . shape (2) . dim (1) . dim_value (1)."""
    name, inner = "", [bytes(value_info)]
    name = _text(value_info, 1)
    for wanted in (2, 1, 2):
        inner = [bytes(v) for part in inner for n, v in fields(part) if n == wanted and not isinstance(v, int)]
    dims = [bytes(v) for part in inner for n, v in fields(part) if n == 1 and not isinstance(v, int)]
    sides = (next((v for n, v in fields(dim) if n == 1 and isinstance(v, int)), 0) for dim in dims)
    return name, tuple(side if side < 1 << 31 else 0 for side in sides)


@dataclass(slots=True)
class _Node:
    """NodeProto: what it reads, what it makes, and everything else untouched."""

    kind: str
    takes: list[str]
    gives: list[str]
    rest: Fields = field(default_factory=list)

    def encoded(self) -> bytes:
        names: Fields = [(1, name.encode()) for name in self.takes]
        names += [(2, name.encode()) for name in self.gives]
        return encode([*names, (4, self.kind.encode()), *self.rest])


def without_dynamic_quantisation(data: bytes) -> bytes:
    """The model with ConvInteger and MatMulInteger back as Conv and MatMul on float weights; others
    unchanged.

    Dynamic quantisation takes one scale over the whole batch, so a face's embedding would depend on the faces
    beside it; and ONNX Runtime's integer convolution is some ten times slower than the float one
    (docs/decisions/0013). Raises Malformed.
    """
    if b"ConvInteger" not in data and b"MatMulInteger" not in data:
        return data
    message: Fields = [(number, _kept(value)) for number, value in fields(data)]
    at = next((row for row, (number, _) in enumerate(message) if number == _GRAPH), None)
    if at is None:
        raise Malformed("the file holds no network")
    graph: Fields = [(number, _kept(value)) for number, value in fields(_bytes(message[at][1]))]
    nodes = [_node(_bytes(value)) for number, value in graph if number == _NODE]
    tensors = {_text(_bytes(v), 8): _bytes(v) for number, v in graph if number == _INITIALIZER}
    new_nodes, new_tensors = _rewritten(nodes, tensors)
    outputs = {_text(_bytes(value), 1) for number, value in graph if number == _OUTPUT}
    rest = [(number, value) for number, value in graph if number not in (_NODE, _INITIALIZER)]
    used = _needed(new_nodes, outputs)
    names = {name for node in used for name in node.takes}
    kept_tensors = [value for name, value in {**tensors, **new_tensors}.items() if name in names]
    new_graph: Fields = [(_NODE, node.encoded()) for node in used]
    new_graph += [(_INITIALIZER, value) for value in kept_tensors]
    message[at] = (_GRAPH, encode(new_graph + rest))
    return encode(message)


def _rewritten(nodes: list[_Node], tensors: dict[str, bytes]) -> tuple[list[_Node], dict[str, bytes]]:
    """Each integer product and the arithmetic behind it as one float product; the old nodes stay, unused.

    The pattern is that of ONNX Runtime's dynamic quantiser: x -> DynamicQuantizeLinear -> ConvInteger [-> Add
    bias] -> Cast -> Mul by (scale of x times scale of the weights).
    """
    makers = {name: node for node in nodes for name in node.gives}
    readers: dict[str, list[_Node]] = {}
    for node in nodes:
        for name in node.takes:
            readers.setdefault(name, []).append(node)
    out, made = [], {}
    for node in nodes:
        out.append(node)
        if node.kind not in ("ConvInteger", "MatMulInteger"):
            continue
        source, weights = makers[node.takes[0]].takes[0], node.takes[1]
        scales, bias, last = _behind(node, readers, makers)
        scale = next(_array(tensors[name]) for name in scales.takes if name in tensors)
        zero = _array(tensors[node.takes[3]]) if len(node.takes) > 3 else np.zeros(1)
        values = (_array(tensors[weights]).astype(np.float32) - zero.astype(np.float32)) * scale.astype(np.float32)
        name = f"{weights}_float"
        made[name] = _tensor(name, values.astype(np.float32))
        takes = [source, name] + ([bias] if bias else [])
        kind = "Conv" if node.kind == "ConvInteger" else "MatMul"
        last.gives, gives = [f"{last.gives[0]}_unused"], last.gives
        out.append(_Node(kind, takes, gives, [(n, v) for n, v in node.rest if n == 5]))
    return _in_order(out), made


def _behind(node: _Node, readers: dict[str, list[_Node]], makers: dict[str, _Node]) -> tuple[_Node, str, _Node]:
    """(the Mul that makes the scales, name of the float bias or "", the last Mul)."""
    step, bias = readers[node.gives[0]][0], ""
    if step.kind == "Add":
        other = next(name for name in step.takes if name != node.gives[0])
        while makers[other].kind in ("Reshape", "Cast", "Floor"):
            other = makers[other].takes[0]
        bias = makers[other].takes[0]  # Div(bias, scale)
        step = readers[step.gives[0]][0]
    if step.kind != "Cast":
        raise Malformed(f"the quantised network has {step.kind} where Cast was expected")
    last = readers[step.gives[0]][0]
    scales = next(makers[name] for name in last.takes if name != step.gives[0])
    return scales, bias, last


def _in_order(nodes: list[_Node]) -> list[_Node]:
    """Makers before readers; names that nobody makes are inputs and weights."""
    made = {name for node in nodes for name in node.gives}
    ready: set[str] = set()
    waiting, out = list(nodes), []
    while waiting:
        rest = []
        for node in waiting:
            if all(name in ready or name not in made for name in node.takes):
                out.append(node)
                ready.update(node.gives)
            else:
                rest.append(node)
        if len(rest) == len(waiting):
            raise Malformed("the network runs in a circle")
        waiting = rest
    return out


def _needed(nodes: list[_Node], outputs: set[str]) -> list[_Node]:
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.gives):
            kept.append(node)
            wanted.update(node.takes)
    return kept[::-1]


def _node(data: bytes) -> _Node:
    node = _Node("", [], [])
    for number, value in fields(data):
        text = "" if isinstance(value, int) else bytes(value).decode("utf-8", "replace")
        if number == 1:
            node.takes.append(text)
        elif number == 2:
            node.gives.append(text)
        elif number == 4:
            node.kind = text
        else:
            node.rest.append((number, _kept(value)))
    return node


def _array(tensor: bytes) -> NDArray[Any]:
    """TensorProto -> array. Only the types that quantised networks use."""
    dims: list[int] = []
    kind, raw, small = 0, b"", []
    for number, value in fields(tensor):
        if number == 1:
            dims += numbers(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 9 and not isinstance(value, int):
            raw = bytes(value)
        elif number == 4 and not isinstance(value, int):
            raw = bytes(value)  # packed floats are little-endian too
        elif number == 5:
            small += numbers(value)
    if kind not in _TYPES:
        raise Malformed(f"a tensor has the unexpected type {kind}")
    values = np.frombuffer(raw, _TYPES[kind]) if raw else np.array(small).astype(_TYPES[kind])
    return values.reshape(dims)


def _tensor(name: str, values: NDArray[Any]) -> bytes:
    dims: Fields = [(1, side) for side in values.shape]
    return encode([*dims, (2, 1), (8, name.encode()), (9, np.ascontiguousarray(values, "<f4").tobytes())])


def _kept(value: Value | memoryview) -> Value:
    return bytes(value) if isinstance(value, memoryview) else value


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise Malformed("a number stands where a message was expected")
    return value
