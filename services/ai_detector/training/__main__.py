"""Train and judge the readout.

Needs the `train` extra. Writes the evaluation; with --ship also the weights and the model card.
"""

import argparse
import json
from pathlib import Path

from services.ai_detector.readout import SHIPPED
from services.ai_detector.training import corpus, views
from services.ai_detector.training.card import card
from services.ai_detector.training.manifest import manifest
from services.ai_detector.training.readout_training import trained
from services.ai_detector.training.report import report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--manifest-root", type=Path, required=True, help="folder with manifest.csv")
parser.add_argument("--debian", type=Path, required=True, help="folder of unpacked Debian packages")
parser.add_argument("--cache", type=Path, default=Path("build/ai_detector/spectra"))
parser.add_argument("--report", type=Path, default=Path("build/eval/ai_detector.json"))
parser.add_argument("--ship", action="store_true")
chosen = parser.parse_args()

recordings = corpus.from_manifest(chosen.manifest_root) + corpus.from_debian(chosen.debian)
rows = views.views(recordings, chosen.cache)
readout, scores = trained(rows)
found = report(rows, scores, readout)
chosen.report.parent.mkdir(parents=True, exist_ok=True)
chosen.report.write_text(json.dumps(found, indent=1) + "\n")
print(json.dumps(found, indent=1))
if chosen.ship:
    SHIPPED.write_text(readout.model_dump_json(indent=1) + "\n")
    used = {row.recording.path for row in rows}
    text = card([r for r in recordings if r.path in used], readout, found)
    (SHIPPED.parent / "MODEL_CARD.md").write_text(text)
    (SHIPPED.parent / "manifest.json").write_text(manifest(readout.version, SHIPPED))
