"""Resemblyzer's voice encoder from its wheel (0.1.4) to ``model/resemblyzer.onnx``.

    pip download --no-deps resemblyzer==0.1.4 -d WHEELS
    python -m services.voice_matcher.training.export_resemblyzer WHEELS/*esemblyzer-0.1.4-*.whl

Needs torch and onnx (the ``train`` extra). The network is three LSTM layers and a ReLU projection, as its
``hparams.py`` says: 40 mel channels in, 256 hidden, 256 out. Length is normalised by the caller.
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from services.voice_matcher.training.onnx_weights import halve_weights, save

WEIGHTS = "resemblyzer/pretrained.pt"
MODEL = Path(__file__).parents[1] / "model"
LEAST_COSINE = 0.9999


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        _, (hidden, _) = self.lstm(mels)
        return torch.relu(self.linear(hidden[-1]))


def load_network(wheel: Path) -> nn.Module:
    with zipfile.ZipFile(wheel) as archive:
        checkpoint = torch.load(io.BytesIO(archive.read(WEIGHTS)), map_location="cpu", weights_only=False)
    network = Encoder()
    state = {k: v for k, v in checkpoint["model_state"].items() if k.startswith(("lstm", "linear"))}
    network.load_state_dict(state, strict=True)
    return network.eval()


def export(network: nn.Module) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(2, 160, 40),),
        buffer,
        input_names=["mel"],
        output_names=["embedding"],
        dynamic_axes={"mel": {0: "windows", 1: "frames"}, "embedding": {0: "windows"}},
        opset_version=17,
        dynamo=False,
    )
    return onnx.load_from_string(buffer.getvalue())


def worst_cosine(network: nn.Module, graph: bytes) -> float:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    worst = 1.0
    for frames in (160, 298):
        mel = np.exp(rng.normal(-6.0, 2.5, (5, frames, 40))).astype(np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(mel)).numpy()
        (found,) = session.run(None, {"mel": mel})
        norms = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
        worst = min(worst, float((np.sum(expected * found, 1) / norms).min()))
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=MODEL / "resemblyzer.onnx")
    args = parser.parse_args()
    network = load_network(args.wheel)
    full = export(network)
    print(f"float32 against torch: worst cosine {worst_cosine(network, full.SerializeToString()):.7f}")
    save(halve_weights(full), args.out)
    worst = worst_cosine(network, args.out.read_bytes())
    print(f"float16 weights against torch: worst cosine {worst:.7f}, {args.out.stat().st_size:,} bytes")
    return 0 if worst > LEAST_COSINE else 1


if __name__ == "__main__":
    sys.exit(main())
