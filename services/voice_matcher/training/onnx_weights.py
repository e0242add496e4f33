"""Storing the weights of an ONNX graph in half precision, computing in single precision."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST_WORTH_HALVING = 256
"""Elements. Small tensors (shapes, epsilons, batch-norm statistics) stay as they are."""


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace every large float32 initialiser by a float16 one and a Cast to float32.

    ONNX Runtime folds the casts when it loads the graph: the file is half as large, the arithmetic and the
    speed are those of float32, and only the rounding of the weights (2^-11 relative) remains.
    """
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALLEST_WORTH_HALVING:
            kept.append(tensor)
            continue
        halved = values.astype(np.float16)
        assert np.isfinite(halved).all(), f"{tensor.name} does not fit into float16"
        kept.append(numpy_helper.from_array(halved, f"{tensor.name}.f16"))
        casts.append(helper.make_node("Cast", [f"{tensor.name}.f16"], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:]
    del model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write the graph without the exporter's notes about source files, so that the bytes repeat."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    path.write_bytes(model.SerializeToString(deterministic=True))
