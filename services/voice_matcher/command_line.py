"""Matching without Kafka: ``score`` for tables of files, ``explain`` for one file and one artist.

Audio goes through the same sandboxed decoding, networks, index and calibration as in the service.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.voice_matcher.adapters.listening_process import listen_to
from services.voice_matcher.domain import ArtistScore, HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.ears import Listening
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.listening import REFERENCE, UPLOAD, Effort
from services.voice_matcher.models import load_yardstick, model_version
from shared.errors import TrackgateError

_COLUMNS = ("id", "artist", "verdict", "score", "probability", "seconds_of_voice", "reason")


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 2 when a file, a table or a model cannot be read; the worker's without a command."""
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    score = commands.add_parser("score", help="every query against every artist, as CSV")
    score.add_argument("--references", type=Path, required=True, help="CSV with the columns artist,file")
    score.add_argument("--queries", type=Path, required=True, help="CSV with the columns id,file")
    score.add_argument("--out", type=Path, required=True)
    explain = commands.add_parser("explain", help="one recording against one artist, as JSON")
    explain.add_argument("file", type=Path)
    explain.add_argument("--artist", required=True)
    explain.add_argument("--references", type=Path, required=True, help="CSV with the columns artist,file")
    given = parser.parse_args(arguments)
    try:
        if given.command == "score":
            return _score(given.references, given.queries, given.out)
        if given.command == "explain":
            return _explain(given.file, given.artist, given.references)
    except (TrackgateError, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    from services.voice_matcher.main import serve  # noqa: PLC0415 - the commands need no broker client

    return serve()


def _score(references: Path, queries: Path, out: Path) -> int:
    index = _enrol(_rows(references, "artist", "file"))
    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, _COLUMNS)
        table.writeheader()
        for name, path in _rows(queries, "id", "file"):
            table.writerows(_lines(name, _listen(path, UPLOAD), index))
    return 0


def _lines(name: str, listening: Listening, index: VoiceIndex) -> list[dict[str, object]]:
    heard = listening.heard
    if not isinstance(heard, HeardVoice):
        return [
            {
                "id": name,
                "artist": artist,
                "verdict": "not_measured",
                "seconds_of_voice": 0,
                "reason": heard.detail,
            }
            for artist in sorted(index.artists)
        ]
    return [
        {
            "id": name,
            "artist": found.artist_id,
            "verdict": found.verdict.value,
            "score": round(found.score, 4),
            "probability": round(found.probability, 6),
            "seconds_of_voice": heard.seconds,
        }
        for found in index.search(heard)
    ]


def _explain(file: Path, artist: str, references: Path) -> int:
    rows = [row for row in _rows(references, "artist", "file") if row[0] == artist]
    index = _enrol(rows)
    if artist not in index.artists:
        raise KeyError(f"no usable reference of {artist} in {references}")
    listening = _listen(file, UPLOAD)
    told: dict[str, object] = {
        "file": str(file),
        "artist": artist,
        "model_version": model_version(),
        "cpu_seconds": round(listening.cpu_seconds, 3),
    }
    if isinstance(listening.heard, HeardVoice):
        told |= _told(index.search(listening.heard)[0], listening.heard)
    else:
        told |= {"verdict": "not_measured", "reason": listening.heard.detail}
    print(json.dumps(told, indent=2))  # noqa: T201 - a command line
    return 0


def _told(found: ArtistScore, heard: HeardVoice) -> dict[str, object]:
    calibration = load_yardstick().calibration
    return {
        "verdict": found.verdict.value,
        "score": round(found.score, 4),
        "thresholds": {"match": calibration.match, "possible": calibration.possible},
        "probability": round(found.probability, 6),
        "prior": calibration.prior,
        "seconds_of_voice": heard.seconds,
        "closest_reference": found.reference,
        "best_passages": [
            {"start": p.start, "end": p.end, "score": round(p.score, 3)} for p in found.passages
        ],
    }


def _enrol(rows: Iterable[tuple[str, Path]]) -> VoiceIndex:
    voices: dict[str, list[ReferenceVoice]] = defaultdict(list)
    for artist, path in rows:
        listening = _listen(path, REFERENCE)
        if not isinstance(listening.heard, HeardVoice):
            print(f"{path}: no usable voice: {listening.heard.detail}", file=sys.stderr)  # noqa: T201 - a command line
            continue
        heard = listening.heard
        vectors = {network: heard.mean(network) for network in DIMENSIONS}
        voices[artist].append(ReferenceVoice(str(path), _digest(path), heard.seconds, vectors))
    templates = {artist: VoiceTemplate(artist, artist, tuple(found)) for artist, found in voices.items()}
    return VoiceIndex(load_yardstick(), templates)


def _listen(path: Path, effort: Effort) -> Listening:
    return listen_to(path, effort, _digest(path))


def _rows(table: Path, name: str, file: str) -> list[tuple[str, Path]]:
    """Files are relative to the table's folder."""
    with table.open(newline="", encoding="utf-8") as content:
        return [(row[name], table.parent / row[file]) for row in csv.DictReader(content)]


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
