"""Many files measured in processes of their own, into a CSV in the order they were named.

A file that is absent, undecodable, or kills its process gives a row that says so; the others go on.
"""

import asyncio
import csv
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from services.ai_detector.evidence import reasons
from services.ai_detector.meter import Failure, Meter, Metered
from services.ai_detector.provenance import in_words
from shared.errors import SettingsError, TrackgateError

COLUMNS = (
    "file",
    "probability",
    "verdict",
    "score",
    "threshold",
    "human_share",
    "seconds_measured",
    "model_version",
    "reasons",
    "provenance",
)
_AHEAD = 4  # files per process that wait for one before them, so that a slow file stops nobody


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as it was named, and where it is."""

    name: str
    path: Path


def listed_in(manifest: Path) -> list[Listed]:
    """The files of a CSV with a column `file`: relative to its folder or, where absent, to the working one.

    Raises:
        SettingsError: the manifest cannot be read or has no such column.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            if "file" not in (rows.fieldnames or ()):
                raise SettingsError(f"{manifest.name} has no column `file`")
            names = [row["file"] for row in rows if row["file"]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{manifest.name} cannot be read: {error}") from error
    return [Listed(name, _found(name, manifest.parent)) for name in names]


def _found(name: str, folder: Path) -> Path:
    beside = folder / name
    return Path(name) if not beside.exists() and Path(name).exists() else beside


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a run is."""

    done: int
    failed: int
    total: int


async def score_all(
    files: Sequence[Listed],
    meter: Meter,
    out: TextIO,
    *,
    workers: int,
    model_version: str,
    told: Callable[[Tally], None],
) -> Tally:
    """Write a row for every file as soon as those before it are written; `told` after each."""
    rows = csv.DictWriter(out, COLUMNS)
    rows.writeheader()
    ahead: deque[asyncio.Task[dict[str, object]]] = deque()
    waiting = iter(files)
    done = failed = 0
    try:
        while True:
            while len(ahead) < _AHEAD * workers and (listed := next(waiting, None)) is not None:
                ahead.append(asyncio.create_task(_row(listed, meter, model_version)))
            if not ahead:
                return Tally(done, failed, len(files))
            row = await ahead.popleft()
            rows.writerow(row)
            out.flush()
            done, failed = done + 1, failed + (row["verdict"] == "error")
            told(Tally(done, failed, len(files)))
    finally:
        for task in ahead:
            task.cancel()


async def _row(listed: Listed, meter: Meter, model_version: str) -> dict[str, object]:
    try:
        metered = await meter.measure(listed.path, sha256=None)
    except TrackgateError as error:
        return _error(listed, str(error), model_version)
    except Exception as error:  # noqa: BLE001 - a fault met in one file stops no other; its row says which
        return _error(listed, f"{type(error).__name__}: {error}", model_version)
    return row(listed.name, metered, model_version)


def row(name: str, metered: Metered, model_version: str) -> dict[str, object]:
    """One file's values for the columns; None where nothing was measured."""
    found = metered.result
    if isinstance(found, Failure):
        failed = _error(Listed(name, Path(name)), f"{found.kind}: {found.detail}", model_version)
        return failed | {"provenance": _declared(metered)}
    return {
        "file": name,
        "probability": found.probability,
        "verdict": str(found.verdict),
        "score": found.score,
        "threshold": found.threshold,
        "human_share": found.human_share,
        "seconds_measured": round(found.seconds_measured, 2),
        "model_version": found.model_version,
        "reasons": "; ".join([*reasons(found), *metered.remarks]),
        "provenance": _declared(metered),
    }


def _declared(metered: Metered) -> str | None:
    return None if metered.provenance is None else in_words(metered.provenance)


def _error(listed: Listed, why: str, model_version: str) -> dict[str, object]:
    empty = dict.fromkeys(COLUMNS)
    return empty | {"file": listed.name, "verdict": "error", "model_version": model_version, "reasons": why}
