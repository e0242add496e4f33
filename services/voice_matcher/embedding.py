"""From a stretch of voice to points on unit spheres: CAM++ and Resemblyzer on ONNX Runtime, one thread, CPU.

Two networks that fail differently: CAM++ holds under music, Resemblyzer on clean and coded voices.
"""

from typing import Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.voice_matcher.fbank import Floats

CAMPPLUS: Final = "campplus"
RESEMBLYZER: Final = "resemblyzer"
DIMENSIONS: Final = {CAMPPLUS: 192, RESEMBLYZER: 256}
CHECKPOINT: Final = "checkpoint"
"""A third embedding, by a checkpoint of the operator's choice; its dimension is the checkpoint's."""
BATCH = 4
"""Windows per call: more makes neither network faster on one thread."""

RESEMBLYZER_FRAMES = 160
"""Frames (1.6 s) that the encoder was trained on; a longer window is the mean of two such."""

LEAST_RMS: Final = np.float32(10.0 ** (-30.0 / 20.0))
"""What is quieter is raised to it before Resemblyzer hears it, as in its training."""


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Rows scaled to length one; a row of zeros stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


class WaveNetwork(Protocol):
    """An embedding that listens to samples, not to a filterbank."""

    def embed(self, windows: Floats) -> Floats:
        """(n, samples) mono at 16 kHz in [-1, 1] to unit rows (n, d); n is at least 1."""
        ...


class Network:
    """An ONNX graph with one input and one output. One per process; not for use by several threads."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, windows: Floats) -> Floats:
        parts = [
            self._session.run(None, {self._input: np.ascontiguousarray(windows[start : start + BATCH])})[0]
            for start in range(0, windows.shape[0], BATCH)
        ]
        return np.concatenate(parts)


class CamPlusPlus:
    """192-dimensional speaker embedding of log mel windows."""

    def __init__(self, graph: bytes) -> None:
        self._network = Network(graph)

    def embed(self, windows: Floats) -> Floats:
        """(n, frames, 80) from ``fbank.log_mel`` to unit rows (n, 192); n is at least 1.

        The mean over time of each window is subtracted here.
        """
        return unit(self._network(windows - windows.mean(1, keepdims=True)))


class Resemblyzer:
    """256-dimensional speaker embedding (GE2E) of power mel windows."""

    def __init__(self, graph: bytes) -> None:
        self._network = Network(graph)

    def embed(self, windows: Floats, rms: Floats) -> Floats:
        """(n, frames >= 160, 40) from ``mel.power_mel`` to unit rows (n, 256); n is at least 1.

        ``rms`` is each window's level before; what is quieter than -30 dBFS is raised to it, as in training.
        """
        gain = np.maximum(LEAST_RMS / np.maximum(rms, 1e-9), 1.0)
        levelled = windows * (gain**2)[:, None, None]
        first = unit(self._network(levelled[:, :RESEMBLYZER_FRAMES]))
        last = unit(self._network(levelled[:, -RESEMBLYZER_FRAMES:]))
        return unit(first + last)
