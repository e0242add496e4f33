"""What `trackgate doctor` checks the shipped weights against."""

import hashlib
import json
from pathlib import Path

_ABOUT = {
    "weights.json": "readout over the comb measurements: weights, calibration, thresholds, human quantiles",
    "ears.onnx": "the same trees and calibration for runtimes of ONNX; the service does not read it",
}


def manifest(version: str, folder: Path) -> str:
    """JSON that lists the files of a folder of weights."""
    entries = {}
    for name, about in _ABOUT.items():
        content = (folder / name).read_bytes()
        entries[name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "about": about,
            "licence": "Apache-2.0",
        }
    return json.dumps({"version": version, "files": entries}, indent=2) + "\n"
