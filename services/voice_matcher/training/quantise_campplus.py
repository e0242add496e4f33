"""CAM++ in 8-bit integers, from ``model/campplus.onnx`` with the same input and output.

    python -m services.voice_matcher.training.quantise_campplus --out campplus.int8.onnx

Needs onnx (the ``train`` extra). Convolutions are quantised statically, each channel of their weights by
itself; the gates of the context-aware masks, the first and the last convolution stay as they are: they are
small and err most. Ranges of activations are measured on windows of the shipped samples, half of them mixed.

Weights have 7 bits. Processors without VNNI multiply 8-bit integers in pairs and add them in 16 bits; with
the full range these sums overflow there, and the embedding would depend on the processor.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import soundfile
import soxr
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from services.voice_matcher.centre import to_mid
from services.voice_matcher.embedding import BATCH, CamPlusPlus
from services.voice_matcher.fbank import SAMPLE_RATE, Floats, log_mel
from services.voice_matcher.training.onnx_weights import save
from services.voice_matcher.voice_activity import WINDOW_FRAMES

MODEL = Path(__file__).parents[1] / "model"
SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"
WINDOWS = 128
LEAST_MEDIAN_COSINE = 0.99
WIDEST_WEIGHT = 64
"""Two products with activations up to 255 then stay below 2^15."""
_GATES, _BODY = "cam_layer", "linear_local"


def windows(folders: Sequence[Path], *, seed: int = 7) -> Floats:
    """Filterbank windows (n, 298, 80) of recordings and of pairs of them, mean over time removed."""
    signals = [
        signal for folder in folders for path in sorted(folder.iterdir()) if (signal := _mono(path)).size
    ]
    rng = np.random.default_rng(seed)
    found: list[Floats] = []
    while len(found) < WINDOWS:
        one, other = (signals[int(rng.integers(len(signals)))] for _ in range(2))
        excerpt = _excerpt(one, rng)
        if len(found) % 2:
            excerpt = excerpt + np.float32(rng.uniform(0.2, 1.0)) * _excerpt(other, rng)
        if float(np.sqrt(np.mean(excerpt**2))) > 1e-3:
            found.append(log_mel(excerpt)[:WINDOW_FRAMES])
    stacked = np.stack(found)
    return np.asarray(stacked - stacked.mean(1, keepdims=True), np.float32)


def _mono(path: Path) -> Floats:
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:  # some samples are broken on purpose
        return np.empty(0, np.float32)
    mono = np.asarray(soxr.resample(to_mid(samples), rate, SAMPLE_RATE), np.float32)
    return mono if mono.size > 4 * SAMPLE_RATE else np.empty(0, np.float32)


def _excerpt(signal: Floats, rng: np.random.Generator) -> Floats:
    start = int(rng.integers(signal.size - 3 * SAMPLE_RATE))
    return signal[start : start + 3 * SAMPLE_RATE]


class _Reader(CalibrationDataReader):  # type: ignore[misc] # the package has no types
    def __init__(self, name: str, given: Floats) -> None:
        self._batches = iter([{name: given[at : at + BATCH]} for at in range(0, len(given), BATCH)])

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._batches, None)


def quantise(source: Path, given: Floats) -> onnx.ModelProto:
    """The graph of ``source`` with its bodies' convolutions in integers."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, out = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
        gates = [name for name in convolutions if _GATES in name and _BODY not in name]
        quantize_static(
            str(prepared),
            str(out),
            _Reader(graph.input[0].name, given),
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[*gates, convolutions[0], convolutions[-1]],
            calibrate_method=CalibrationMethod.MinMax,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        return onnx.load(out)


def widest_weight(model: onnx.ModelProto) -> int:
    """Largest magnitude among the 8-bit weights."""
    weights = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8 and len(t.dims) > 1]
    return max(int(np.abs(onnx.numpy_helper.to_array(tensor).astype(int)).max()) for tensor in weights)


def compare(full: bytes, small: bytes, given: Floats) -> dict[str, float]:
    """Cosines between both embeddings of each window, what remains of similarities, milliseconds a window."""
    embeddings, costs = [], []
    for graph in (full, small):
        network = CamPlusPlus(graph)
        network.embed(given[:BATCH])
        began = time.process_time()
        embeddings.append(network.embed(given))
        costs.append(1e3 * (time.process_time() - began) / len(given))
    cosines = np.sum(embeddings[0] * embeddings[1], axis=1)
    upper = np.triu_indices(len(given), 1)
    first, second = ((one @ one.T)[upper] for one in embeddings)
    return {
        "median_cosine": float(np.median(cosines)),
        "lowest_cosine": float(cosines.min()),
        "correlation_of_similarities": float(np.corrcoef(first, second)[0, 1]),
        "ms_a_window": round(costs[0], 1),
        "ms_a_window_in_8_bits": round(costs[1], 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, default=MODEL / "campplus.onnx")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--audio", type=Path, nargs="+", default=[SAMPLES / "references", SAMPLES / "tracks"])
    parser.add_argument("--unseen", type=Path, help="windows (n, 298, 80) as .npy to compare on")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    given = windows(asked.audio)
    small = quantise(asked.source, given)
    if widest_weight(small) > WIDEST_WEIGHT:
        print("weights are wider than 7 bits", file=sys.stderr)
        return 1
    save(small, asked.out)
    unseen = given if asked.unseen is None else np.load(asked.unseen)
    told = compare(asked.source.read_bytes(), asked.out.read_bytes(), unseen)
    print(told, f"{asked.out.stat().st_size:,} bytes")
    return 0 if told["median_cosine"] > LEAST_MEDIAN_COSINE else 1


if __name__ == "__main__":
    sys.exit(main())
