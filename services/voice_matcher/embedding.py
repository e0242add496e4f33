"""From a stretch of voice to a point on the unit sphere, by CAM++ (ONNX Runtime, one thread, CPU)."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.voice_matcher.fbank import BINS, Floats

DIMENSIONS = 192
BATCH = 8
"""Windows per call: memory stays near 60 MB and nothing is gained by more."""


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Rows scaled to length one; a row of zeros stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


class CamPlusPlus:
    """192-dimensional speaker embedding. Not safe to share between threads; one per worker process."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def embed(self, windows: Floats) -> Floats:
        """Embed filterbank windows, (n, frames, 80) of equal length, to unit rows (n, 192).

        The mean over time of each window is subtracted here.
        """
        if windows.shape[0] == 0:
            return np.empty((0, DIMENSIONS), np.float32)
        assert windows.shape[2] == BINS  # noqa: S101 - a wrong shape is a bug here, not an input error
        centred = np.ascontiguousarray(windows - windows.mean(1, keepdims=True), np.float32)
        parts = [
            self._session.run(None, {"fbank": centred[start : start + BATCH]})[0]
            for start in range(0, centred.shape[0], BATCH)
        ]
        return unit(np.concatenate(parts))
