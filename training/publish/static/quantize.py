"""8-bit weights in an ONNX graph: a quarter of the bytes, and float32 answers.

Each output channel of a matrix has its own scale; ONNX Runtime multiplies it out once, when it
loads the graph. Activations stay float32: rounded to 8 bits, they gave other texts in a browser
than under Python. The table of embeddings is stored once, though the first layer looks its rows
up and the last multiplies with them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

LEAST_SIZE = 16_384
"""Numbers of a matrix that is worth it."""
LEAST_ROWS = 512
"""Of a table of embeddings of tokens; tables of positions are small."""
TABLE, SCALES = "embeddings/codes", "embeddings/scales"
"""Of the table of embeddings, int8 (width, tokens), and of its scales, float32 (1, tokens)."""


def quantize(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rounds a graph's large weights to 8 bits, in place; returns it."""
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    table = _table_of(graph, weights)
    tied = {
        node.output[0]
        for node in graph.node
        if table and node.op_type == "Transpose" and node.input[0] == table
    }
    before: list[onnx.NodeProto] = []
    if table:
        codes, scales = _rounded(numpy_helper.to_array(weights[table]).T)
        graph.initializer.append(numpy_helper.from_array(codes, TABLE))
        graph.initializer.append(numpy_helper.from_array(scales, SCALES))
    matrices = {node.input[1] for node in _all_nodes(graph) if node.op_type == "MatMul"}
    for name in sorted(matrices & set(weights)):
        array = numpy_helper.to_array(weights[name])
        if array.ndim == 2 and array.size >= LEAST_SIZE:
            codes, scales = _rounded(array)
            graph.initializer.append(numpy_helper.from_array(codes, f"{name}/codes"))
            graph.initializer.append(numpy_helper.from_array(scales, f"{name}/scales"))
            before += _multiplied_out(f"{name}/codes", f"{name}/scales", name)
            graph.initializer.remove(weights[name])
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "Gather" and node.input[0] == table:
            nodes += _looked_up(node)
        elif node.output[0] in tied:
            continue
        elif node.op_type == "MatMul" and node.input[1] in tied:
            nodes += _over_table(node)
        else:
            nodes.append(node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend([*before, *nodes])
    if table:
        graph.initializer.remove(weights[table])
    onnx.checker.check_model(model)
    return model


def _table_of(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> str:
    """Returns the name of the table that tokens are looked up in."""
    tables = [
        node.input[0]
        for node in graph.node
        if node.op_type == "Gather"
        and node.input[0] in weights
        and len(dims := weights[node.input[0]].dims) == 2
        and dims[0] > LEAST_ROWS
        and dims[0] * dims[1] >= LEAST_SIZE
    ]
    return tables[0] if tables else ""


def _all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _all_nodes(attribute.g)


def _rounded(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns a matrix's codes, int8, and a scale a column, float32 (1, columns)."""
    scales = np.abs(matrix).max(axis=0, keepdims=True) / 127
    scales[scales == 0] = 1
    codes = np.clip(np.rint(matrix / scales), -127, 127).astype(np.int8)
    return np.ascontiguousarray(codes), scales.astype(np.float32)


def _multiplied_out(codes: str, scales: str, matrix: str) -> list[onnx.NodeProto]:
    floats = f"{matrix}/floats"
    return [
        helper.make_node("Cast", [codes], [floats], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [floats, scales], [matrix]),
    ]


def _over_table(product: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Returns what multiplies with the table, scaled afterwards: it is too large to be scaled."""
    floats, unscaled = f"{product.name}/floats", f"{product.output[0]}/unscaled"
    return [
        helper.make_node("Cast", [TABLE], [floats], to=onnx.TensorProto.FLOAT),
        helper.make_node("MatMul", [product.input[0], floats], [unscaled]),
        helper.make_node("Mul", [unscaled, SCALES], [product.output[0]]),
    ]


def _looked_up(gather: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Returns what looks rows up in the table, which lies on its side."""
    ids, rows = gather.input[1], gather.output[0]
    return [
        helper.make_node("Gather", [TABLE, ids], [f"{rows}/codes"], axis=1),
        helper.make_node("Cast", [f"{rows}/codes"], [f"{rows}/floats"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Gather", [SCALES, ids], [f"{rows}/scales"], axis=1),
        helper.make_node("Mul", [f"{rows}/floats", f"{rows}/scales"], [f"{rows}/scaled"]),
        helper.make_node("Transpose", [f"{rows}/scaled"], [rows], perm=[1, 2, 0]),
    ]
