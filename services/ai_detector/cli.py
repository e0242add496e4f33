"""Measuring files by hand: the same measurement as the service's, without Kafka.

score      many files into a CSV, in processes of their own
explain    one file with all its evidence: JSON, and a picture to look at
serve      the service: consume tracks.uploaded (what happens without a command)
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from services.ai_detector.adapters.c2pa_reader import TrustList
from services.ai_detector.adapters.process_pool import PooledMeter
from services.ai_detector.backends import Backend, chosen
from services.ai_detector.explaining import explained, picture_of
from services.ai_detector.progress import Progress
from services.ai_detector.scoring import Listed, Tally, listed_in, score_all
from services.ai_detector.settings import BackendKind, DetectorSettings
from shared.errors import SettingsError

EXIT_USAGE = 2
_SCORE = """
Writes a row per file, in the order given:

  probability       calibrated at equal priors; empty where nothing was measured
  verdict           likely_generated, inconclusive, not_detected, not_measured (reasons say why), error
  score, threshold  on the detector's own scale; from the threshold on the verdict is likely_generated
  human_share       share of human recordings of such length that score at least as high
  reasons           sentences, separated by "; "
  provenance        what a C2PA manifest in the file declares: a declaration, no measurement

Takes FLAC, WAV, MP3, Ogg Vorbis, Opus as the service does; AAC and MP4 (.m4a) too where PyAV is installed.

No verdict says "human": what leaves no trace is not detected. A file that cannot be measured gives a row that
says so and stops nothing; --strict makes the exit status tell of it. Ctrl-C keeps the rows written so far.

  python -m services.ai_detector score --manifest songs.csv --out scores.csv --workers 4
  python -m services.ai_detector score a.wav b.flac
  python -m services.ai_detector score --backend huggingface --checkpoint ./my-model *.mp3
"""
_EXPLAIN = """
Prints JSON: verdict and reasons, the comb with the decoders it fits, where the score stands among human
tracks (and how many those are), what each scalar adds, scores every ten seconds, stretches that stand out,
and what a C2PA manifest in the file declares. The picture shows the residual spectrum with its teeth and the
scores along time; it goes into the working directory as NAME.explained.png unless --png says where.

  python -m services.ai_detector explain song.flac
  python -m services.ai_detector explain song.flac --png /tmp/song.png > song.json
"""


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m services.ai_detector`."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        prog="python -m services.ai_detector", description=__doc__, formatter_class=raw
    )
    commands = top.add_subparsers(dest="command", metavar="{score,explain,serve}")
    commands.add_parser("serve", help="consume tracks.uploaded")
    explain = commands.add_parser(
        "explain", help="one file with all its evidence", description=_EXPLAIN, formatter_class=raw
    )
    explain.add_argument("file", type=Path)
    explain.add_argument("--png", type=Path, metavar="FILE", help="where the picture goes")
    explain.add_argument("--no-png", action="store_true", help="no picture")
    score = commands.add_parser("score", help="files into a CSV", description=_SCORE, formatter_class=raw)
    score.add_argument("files", type=Path, nargs="*")
    score.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE.csv",
        help="CSV with a column `file`, relative to its own folder or else to the working directory",
    )
    score.add_argument("--out", type=Path, metavar="FILE.csv", help="instead of standard output")
    score.add_argument(
        "--workers",
        type=_count,
        default=len(os.sched_getaffinity(0)),
        help="processes, one core each (default: all cores, here %(default)s)",
    )
    score.add_argument("--strict", action="store_true", help="exit with 1 where a file could not be measured")
    score.add_argument("--backend", choices=[str(kind) for kind in BackendKind], help="default: comb")
    score.add_argument("--checkpoint", metavar="FOLDER|NAME", help="for the back end huggingface")
    score.add_argument(
        "--generated-label",
        action="append",
        metavar="LABEL",
        help="a label of the checkpoint that means generated; may be repeated",
    )
    return top


def run(arguments: argparse.Namespace) -> int:
    """Carry out `explain` or `score`; the exit status: 1 for a failed file, 2 for wrong use."""
    try:
        return _explain(arguments) if arguments.command == "explain" else _score(arguments)
    except SettingsError as error:
        sys.stderr.write(f"ai_detector: {error}\n")
        return EXIT_USAGE


def _score(arguments: argparse.Namespace) -> int:
    files = [Listed(str(path), path) for path in arguments.files]
    if arguments.manifest:
        files += listed_in(arguments.manifest)
    if not files:
        raise SettingsError("no file to score: name files or a --manifest")
    backend = chosen(_settings(arguments))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited: each process keeps to its core
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        if arguments.out is None:
            tally = asyncio.run(_scored(files, sys.stdout, backend, arguments.workers))
        else:
            with arguments.out.open("w", newline="", encoding="utf-8") as out:
                tally = asyncio.run(_scored(files, out, backend, arguments.workers))
    except OSError as error:
        raise SettingsError(f"cannot write {arguments.out}: {error.strerror}") from error
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; the rows written so far are kept\n")
        return 130
    return 1 if tally.failed and arguments.strict else 0


async def _scored(files: list[Listed], out: TextIO, backend: Backend, workers: int) -> Tally:
    async with PooledMeter(min(workers, len(files)), backend.work) as meter:
        return await score_all(
            files,
            meter,
            out,
            workers=workers,
            model_version=backend.model_version,
            told=Progress(sys.stderr, time.monotonic),
        )


def _settings(arguments: argparse.Namespace) -> DetectorSettings:
    """The environment's settings under what the command line says."""
    said = {
        "ai_detector_backend": arguments.backend or (arguments.checkpoint and BackendKind.HUGGINGFACE),
        "ai_detector_checkpoint": arguments.checkpoint,
        "ai_detector_generated_labels": arguments.generated_label,
    }
    return DetectorSettings.load(**{name: value for name, value in said.items() if value})


def _explain(arguments: argparse.Namespace) -> int:
    told = explained(arguments.file, TrustList.read(DetectorSettings.load().ai_detector_c2pa_trust))
    sys.stdout.write(json.dumps(told.values, indent=2) + "\n")
    if told.view is None or arguments.no_png:
        return 1 if told.failed else 0
    target = arguments.png or Path(f"{arguments.file.stem}.explained.png")
    try:
        picture_of(told, target)
    except SettingsError as error:
        if arguments.png:
            raise
        sys.stderr.write(f"no picture: {error}\n")
    else:
        sys.stderr.write(f"picture: {target}\n")
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count
