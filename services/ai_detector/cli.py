"""Measuring files by hand: the same measurement as the service's, without Kafka."""

import argparse
import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.evidence import explanation
from services.ai_detector.meter import Failure
from services.ai_detector.readout import Readout
from shared.errors import TrackgateError

COLUMNS = ("file", "probability", "verdict", "score", "seconds_measured", "model_version", "reason")


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m services.ai_detector`."""
    top = argparse.ArgumentParser(prog="python -m services.ai_detector", description=__doc__)
    commands = top.add_subparsers(dest="command")
    commands.add_parser("serve", help="consume tracks.uploaded (what happens without a command)")
    explain = commands.add_parser("explain", help="one file with all its evidence, as JSON")
    explain.add_argument("file", type=Path)
    score = commands.add_parser("score", help="files as CSV")
    score.add_argument("files", type=Path, nargs="*")
    score.add_argument("--manifest", type=Path, help="CSV with a column `file`, relative to its own folder")
    score.add_argument("--out", type=Path, help="where to write instead of standard output")
    return top


def run(arguments: argparse.Namespace) -> int:
    """Carry out `explain` or `score`; the exit status, 1 where a file could not be measured for an error."""
    readout = Readout.load()
    if arguments.command == "explain":
        explained = _explained(arguments.file, readout)
        sys.stdout.write(json.dumps(explained, indent=2) + "\n")
        return 1 if explained["verdict"] == "error" else 0
    files = list(arguments.files)
    if arguments.manifest:
        with arguments.manifest.open(newline="") as lines:
            files += [arguments.manifest.parent / row["file"] for row in csv.DictReader(lines)]
    if arguments.out is None:
        return _write(sys.stdout, files, readout)
    with arguments.out.open("w", newline="") as out:
        return _write(out, files, readout)


def _write(out: TextIO, files: Iterable[Path], readout: Readout) -> int:
    rows = csv.DictWriter(out, COLUMNS, extrasaction="ignore")
    rows.writeheader()
    failed = 0
    for path in files:
        explained = _explained(path, readout)
        failed += explained["verdict"] == "error"
        rows.writerow({"file": str(path), **explained})
        out.flush()
    return 1 if failed else 0


def _explained(path: Path, readout: Readout) -> dict[str, object]:
    try:
        metered = measure_file(path, None)
    except TrackgateError as error:
        return {"verdict": "error", "reason": str(error), "model_version": readout.version}
    if isinstance(metered.result, Failure):
        reason = f"{metered.result.kind}: {metered.result.detail}"
        return {"verdict": "error", "reason": reason, "model_version": readout.version}
    return explanation(metered.result, readout) | {"cpu_seconds": round(metered.cpu_seconds, 3)}
