"""Matching without Kafka: ``score`` for tables of files, ``explain`` for one file and one artist.

Audio goes through the same sandboxed decoding, networks and calibration as in the service.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from services.voice_matcher.explain_command import explain
from services.voice_matcher.score_command import score
from shared.errors import TrackgateError


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 2 when a file, a table or a model cannot be read; the worker's without a command."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "score":
            score(
                given.references,
                given.queries,
                given.out,
                processes=given.processes,
                checkpoint=given.checkpoint,
            )
            return 0
        if given.command == "explain":
            explain(given.file, given.artist, given.references, picture=given.png)
            return 0
    except (TrackgateError, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    from services.voice_matcher.main import serve  # noqa: PLC0415 - the commands need no broker client

    return serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    table = "CSV with the columns artist,file"
    scoring = commands.add_parser("score", help="every query against every artist, as CSV")
    scoring.add_argument("--references", type=Path, required=True, help=table)
    scoring.add_argument("--queries", type=Path, required=True, help="CSV with the columns id,file")
    scoring.add_argument("--out", type=Path, required=True)
    scoring.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="one a core")
    scoring.add_argument("--checkpoint", help="a third embedding: a folder or a hub name (extra `hub`)")
    explaining = commands.add_parser("explain", help="one recording against one artist, as JSON")
    explaining.add_argument("file", type=Path)
    explaining.add_argument("--artist", required=True)
    explaining.add_argument("--references", type=Path, required=True, help=table)
    explaining.add_argument("--png", type=Path, help="draw the scores over time")
    return parser
