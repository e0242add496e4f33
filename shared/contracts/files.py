"""The committed contracts as files: where they lie, how they are written, what differs."""

import json
from pathlib import Path
from typing import Any

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.schemas import event_schemas

FOLDER = Path(__file__).parent
SCHEMAS = "schemas"
RELEASED = "released"
ASYNCAPI = "asyncapi.json"


def generated() -> dict[str, str]:
    """Every generated file: its path within this package, and its text."""
    files = {
        f"{SCHEMAS}/{event_type}.json": _render(schema) for event_type, schema in event_schemas().items()
    }
    return files | {ASYNCAPI: _render(asyncapi_document())}


def drift(folder: Path = FOLDER) -> tuple[str, ...]:
    """What is committed but differs from what the models say: a sentence per file."""
    faults = []
    wanted = generated()
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif path.read_text(encoding="utf-8") != text:
            faults.append(f"{name} differs from the models")
    stray = {f"{SCHEMAS}/{path.name}" for path in (folder / SCHEMAS).glob("*.json")} - set(wanted)
    return (*faults, *(f"{name} belongs to no event" for name in sorted(stray)))


def write(folder: Path = FOLDER) -> None:
    for name, text in generated().items():
        _write(folder / name, text)


def released(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The schemas of the last release, by event type."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / RELEASED).glob("*.json"))
    }


def release(folder: Path = FOLDER) -> None:
    """Make the present schemas the baseline."""
    for event_type, schema in event_schemas().items():
        _write(folder / RELEASED / f"{event_type}.json", _render(schema))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _render(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
