"""What `trackgate doctor` checks the shipped weights against."""

import hashlib
import json
from pathlib import Path


def manifest(version: str, weights: Path) -> str:
    content = weights.read_bytes()
    entry = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "about": "readout over the comb measurements: weights, calibration, thresholds, human quantiles",
        "licence": "Apache-2.0",
    }
    return json.dumps({"version": version, "files": {weights.name: entry}}, indent=2) + "\n"
