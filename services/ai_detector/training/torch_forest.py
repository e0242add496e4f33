"""The trees as a torch module, and that as ONNX, for platforms that serve with a runtime of their own.

The service itself walks the trees in numpy (`services/ai_detector/trees.py`): a millisecond, and no runtime
to load in every process. All three agree to `MOST_APART`, which is checked whenever the file is written.
"""

import io

import numpy as np
import onnx
import onnxruntime
import torch

from services.ai_detector.readout import Readout
from services.ai_detector.training.rows import Array
from services.ai_detector.trees import Forest, Trees
from shared.errors import TrackgateError

MOST_APART = 1e-4
_OPSET = 17
_ROWS = 256
_MISSING = 0.1


class TorchForest(torch.nn.Module):
    """Every tree walked at once, a level at a time, leaves staying where they are (Nakandala et al. 2020).

    Takes rows of `columns` as doubles, NaN where there is none; gives scores and calibrated probabilities,
    both of shape (rows,).
    """

    def __init__(self, trees: Trees, slope: float, offset: float) -> None:
        super().__init__()
        left, right = np.array(trees.left), np.array(trees.right)
        leaf = left < 0
        here = np.arange(left.size)
        self.depth = _depth(trees)
        self.slope, self.offset, self.base = slope, offset, trees.base
        kept = {
            "roots": np.array(trees.roots),
            "feature": np.array(trees.feature),
            "threshold": np.array(trees.threshold),
            "missing_left": np.array(trees.missing_left),
            "left": np.where(leaf, here, left),
            "right": np.where(leaf, here, right),
            "value": np.array(trees.value),
        }
        for name, values in kept.items():
            self.register_buffer(name, torch.from_numpy(values))

    def forward(self, table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        here = self.roots.unsqueeze(0).expand(table.shape[0], -1)
        for _ in range(self.depth):
            value = torch.gather(table, 1, self.feature[here])
            to_left = (value <= self.threshold[here]) | (torch.isnan(value) & self.missing_left[here])
            here = torch.where(to_left, self.left[here], self.right[here])
        score = self.value[here].sum(dim=1) + self.base
        return score, torch.sigmoid(self.slope * score + self.offset)


def of(readout: Readout) -> TorchForest:
    """The readout's trees with its calibration."""
    return TorchForest(readout.trees, readout.slope, readout.offset).eval()


def exported(readout: Readout) -> bytes:
    """ONNX with the input `columns` (rows, columns) and the outputs `score` and `probability`, all doubles.

    The names of the columns in their order, the version and the measurement are in the file's metadata.

    Raises:
        TrackgateError: the file does not say what the service says.
    """
    buffer = io.BytesIO()
    torch.onnx.export(
        of(readout),
        (torch.zeros(2, len(readout.trees.columns), dtype=torch.float64),),
        buffer,
        input_names=["columns"],
        output_names=["score", "probability"],
        dynamic_axes={"columns": {0: "rows"}, "score": {0: "rows"}, "probability": {0: "rows"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    facts = {
        "version": readout.version,
        "measurement": str(readout.measurement),
        "columns": " ".join(readout.trees.columns),
    }
    onnx.helper.set_model_props(model, facts)
    content = bytes(model.SerializeToString())
    apart = furthest_apart(readout, content, about(readout.trees))
    if not apart <= MOST_APART:
        raise TrackgateError(f"the exported trees differ from those that are served by {apart:g}")
    return content


def furthest_apart(readout: Readout, content: bytes, table: Array) -> float:
    """The largest difference of scores between any two of numpy, torch and ONNX Runtime on these rows."""
    forest = Forest(readout.trees)
    walked = np.array([forest.score(row) for row in table])
    with torch.no_grad():
        in_torch = of(readout)(torch.from_numpy(table))[0].numpy()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    in_onnx = session.run(["score"], {"columns": table})[0]
    each = np.stack([walked, in_torch, in_onnx])
    return float((each.max(axis=0) - each.min(axis=0)).max())


def about(trees: Trees, seed: int = 0) -> Array:
    """Rows at which the trees decide: values at, just above and just below thresholds, some missing."""
    rng = np.random.default_rng(seed)
    columns = len(trees.columns)
    inner = np.array(trees.left) >= 0
    of_column = np.array(trees.feature)[inner]
    thresholds = np.array(trees.threshold)[inner]
    table = np.zeros((_ROWS, columns))
    for column in range(columns):
        near = thresholds[of_column == column]
        if near.size:
            drawn = rng.choice(near, _ROWS)
            table[:, column] = np.choose(
                rng.integers(3, size=_ROWS),
                [drawn, np.nextafter(drawn, np.inf), np.nextafter(drawn, -np.inf)],
            )
    table[rng.random(table.shape) < _MISSING] = np.nan
    return table


def _depth(trees: Trees) -> int:
    levels = np.zeros(len(trees.left), dtype=int)
    for node, (low, high) in enumerate(zip(trees.left, trees.right, strict=True)):
        if low >= 0:
            levels[[low, high]] = levels[node] + 1
    return int(levels.max())
