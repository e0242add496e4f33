"""Train and judge the readout, from download to weights.

Needs the `train` extra. Measured cuts are cached, so an interrupted run goes on where it stopped. Writes the
evaluation; with --ship also the weights, the same as ONNX, and the model card.
"""

import argparse
import json
import os
from importlib.util import find_spec
from pathlib import Path

from services.ai_detector.readout import SHIPPED, Readout
from services.ai_detector.training import (
    beds,
    corpus,
    packaged,
    readout_training,
    speech,
    taught,
    views,
    vocoded,
)
from services.ai_detector.training.card import card
from services.ai_detector.training.fetching import fetch_debian
from services.ai_detector.training.manifest import manifest
from services.ai_detector.training.report import report


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m services.ai_detector.training`."""
    top = argparse.ArgumentParser(prog="python -m services.ai_detector.training", description=__doc__)
    top.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("TRACKGATE_AI_MUSIC"),
        help="folder with manifest.csv of labelled clips (default: the environment's TRACKGATE_AI_MUSIC)",
    )
    top.add_argument(
        "--debian", type=Path, default=Path("build/ai_detector/debian"), help="unpacked packages"
    )
    top.add_argument(
        "--no-fetch", action="store_true", help="take only the packages that are unpacked already"
    )
    top.add_argument(
        "--extra",
        type=Path,
        help="your own recordings: human/ and generated/, or manifest.csv with file,label,source",
    )
    top.add_argument("--cache", type=Path, default=Path("build/ai_detector/measured"))
    top.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    top.add_argument("--report", type=Path, default=Path("build/eval/ai_training.json"))
    top.add_argument("--weights", type=Path, help="write the weights here instead of shipping them")
    top.add_argument("--onnx", type=Path, help="write trees and calibration as ONNX here (needs torch)")
    top.add_argument("--ship", action="store_true", help="replace the weights and the card in the package")
    return top


def without_own(debian: Path, cache: Path, *, fetch: bool) -> list[corpus.Recording]:
    """All that needs no data of one's own: people's music and speech, noise, what packages carry of machines.

    Teaches the decoders that `views` sends people's music through, where that was not done before.
    """
    music = corpus.from_debian(debian)
    vocoder = vocoded.made(music, cache / "hifigan", fetch=fetch)
    taught.teach(music, cache)
    return [
        *music,
        *vocoder,
        *speech.from_debian(debian, cache / "speech", music),
        *beds.made(cache / "beds"),
        *packaged.generated(cache / "ace-step", fetch=fetch),
    ]


def main() -> None:
    """Train; prints the evaluation."""
    asked = parser().parse_args()
    if (asked.ship or asked.onnx is not None) and find_spec("torch") is None:
        raise SystemExit("--ship and --onnx write ONNX, which needs torch: install the extra `train`")
    if asked.data is None and asked.extra is None:
        raise SystemExit("name your labelled clips: --data DIR or --extra DIR")
    if not asked.no_fetch:
        asked.debian.mkdir(parents=True, exist_ok=True)
        print("packages that could not be had:", ", ".join(fetch_debian(asked.debian)) or "none")
    recordings = without_own(asked.debian, asked.cache, fetch=not asked.no_fetch)
    recordings += corpus.from_manifest(asked.data) if asked.data is not None else []
    recordings += corpus.from_extra(asked.extra) if asked.extra is not None else []
    rows = views.views(recordings, asked.cache, workers=asked.workers)
    scores = readout_training.held_out(rows)
    readout = readout_training.trained(rows, scores)
    found = report(rows, scores, readout)
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    if asked.weights is not None:
        asked.weights.write_text(readout.model_dump_json() + "\n")
    if asked.onnx is not None:
        _write_onnx(readout, asked.onnx)
    if asked.ship:
        SHIPPED.write_text(readout.model_dump_json() + "\n")
        used = {row.recording.path for row in rows}
        text = card([r for r in recordings if r.path in used], readout, found)
        (SHIPPED.parent / "MODEL_CARD.md").write_text(text)
        _write_onnx(readout, SHIPPED.with_name("ears.onnx"))
        (SHIPPED.parent / "manifest.json").write_text(manifest(readout.version, SHIPPED.parent))


def _write_onnx(readout: Readout, path: Path) -> None:
    from services.ai_detector.training import torch_forest  # noqa: PLC0415 - only where torch is

    path.write_bytes(torch_forest.exported(readout))


if __name__ == "__main__":
    main()
